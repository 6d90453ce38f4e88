//! The development container: the Dockerfile's base stage, with the databases beside it where
//! there are any, set up after it was made.

use serde_json::json;

use super::yaml::{self, Document};
use super::{ExportFile, compose, dockerfile, recipe, services};
use crate::error::RecipeError;
use crate::lock::RecipeLock;

const FOLDER: &str = ".devcontainer";

pub(super) fn files(lock: &RecipeLock) -> Result<Vec<ExportFile>, RecipeError> {
    let mut container = Document::new().with("name", project(lock));
    if lock.services.is_empty() {
        container = container
            .with(
                "build",
                json!({ "dockerfile": "../Dockerfile", "context": "..", "target": "base" }),
            )
            .with("workspaceMount", "source=${localWorkspaceFolder},target=/app,type=bind")
            .with("workspaceFolder", "/app");
    } else {
        container = container
            .with("dockerComposeFile", "compose.yaml")
            .with("service", "dev")
            .with("workspaceFolder", "/app");
    }
    let required: Document = recipe::required(lock)
        .into_iter()
        .fold(Document::new(), |all, name| all.with(name, format!("${{localEnv:{name}}}")));
    let ports: Vec<u16> = recipe::service(lock).and_then(recipe::port).into_iter().collect();
    container = container
        .with("remoteUser", "app")
        .with("updateRemoteUserUID", true)
        .with("remoteEnv", required)
        .with("postCreateCommand", json!(["/bin/bash", "-eo", "pipefail", "-c", set_up(lock)]))
        .with("forwardPorts", json!(ports));
    let mut files = vec![yaml::json(lock, &format!("{FOLDER}/devcontainer.json"), container)?];
    if !lock.services.is_empty() {
        files.push(compose_file(lock)?);
    }
    files.extend(dockerfile::files(lock));
    Ok(files)
}

fn project(lock: &RecipeLock) -> String {
    let name = lock.source.repository.trim_end_matches('/').trim_end_matches(".git");
    name.rsplit(['/', ':']).next().filter(|name| !name.is_empty()).unwrap_or("app").to_owned()
}

/// All set-up, migrations too: the databases are up when it runs.
fn set_up(lock: &RecipeLock) -> String {
    let commands = recipe::setup(lock).filter_map(|command| {
        let run = recipe::own_command(command)?;
        let folder = dockerfile::PLACES.word(&format!("@{{workspace}}/{}", command.folder));
        let text = format!("cd {folder}\n{}", dockerfile::with_variables(command, &run));
        Some(if command.optional { format!("({text}\n) || true") } else { text })
    });
    commands.collect::<Vec<_>>().join("\n")
}

fn compose_file(lock: &RecipeLock) -> Result<ExportFile, RecipeError> {
    let bound = services::bound(lock, |s| compose::name(s).to_owned(), |s| services::port(s.kind));
    let bound = bound
        .into_iter()
        .fold(Document::new(), |all, (name, value)| all.with(&name, value.replace('$', "$$")));
    let depends = lock.services.iter().fold(Document::new(), |all, service| {
        let asked = services::health(service).is_some();
        let condition = if asked { "service_healthy" } else { "service_started" };
        all.with(compose::name(service), json!({ "condition": condition }))
    });
    let dev = Document::new()
        .with("build", json!({ "context": "..", "dockerfile": "Dockerfile", "target": "base" }))
        .with("command", json!(["sleep", "infinity"]))
        .with("environment", bound)
        .with("volumes", json!(["..:/app:cached"]))
        .with("depends_on", depends);
    let mut all = Document::new().with("dev", dev);
    let mut volumes = Document::new();
    for service in &lock.services {
        let database = compose::database(service);
        if database.get("volumes").is_some() {
            let name = format!("{}-data", compose::name(service));
            volumes = volumes.with(&name, json!({ "driver": "local" }));
        }
        all = all.with(compose::name(service), database);
    }
    let document = Document::new().with("services", all).with("volumes", volumes);
    yaml::file(lock, &format!("{FOLDER}/compose.yaml"), document, &[])
}
