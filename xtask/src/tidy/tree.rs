//! The files that the rules look at: what git tracks, and what it would track.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::process;

/// Larger files are data, not text that somebody wrote.
const LARGEST: u64 = 1 << 20;

/// All text files of the workspace.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Sorted by path.
    pub(crate) files: Vec<TextFile>,
    /// All paths, those of binary and large files too, sorted.
    pub(crate) paths: Vec<String>,
}

/// One text file.
#[derive(Debug)]
pub(crate) struct TextFile {
    /// Relative to the root, `/`-separated.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

impl Tree {
    /// Reads the tree. Files that git ignores are left out; new ones that nobody added are in.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listed = process::output(root, "git", &arguments)?;
        let mut paths: Vec<String> =
            listed.split('\0').filter(|p| !p.is_empty()).map(str::to_owned).collect();
        paths.sort();
        paths.dedup();
        let mut tree = Self::default();
        for path in paths {
            if let Some(text) = read(root, &path)? {
                tree.files.push(TextFile { path: path.clone(), text });
            }
            tree.paths.push(path);
        }
        Ok(tree)
    }

    /// The files below one of `prefixes` with one of `endings`.
    pub(crate) fn select<'a>(
        &'a self,
        prefixes: &'a [&str],
        endings: &'a [&str],
    ) -> impl Iterator<Item = &'a TextFile> {
        self.files.iter().filter(move |file| {
            prefixes.iter().any(|p| file.path.starts_with(p))
                && endings.iter().any(|e| file.path.ends_with(e))
        })
    }

    /// A tree in memory, for the rules' own tests.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut files: Vec<TextFile> = files
            .iter()
            .map(|(path, text)| TextFile { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let paths = files.iter().map(|f| f.path.clone()).collect();
        Self { files, paths }
    }
}

/// The text of one file; `None` for links, large and binary files and those deleted but not yet
/// committed as such.
fn read(root: &Path, path: &str) -> Result<Option<String>> {
    let full = root.join(path);
    let Ok(facts) = fs::symlink_metadata(&full) else { return Ok(None) };
    if !facts.is_file() || facts.len() > LARGEST {
        return Ok(None);
    }
    let bytes = fs::read(&full).with_context(|| format!("reading `{path}`"))?;
    Ok(String::from_utf8(bytes).ok())
}
