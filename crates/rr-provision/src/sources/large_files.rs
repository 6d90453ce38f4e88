//! Large files that a repository keeps elsewhere (Git LFS): finds the pointers that stand in their
//! place, whatever the tree came from. Reads small regular files only; fetching is git's.

use std::fs;
use std::path::Path;

use super::tree::{read_regular, walk};

/// How every pointer begins (source: the Git LFS specification, version 1).
const FIRST_LINE: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
/// Sizes of pointers: the first line and a SHA-256, to the specification's limit.
const SIZES: std::ops::Range<u64> = 110..1024;
/// Most files that a note names.
const SHOWN: usize = 5;

/// Why files are left where git lacks its extension.
pub(super) const NOT_INSTALLED: &str =
    "git-lfs is not installed; `repo-runner doctor` names the command";

/// Paths of files that are pointers. Nothing is opened where no `.gitattributes` speaks of them.
pub(super) fn pointers(root: &Path) -> Vec<String> {
    let (mut spoken_of, mut small) = (false, Vec::new());
    for entry in walk(root) {
        let path = entry.path();
        if entry.file_name() == ".gitattributes" {
            spoken_of |= read_regular(path).is_some_and(|text| text.contains("filter=lfs"));
        } else if path.symlink_metadata().is_ok_and(|m| m.is_file() && SIZES.contains(&m.len())) {
            small.push(path.to_owned());
        }
    }
    if !spoken_of {
        return Vec::new();
    }
    small.retain(|path| fs::read(path).is_ok_and(|bytes| bytes.starts_with(FIRST_LINE)));
    small.sort();
    let inside = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
    small.iter().map(|path| inside(path)).collect()
}

/// What a user must know of them; `None` where there are none.
pub(super) fn note(root: &Path, reason: &str) -> Option<String> {
    let left = pointers(root);
    let more = if left.len() > SHOWN { ", …" } else { "" };
    let shown: Vec<&str> = left.iter().take(SHOWN).map(String::as_str).collect();
    (!left.is_empty()).then(|| {
        let (count, shown) = (left.len(), shown.join(", "));
        format!("{count} large files are pointers without content ({shown}{more}): {reason}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
        oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

    #[test]
    fn pointers_are_known_by_their_content_where_attributes_speak_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("data")).unwrap();
        fs::write(root.join("data/a.bin"), POINTER).unwrap();
        fs::write(root.join("notes.md"), format!("a pointer is\n{POINTER}")).unwrap();
        assert!(pointers(root).is_empty());
        fs::write(root.join("data/.gitattributes"), "*.bin filter=lfs diff=lfs -text\n").unwrap();
        assert_eq!(pointers(root), ["data/a.bin"]);
        let note = note(root, NOT_INSTALLED).unwrap();
        assert!(note.contains("1 large files") && note.contains("data/a.bin"), "{note}");
    }
}
