//! Exports of real locks, of hostile ones, and of the plans of all fixtures.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

mod fixtures;
mod hostile;
mod linters;
mod parsed;
mod schema;
mod snapshots;

use std::path::{Path, PathBuf};

use rr_recipe::{Export, ExportForm, RecipeLock, export};

/// Locks of real runs of fixtures.
const LOCKS: &[&str] = &[
    "c-cmake",
    "go-service",
    "java-service",
    "js-pnpm-workspace",
    "python-postgres-service",
    "rust-service",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn lock(name: &str) -> RecipeLock {
    let path = folder().join("locks").join(format!("{name}.lock"));
    RecipeLock::from_toml(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every export of every lock.
fn all() -> impl Iterator<Item = (&'static str, ExportForm, Export)> {
    LOCKS.iter().flat_map(|name| {
        let lock = lock(name);
        ExportForm::ALL.map(|form| (*name, form, export(&lock, form).unwrap()))
    })
}
