//! A repository's files as analysis sees them, real or in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a path in the tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A symbolic link; it is never followed.
    Link,
}

/// One file of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path relative to the root, `/`-separated. Names that are not UTF-8 are left out of views.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
}

/// A read-only view of a repository's files. Implementations cap what one `read` returns and
/// never follow links.
pub trait RepoView: Send + Sync {
    /// All files, sorted by path bytes; `.git` and ignored build output left out.
    fn files(&self) -> &[FileEntry];

    /// The text of a file, lossily decoded. `None` where it is absent, a link, or over the cap.
    fn text(&self, path: &str) -> Option<Arc<str>>;

    /// The size of a file in bytes; 0 where it is absent or a link. Views may ask the disk for it
    /// each time it is first wanted.
    fn size(&self, path: &str) -> u64;

    /// Whether a file at exactly this path has an execute bit.
    fn is_executable(&self, path: &str) -> bool;

    /// The entry at exactly this path.
    fn entry(&self, path: &str) -> Option<&FileEntry> {
        let files = self.files();
        files.binary_search_by(|e| e.path.as_str().cmp(path)).ok().map(|at| &files[at])
    }

    /// Whether a file is at exactly this path.
    fn has(&self, path: &str) -> bool {
        self.entry(path).is_some()
    }

    /// The files below a folder (`""` for the root), recursively.
    fn below<'a>(&'a self, folder: &str) -> &'a [FileEntry] {
        let files = self.files();
        if folder.is_empty() {
            return files;
        }
        let prefix = format!("{folder}/");
        let start = files.partition_point(|e| e.path.as_str() < prefix.as_str());
        let len = files[start..].partition_point(|e| e.path.starts_with(&prefix));
        &files[start..start + len]
    }

    /// The files directly in a folder (`""` for the root).
    fn children<'a>(&'a self, folder: &str) -> Vec<&'a FileEntry> {
        let skip = if folder.is_empty() { 0 } else { folder.len() + 1 };
        self.below(folder).iter().filter(|e| !e.path[skip..].contains('/')).collect()
    }
}

/// A tree in memory, for tests and fuzzing.
#[derive(Clone, Debug, Default)]
pub struct MemoryRepo {
    files: Vec<FileEntry>,
    texts: BTreeMap<String, Arc<str>>,
}

impl MemoryRepo {
    /// Builds a tree from `(path, text)` pairs.
    pub fn new<P: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let texts: BTreeMap<String, Arc<str>> =
            files.into_iter().map(|(p, t)| (p.into(), Arc::from(t.into()))).collect();
        let files = texts
            .keys()
            .map(|path| FileEntry { path: path.clone(), kind: FileKind::File })
            .collect();
        Self { files, texts }
    }
}

impl RepoView for MemoryRepo {
    fn files(&self) -> &[FileEntry] {
        &self.files
    }

    fn text(&self, path: &str) -> Option<Arc<str>> {
        self.texts.get(path).cloned()
    }

    fn size(&self, path: &str) -> u64 {
        self.texts.get(path).map_or(0, |text| text.len() as u64)
    }

    fn is_executable(&self, _path: &str) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_and_children_respect_folder_borders() {
        let repo = MemoryRepo::new([("a/x", ""), ("a/b/y", ""), ("a-b/z", ""), ("top", "")]);
        let below: Vec<_> = repo.below("a").iter().map(|e| e.path.as_str()).collect();
        assert_eq!(below, ["a/b/y", "a/x"]);
        assert_eq!(repo.children("a").len(), 1);
        assert_eq!(repo.children("").len(), 1);
        assert!(repo.has("a-b/z") && !repo.has("a"));
    }
}
