//! Tests of the public face of `rr-store`, over real files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod contract;
mod engine;
mod fixes;
mod killed;
mod processes;
mod rows;
mod schema;

use std::path::PathBuf;

use rr_store::{Database, Durability};
use tempfile::TempDir;

/// A database in a folder of its own, which goes with it.
struct Scratch {
    folder: TempDir,
}

impl Scratch {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data").join("runner.db")
    }

    fn open(&self) -> Database {
        Database::open_with(&self.path(), Durability::ProcessDeath).unwrap()
    }
}
