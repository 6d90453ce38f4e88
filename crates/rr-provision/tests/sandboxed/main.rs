//! Packages and services where they are used: in real sandboxes on this host.

#![expect(clippy::unwrap_used, reason = "the shared parts of tests fail as tests do")]

mod packages;
mod services;
mod workshop;
