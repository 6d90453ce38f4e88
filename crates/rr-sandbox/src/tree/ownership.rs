//! Gives whole trees to the user that commands run as.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::path::Path;

use rr_core::ExecError;

/// Gives a tree to a user, links themselves and not what they point to.
///
/// # Errors
/// Where the tree cannot be read or changed.
pub(crate) fn give_to(path: &Path, uid: u32) -> Result<(), ExecError> {
    give(path, uid).map_err(|source| {
        ExecError::io(format!("giving `{}` to user {uid}", path.display()), source)
    })
}

fn give(path: &Path, uid: u32) -> std::io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if found.uid() != uid || found.gid() != uid {
        lchown(path, Some(uid), Some(uid))?;
    }
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), uid)?;
        }
    }
    Ok(())
}
