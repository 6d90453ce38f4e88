//! The provisioner on real things: this host, real repositories, registries, packages, databases.

#![expect(clippy::unwrap_used, reason = "the shared parts of tests fail as tests do")]

mod environment;
mod registry;
mod sources;
mod toolchains;
mod workshop;
