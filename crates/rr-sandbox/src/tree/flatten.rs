//! Merges overlay layers into one, keeping whiteouts and opaque folders, mostly by renames.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, lchown};
use std::path::Path;

use rr_core::ExecError;

use crate::identity::RunAs;

use super::copied::{Whiteouts, copy_tree};

/// Extended attributes that mark a folder as hiding everything below it.
const OPAQUE: [&str; 2] = ["trusted.overlay.opaque", "user.overlay.opaque"];

/// Extended attributes that say that a folder's lower part has another path.
const REDIRECT: [&str; 2] = ["trusted.overlay.redirect", "user.overlay.redirect"];

/// Merges the layer `newer` into `older`, using `newer` up.
///
/// # Errors
/// Where a file cannot be moved, or a renamed folder (a redirect) makes merging impossible.
pub(crate) fn merge_into(newer: &Path, older: &Path) -> Result<(), ExecError> {
    if let Some(path) = find_redirect(newer).map_err(|error| failed(newer, error))? {
        return Err(ExecError::Unsupported {
            backend: "bubblewrap".to_owned(),
            what: format!("merge layers in which the folder `{path}` was renamed"),
        });
    }
    merge(newer, older).map_err(|error| failed(newer, error))
}

/// Moves a tree: by rename, or by copying where it goes to another file system.
///
/// # Errors
/// Where it can be neither renamed nor copied.
pub(crate) fn move_tree(from: &Path, to: &Path) -> Result<(), ExecError> {
    match fs::rename(from, to) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        Err(error) => return Err(failed(from, error)),
    }
    copy_tree(from, to, Whiteouts::Keep).map_err(|error| failed(from, error))?;
    fs::remove_dir_all(from).map_err(|error| failed(from, error))
}

fn failed(path: &Path, source: io::Error) -> ExecError {
    ExecError::io(format!("merging the layer `{}`", path.display()), source)
}

fn find_redirect(folder: &Path) -> io::Result<Option<String>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let path = entry.path();
        if REDIRECT.iter().any(|name| has_attribute(&path, name)) {
            return Ok(Some(path.display().to_string()));
        }
        if let Some(found) = find_redirect(&path)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn merge(newer: &Path, older: &Path) -> io::Result<()> {
    for entry in fs::read_dir(newer)? {
        let entry = entry?;
        let (from, to) = (entry.path(), older.join(entry.file_name()));
        let below = match fs::symlink_metadata(&to) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let is_folder = entry.file_type()?.is_dir();
        match below {
            Some(below) if below.is_dir() && is_folder && !is_opaque(&from) => {
                merge(&from, &to)?;
                take_over_attributes(&from, &to)?;
            }
            Some(below) => replace(&from, &to, &below, is_folder)?,
            None => fs::rename(&from, &to)?,
        }
    }
    Ok(())
}

/// Puts `from` in the place of `to`, which hid or replaced what lies below both.
fn replace(from: &Path, to: &Path, below: &fs::Metadata, is_folder: bool) -> io::Result<()> {
    // A folder over a whiteout or a file must go on hiding what lies further below.
    let hides = is_folder && !is_opaque(from);
    if below.is_dir() {
        fs::remove_dir_all(to)?;
    } else {
        fs::remove_file(to)?;
    }
    fs::rename(from, to)?;
    if hides { make_opaque(to) } else { Ok(()) }
}

/// Marks a folder of a layer as hiding everything below it.
pub(crate) fn make_opaque(folder: &Path) -> io::Result<()> {
    // Trusted attributes are for real root alone, and the only ones its overlays look at.
    let is_root = RunAs::present().owner().is_some();
    let name = if is_root { OPAQUE[0] } else { OPAQUE[1] };
    Ok(rustix::fs::lsetxattr(folder, name, b"y", rustix::fs::XattrFlags::empty())?)
}

fn take_over_attributes(from: &Path, to: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(from)?;
    lchown(to, Some(found.uid()), Some(found.gid()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(found.mode() & 0o7777))
}

/// Whether a folder of a layer hides everything below it.
pub(crate) fn is_opaque(folder: &Path) -> bool {
    OPAQUE.iter().any(|name| {
        let mut value = [0_u8; 4];
        matches!(rustix::fs::lgetxattr(folder, *name, &mut value), Ok(1) if value[0] == b'y')
    })
}

fn has_attribute(path: &Path, name: &str) -> bool {
    let mut value = [0_u8; 4096];
    rustix::fs::lgetxattr(path, name, &mut value).is_ok()
}

/// Whether this is an overlay's mark for a removed file: a character device 0/0.
pub(crate) fn is_whiteout(found: &fs::Metadata) -> bool {
    found.file_type().is_char_device() && found.rdev() == 0
}
