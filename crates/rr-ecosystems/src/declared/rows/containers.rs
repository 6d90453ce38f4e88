//! Repositories that are images and nothing else: a Dockerfile, or a composition of services.
//! Building one needs a container engine, which a sandbox does not have.

use rr_core::UnitKind;

use super::super::{Declared, NOTHING, build, start};

#[rustfmt::skip]
pub(crate) static COMPOSE: Declared = Declared {
    id: "compose",
    tool: "docker",
    get: "start the services with a container engine, https://docs.docker.com/engine/install: the sandbox has none",
    manifests: &[("compose.yaml", "docker-compose"), ("compose.yml", "docker-compose"), ("docker-compose.yml", "docker-compose"), ("docker-compose.yaml", "docker-compose")],
    kinds: &[("", UnitKind::Service)],
    steps: &[
        build("", "docker compose build"),
        start("", "exec docker compose up", 0),
    ],
    ..NOTHING
};

#[rustfmt::skip]
pub(crate) static DOCKERFILE: Declared = Declared {
    id: "dockerfile",
    tool: "docker",
    get: "build the image with a container engine, https://docs.docker.com/engine/install: the sandbox has none",
    manifests: &[("Dockerfile", "docker"), ("Containerfile", "docker")],
    kinds: &[("Dockerfile:\nEXPOSE |Containerfile:\nEXPOSE ", UnitKind::Service), ("", UnitKind::Cli)],
    steps: &[
        build("Dockerfile|Containerfile", "docker build --tag repo-runner-check --file {} ."),
        start("", "exec docker run --rm --network host repo-runner-check", 0),
    ],
    ..NOTHING
};
