//! Removes trees that commands wrote, whatever modes they gave their folders.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rr_core::ExecError;

/// Removes a tree, following no links. Unlike the standard library's way it also removes folders
/// that their owner may not write to or list (a Go module cache, an overlay's work folder). What
/// is not there counts as removed.
///
/// # Errors
/// Where something cannot be removed.
pub fn remove_tree(path: &Path) -> Result<(), ExecError> {
    remove(path).map_err(|source| ExecError::io(format!("removing `{}`", path.display()), source))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path)?;
            fs::remove_dir_all(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn open_up(folder: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(folder)?;
    if !found.is_dir() {
        return Ok(());
    }
    if found.permissions().mode() & 0o700 != 0o700 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    for entry in fs::read_dir(folder)? {
        open_up(&entry?.path())?;
    }
    Ok(())
}
