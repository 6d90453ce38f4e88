//! A repository's files on disk.
//!
//! Lists names and kinds only; sizes and contents are looked at when asked for, and kept, so that
//! the view can tell which files decided. Follows no link: every file is opened with links refused.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rr_core::{EngineError, EngineErrorKind, FileEntry, FileKind, RepoView};

/// Largest file whose text is given, in bytes.
const TEXT_LIMIT: u64 = 2 << 20;
/// Most files that are named for being too large.
const NOTED: usize = 10;
/// Most files listed.
const FILE_LIMIT: usize = 2_000_000;
/// Deepest folder listed.
const DEPTH_LIMIT: usize = 64;
/// `O_NOFOLLOW` of Linux: opening a link fails.
const O_NOFOLLOW: i32 = 0o400_000;
/// `O_NONBLOCK` of Linux: opening a pipe does not wait for its writer.
const O_NONBLOCK: i32 = 0o4_000;
/// Folders that hold no source: version control, and what builds and installs leave behind.
const SKIPPED: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    "node_modules",
    "__pycache__",
    ".venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".gradle",
    ".next",
    ".turbo",
    ".yarn-cache",
];

/// A view of a folder.
pub struct DiskView {
    root: PathBuf,
    files: Vec<FileEntry>,
    notes: Vec<String>,
    texts: Mutex<HashMap<String, Option<Arc<str>>>>,
    asked: Mutex<HashMap<String, About>>,
    too_large: Mutex<BTreeSet<String>>,
}

/// What the disk says of one file.
#[derive(Clone, Copy, Default)]
struct About {
    size: u64,
    executable: bool,
}

impl DiskView {
    /// A view of listed files, sorted, paths relative to the folder. What is nobody's source is
    /// left out.
    #[must_use]
    pub fn listed(root: &Path, files: &[FileEntry]) -> Self {
        let mut view = Self::empty(root);
        let source = |file: &&FileEntry| !file.path.split('/').any(|part| SKIPPED.contains(&part));
        view.files = files.iter().filter(source).cloned().collect();
        view
    }

