//! Starts every process of Repo Runner.
//!
//! Two backends of [`rr_core::SandboxBackend`]: [`Bubblewrap`], the default on Linux, in which a
//! repository's commands see a chosen part of the file system, no environment and no network but
//! their own; and [`Host`], plain processes, for what is trusted. This crate must not know what a
//! command is for: no ecosystem, plan or phase is named here.

mod abilities;
mod bubblewrap;
mod cgroup;
mod child;
mod command_line;
mod enforced;
mod files;
mod follow;
mod forwarder;
mod guest_etc;
mod holder;
mod host;
mod identity;
mod launch;
mod mounts;
mod output;
mod preparation;
mod prepared_root;
mod process;
mod process_table;
mod reap;
mod root_layers;
mod service;
mod session;
mod spawner;
mod streams;
mod tree;

pub use abilities::abilities;
pub use bubblewrap::Bubblewrap;
pub use forwarder::Forwarder;
pub use host::{Host, host_tools};
pub use reap::reap;
pub use tree::remove_tree;
