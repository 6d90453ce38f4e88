//! The edits that make a healthy repository a broken one.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde::Deserialize;

/// One change of a tree; paths are relative to its root.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Edit {
    /// Every occurrence of a text, of which there must be one.
    Replace { path: String, from: String, to: String },
    /// A file, made or replaced, with its folders.
    Write { path: String, text: String, mode: Option<String> },
    /// A text at a file's end.
    Append { path: String, text: String },
    /// A file or folder goes.
    Delete { path: String },
    /// A file or folder gets another name.
    Rename { path: String, to: String },
    /// Permission bits, octal.
    Chmod { path: String, mode: String },
    /// Lines end as on Windows.
    Crlf { path: String },
    /// A symbolic link.
    Link { path: String, to: String },
}

impl Edit {
    /// Changes the tree at `root`.
    pub(super) fn apply(&self, root: &Path) -> Result<(), String> {
        self.try_apply(root).map_err(|error| format!("{self:?}: {error}"))
    }

    fn try_apply(&self, root: &Path) -> std::io::Result<()> {
        match self {
            Self::Replace { path, from, to } => {
                let text = std::fs::read_to_string(root.join(path))?;
                if !text.contains(from.as_str()) {
                    return Err(std::io::Error::other(format!("`{from}` is not in `{path}`")));
                }
                std::fs::write(root.join(path), text.replace(from, to))
            }
            Self::Write { path, text, mode } => {
                let file = with_folders(root, path)?;
                std::fs::write(&file, text)?;
                mode.iter().try_for_each(|mode| set_mode(&file, mode))
            }
            Self::Append { path, text } => {
                let known = std::fs::read_to_string(root.join(path))?;
                std::fs::write(root.join(path), known + text)
            }
            Self::Delete { path } if root.join(path).is_dir() => {
                std::fs::remove_dir_all(root.join(path))
            }
            Self::Delete { path } => std::fs::remove_file(root.join(path)),
            Self::Rename { path, to } => std::fs::rename(root.join(path), with_folders(root, to)?),
            Self::Chmod { path, mode } => set_mode(&root.join(path), mode),
            Self::Crlf { path } => {
                let text = std::fs::read_to_string(root.join(path))?;
                std::fs::write(root.join(path), text.replace('\n', "\r\n"))
            }
            Self::Link { path, to } => symlink(to, with_folders(root, path)?),
        }
    }
}

fn with_folders(root: &Path, path: &str) -> std::io::Result<std::path::PathBuf> {
    let file = root.join(path);
    file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    Ok(file)
}

fn set_mode(file: &Path, mode: &str) -> std::io::Result<()> {
    let bits = u32::from_str_radix(mode, 8).map_err(std::io::Error::other)?;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(bits))
}