    fn empty(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            files: Vec::new(),
            notes: Vec::new(),
            texts: Mutex::default(),
            asked: Mutex::default(),
            too_large: Mutex::default(),
        }
    }

    /// Lists the files below a folder.
    ///
    /// # Errors
    /// Where the folder itself cannot be listed. Folders below it that cannot be are noted.
    pub fn open(root: &Path) -> Result<Self, EngineError> {
        let mut view = Self::empty(root);
        view.list(root.to_owned(), String::new()).map_err(|source| {
            let what = format!("cannot list `{}`: {source}", root.display());
            EngineError::new(EngineErrorKind::Refused, what)
        })?;
        view.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(view)
    }

    /// The files that were looked into so far, sorted.
    #[must_use]
    pub fn read_files(&self) -> Vec<String> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut paths: Vec<String> = texts.keys().chain(asked.keys()).cloned().collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// What was left out so far.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let too_large = self.too_large.lock().unwrap_or_else(PoisonError::into_inner);
        let named = too_large.iter().take(NOTED).map(|path| {
            format!("`{path}` is larger than {} MiB and was not read", TEXT_LIMIT >> 20)
        });
        let mut notes: Vec<String> = self.notes.iter().cloned().chain(named).collect();
        if too_large.len() > NOTED {
            let more = too_large.len() - NOTED;
            notes.push(format!("{more} more files are too large and were not read"));
        }
        notes
    }

    fn list(&mut self, folder: PathBuf, prefix: String) -> std::io::Result<()> {
        let mut folders = vec![(folder, prefix, 0)];
        let mut first = true;
        while let Some((folder, prefix, depth)) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if first => return Err(error),
                Err(error) => {
                    self.notes.push(format!("folder `{prefix}` not read: {error}"));
                    continue;
                }
            };
            first = false;
            for entry in entries.flatten() {
                if self.files.len() >= FILE_LIMIT {
                    self.notes.push(format!("only the first {FILE_LIMIT} files were looked at"));
                    return Ok(());
                }
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() {
                    if SKIPPED.contains(&name.as_str()) {
                        continue;
                    }
                    if depth >= DEPTH_LIMIT {
                        self.notes.push(format!("folders below `{prefix}{name}` are too deep"));
                        continue;
                    }
                    folders.push((entry.path(), format!("{prefix}{name}/"), depth + 1));
                } else if kind.is_file() || kind.is_symlink() {
                    let kind = if kind.is_symlink() { FileKind::Link } else { FileKind::File };
                    self.files.push(FileEntry { path: format!("{prefix}{name}"), kind });
                }
            }
        }
        Ok(())
    }

    fn read(&self, path: &str) -> Option<Arc<str>> {
        let flags = O_NOFOLLOW | O_NONBLOCK;
        let file =
            File::options().read(true).custom_flags(flags).open(self.root.join(path)).ok()?;
        let about = file.metadata().ok()?;
        if about.is_file() && about.len() > TEXT_LIMIT {
            let mut too_large = self.too_large.lock().unwrap_or_else(PoisonError::into_inner);
            too_large.insert(path.to_owned());
        }
        if !about.is_file() || about.len() > TEXT_LIMIT {
            return None;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
        file.take(TEXT_LIMIT).read_to_end(&mut bytes).ok()?;
        Some(Arc::from(decode(&bytes)))
    }

    fn about(&self, path: &str) -> About {
        if !self.entry(path).is_some_and(|entry| entry.kind == FileKind::File) {
            return About::default();
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = asked.get(path) {
            return *known;
        }
        let about = self.root.join(path).symlink_metadata().ok().filter(fs::Metadata::is_file);
        let about = about.map_or_else(About::default, |about| About {
            size: about.len(),
            executable: about.mode() & 0o111 != 0,
        });
        asked.insert(path.to_owned(), about);
        about
    }
}

impl RepoView for DiskView {
    fn files(&self) -> &[FileEntry] {
        &self.files
    }

    fn size(&self, path: &str) -> u64 {
        self.about(path).size
    }

    fn is_executable(&self, path: &str) -> bool {
        self.about(path).executable
    }

    fn text(&self, path: &str) -> Option<Arc<str>> {
        if !self.entry(path).is_some_and(|entry| entry.kind == FileKind::File) {
            return None;
        }
        if let Some(known) =
            self.texts.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
        {
            return known;
        }
        let text = self.read(path);
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.insert(path.to_owned(), text.clone());
        text
    }
}

/// Text of UTF-8, or of UTF-16 that begins with its mark; anything else lossily.
fn decode(bytes: &[u8]) -> String {
    let wide = |from: fn([u8; 2]) -> u16| -> String {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|b| from([b[0], b[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_listed_and_never_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("outside"), "secret").unwrap();
        let root = folder.path().join("repo");
        fs::create_dir_all(root.join(".git")).unwrap();
        fs::create_dir_all(root.join("a")).unwrap();
        fs::write(root.join(".git/config"), "x").unwrap();
        fs::write(root.join("a/text"), "\u{feff}hello").unwrap();
        std::os::unix::fs::symlink("../outside", root.join("link")).unwrap();
        std::os::unix::fs::symlink("..", root.join("up")).unwrap();
        let view = DiskView::open(&root).unwrap();
        let paths: Vec<_> = view.files().iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["a/text", "link", "up"]);
        assert_eq!(view.text("a/text").as_deref(), Some("hello"));
        assert_eq!(view.text("link"), None);
        assert_eq!(view.text("up/outside"), None);
    }

    #[test]
    fn large_files_have_no_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("big")).unwrap();
        file.set_len(TEXT_LIMIT + 1).unwrap();
        let view = DiskView::open(folder.path()).unwrap();
        assert_eq!(view.size("big"), TEXT_LIMIT + 1);
        assert_eq!(view.text("big"), None);
        assert_eq!(view.read_files(), ["big"]);
    }

    #[test]
    fn an_absent_folder_is_an_error() {
        assert!(DiskView::open(Path::new("/nonexistent/folder")).is_err());
    }
}
