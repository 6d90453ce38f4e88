//! The writable tree of a run: the repository, its environments and its home, in layers.
//!
//! It must not know what commands do in it. Nothing here follows a link that the tree holds.

mod copied;
mod flatten;
mod overlay;
mod ownership;
mod removal;
mod stack;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rr_core::{ExecError, SandboxPolicy};

use crate::holder::Holder;
use crate::identity::RunAs;
pub(crate) use copied::CopiedTree;
use overlay::OverlayTree;
pub(crate) use overlay::escape;
pub(crate) use ownership::give_to;
pub use removal::remove_tree;

/// Folders that every tree has at its top, and where they are inside.
pub(crate) const PARTS: [(&str, &str); 3] =
    [("repo", "/workspace"), ("env", "/env"), ("home", "/home/runner")];

/// The writable tree of one run.
pub(crate) enum WritableTree {
    /// An overlay in the holder's mount namespace.
    Overlay(OverlayTree),
    /// A plain copy, where overlays cannot be mounted.
    Copied(CopiedTree),
}

impl WritableTree {
    /// Lays the tree out: an overlay where possible, else a copy, with the reason.
    ///
    /// # Errors
    /// Where neither can be made.
    pub(crate) fn open(
        policy: &SandboxPolicy,
        holder: &Arc<Holder>,
        run_as: RunAs,
        overlay: bool,
    ) -> Result<(Self, Option<String>), ExecError> {
        prepare_base(&policy.run_folder, run_as)?;
        // A run goes on as it began: the other form would show the clean source again.
        let began_layered = policy.run_folder.join("upper/stack").exists();
        let wanted = overlay && !CopiedTree::exists(&policy.run_folder);
        let reason = if began_layered || wanted {
            match OverlayTree::open(policy, Arc::clone(holder), run_as) {
                Ok(tree) => return Ok((Self::Overlay(tree), None)),
                Err(error) if began_layered => return Err(error),
                Err(error) => error.to_string(),
            }
        } else {
            "asked for, or this run began so".to_owned()
        };
        let tree = CopiedTree::open(&policy.run_folder, &policy.snapshots)?;
        Ok((Self::Copied(tree), Some(reason)))
    }

    /// The tree's top as commands' mount namespace names it.
    pub(crate) fn top(&self) -> PathBuf {
        match self {
            Self::Overlay(tree) => tree.top(),
            Self::Copied(tree) => tree.top(),
        }
    }

    /// A handle on the tree's top for the host.
    pub(crate) fn handle(&self) -> Result<OwnedFd, ExecError> {
        match self {
            Self::Overlay(tree) => tree.handle(),
            Self::Copied(tree) => tree.handle(),
        }
    }

    /// Removes what only a mounted tree needs. The mount is gone already.
    pub(crate) fn tidy(&self) -> Result<(), ExecError> {
        match self {
            Self::Overlay(tree) => tree.tidy(),
            Self::Copied(_) => Ok(()),
        }
    }

    /// Freezes the present state.
    pub(crate) fn snapshot(&mut self) -> Result<u64, ExecError> {
        match self {
            Self::Overlay(tree) => tree.snapshot(),
            Self::Copied(tree) => tree.snapshot(),
        }
    }

    /// Goes back to a frozen state.
    pub(crate) fn rollback(&mut self, snapshot: u64) -> Result<(), ExecError> {
        match self {
            Self::Overlay(tree) => tree.rollback(snapshot),
            Self::Copied(tree) => tree.rollback(snapshot),
        }
    }

    /// Moves what was changed since the base (and the policy's snapshots) to a folder.
    pub(crate) fn export(&mut self, to: &Path) -> Result<(), ExecError> {
        match self {
            Self::Overlay(tree) => tree.export(to),
            Self::Copied(tree) => tree.export(to),
        }
    }
}

/// Makes the folders of the lowest layer and gives them to the commands' user.
fn prepare_base(run_folder: &Path, run_as: RunAs) -> Result<(), ExecError> {
    let base = run_folder.join("base");
    for (part, _) in PARTS {
        make_folder(&base.join(part))?;
    }
    // Only once: the walk takes a while on large trees, and nobody changes the base.
    let begun = run_folder.join("upper/stack").exists() || CopiedTree::exists(run_folder);
    match run_as.owner() {
        Some(uid) if !begun => give_to(&base, uid),
        _ => Ok(()),
    }
}

/// Makes a folder and its parents.
///
/// # Errors
/// Where it cannot be made.
pub(crate) fn make_folder(path: &Path) -> Result<(), ExecError> {
    std::fs::create_dir_all(path)
        .map_err(|source| ExecError::io(format!("making `{}`", path.display()), source))
}
