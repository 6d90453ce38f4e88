//! Submodules whose files are not there: an empty folder builds into errors that name anything but
//! the cause, so it is said beforehand. Reads the tree only; fetching is git's.

use std::fs;
use std::path::Path;

use super::tree::read_regular;

/// Most folders that a note names.
const SHOWN: usize = 5;

/// Folders of submodules that are missing or hold nothing, as `.gitmodules` names them.
pub(super) fn empty(root: &Path) -> Vec<String> {
    let text = read_regular(&root.join(".gitmodules")).unwrap_or_default();
    let paths = text.lines().filter_map(|line| {
        let (key, value) = line.trim().split_once('=')?;
        (key.trim() == "path").then(|| value.trim().trim_matches('"').to_owned())
    });
    paths.filter(|path| is_inside(path) && is_empty(&root.join(path))).collect()
}

/// What a user must know of them; `None` where all have files.
pub(super) fn note(root: &Path, reason: &str) -> Option<String> {
    let left = empty(root);
    let more = if left.len() > SHOWN { ", …" } else { "" };
    let shown: Vec<&str> = left.iter().take(SHOWN).map(String::as_str).collect();
    (!left.is_empty())
        .then(|| format!("submodules without files ({}{more}): {reason}", shown.join(", ")))
}

fn is_inside(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('/') && path.split('/').all(|part| part != "..")
}

fn is_empty(folder: &Path) -> bool {
    match folder.symlink_metadata() {
        Ok(meta) if meta.is_dir() => {
            fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
        }
        Ok(_) => false,
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_inside_the_tree_that_hold_nothing_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let modules = "[submodule \"a\"]\n\tpath = deps/a\n\turl = ../a\n\
                       [submodule \"b\"]\n\tpath=b\n[submodule \"c\"]\n\tpath = ../c\n";
        fs::write(root.join(".gitmodules"), modules).unwrap();
        fs::create_dir(root.join("b")).unwrap();
        fs::write(root.join("b/file"), "").unwrap();
        assert_eq!(empty(root), ["deps/a"]);
        let note = note(root, "no network").unwrap();
        assert_eq!(note, "submodules without files (deps/a): no network");
        fs::create_dir_all(root.join("deps/a/x")).unwrap();
        assert_eq!(super::note(root, ""), None);
    }
}
