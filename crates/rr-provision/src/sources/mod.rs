//! Repositories: reading what a user typed, and bringing the files here.
//!
//! What is fetched is hostile until proven otherwise: nothing of it is executed here, no link of
//! it is followed, and git runs without hooks, filters, helpers and exotic transports.

mod archive;
mod fetcher;
mod folder;
mod git;
mod git_program;
mod large_files;
mod limits;
mod listing;
mod packages;
mod packages_crates;
mod packages_go;
mod packages_maven;
mod packages_maven_layout;
mod parse;
mod submodules;
mod tree;

pub use fetcher::Fetcher;

pub(crate) use archive::{ArchiveKind, unpack};
