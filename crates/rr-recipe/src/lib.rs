//! The recipe lock, and the forms that are exported from it: Dockerfile, compose, devcontainer,
//! GitHub Actions, GitLab CI, mise, shell script, Copilot set-up steps, Nix.
//!
//! Pure: a lock is built from what a run recorded (or, unproved, from analysis and plan), and every
//! export is a function of the lock alone. Nothing here reads a disk or starts a process.

mod build;
pub mod dependencies;
mod error;
mod export;
mod lock;
mod ours;
mod plain;

pub use build::{LockInput, build};
pub use error::RecipeError;
pub use export::{
    Export, ExportFile, ExportForm, HEADER_MARK, SCRIPT_PLACES, export, script_has,
    script_variables,
};
pub use lock::{
    Dependency, DependencySet, Expected, LOCK_FILE, LOCK_VERSION, LockedCommand, LockedManifest,
    LockedPackage, LockedProbe, LockedService, LockedSource, LockedToolchain, LockedVariable,
    Platform, Proof, RecipeLock, Recorded, VariableOrigin, lock_schema,
};
