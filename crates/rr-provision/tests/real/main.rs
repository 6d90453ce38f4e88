//! The provisioner on real things: this host, real repositories, registries, packages, databases.

mod environment;
mod sources;
mod toolchains;
mod workshop;
