//! Lists a working folder as a fetch would bring it, without copying and without asking the disk
//! about single files: one parallel walk that heeds ignore files, and what git tracks besides.
//!
//! Nothing below a link is listed, whatever the index says.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use ignore::{DirEntry, WalkState};
use rr_core::{CancelToken, EngineError, FileEntry, FileKind, Listing};

use super::folder::walker;
use super::git_program::Git;
use super::tree;
use crate::fault;

/// Most files listed.
const FILE_LIMIT: usize = 2_000_000;

/// Lists a folder.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn list(git: &Git, folder: &Path, cancel: &CancelToken) -> Result<Listing, EngineError> {
    fs::read_dir(folder).map_err(|e| fault::io("list", folder, e))?;
    let known = folder.join(".git").exists();
    let (walked, tracked, day) = std::thread::scope(|scope| {
        let tracked = known.then(|| scope.spawn(|| git.tracked(folder, cancel)));
        let day = known.then(|| scope.spawn(|| git.last_day(folder, cancel)));
        let walked = Walked::of(folder, !known);
        let tracked = tracked.and_then(|thread| thread.join().ok().flatten());
        (walked, tracked, day.and_then(|thread| thread.join().ok().flatten()))
    });
    let mut listing = walked.listing();
    match tracked {
        Some(tracked) => {
            add_tracked(folder, &tracked, &mut listing);
            listing.rests_on.extend(history(folder));
            listing.commit_date = day;
        }
        None => {
            listing.commit_date = newest_day(folder, &listing.files);
            let files = listing.files.iter().map(|file| folder.join(&file.path));
            let files: Vec<PathBuf> = files.chain(rules_above(folder)).collect();
            listing.rests_on.extend(files);
        }
    }
    Ok(listing)
}

/// What a walk saw.
#[derive(Default)]
struct Walked {
    files: Vec<FileEntry>,
    folders: Vec<PathBuf>,
}

/// One thread's part of a walk, given to the whole when the thread ends.
struct Part<'a> {
    seen: Walked,
    whole: &'a Mutex<Walked>,
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        whole.files.append(&mut self.seen.files);
        whole.folders.append(&mut self.seen.folders);
    }
}

impl Walked {
    fn of(root: &Path, parents: bool) -> Self {
        let whole = Mutex::new(Self::default());
        let count = AtomicUsize::new(0);
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(8));
        let mut walk = walker(root, &super::folder::Generated::default(), parents);
        walk.threads(threads).build_parallel().run(|| {
            let mut part = Part { seen: Self::default(), whole: &whole };
            let count = &count;
            Box::new(move |entry| {
                // A folder that cannot be read holds nothing for us either.
                let Ok(entry) = entry else { return WalkState::Continue };
                part.seen.add(root, &entry);
                match count.fetch_add(1, Ordering::Relaxed) < FILE_LIMIT {
                    true => WalkState::Continue,
                    false => WalkState::Quit,
                }
            })
        });
        whole.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&mut self, root: &Path, entry: &DirEntry) {
        let Some(kind) = entry.file_type() else { return };
        if kind.is_dir() {
            self.folders.push(entry.path().to_owned());
        } else if kind.is_file() || kind.is_symlink() {
            let inside = entry.path().strip_prefix(root).ok().and_then(Path::to_str);
            let kind = if kind.is_symlink() { FileKind::Link } else { FileKind::File };
            self.files.extend(inside.map(|path| FileEntry { path: path.to_owned(), kind }));
        }
    }

    fn listing(mut self) -> Listing {
        self.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let mut notes = Vec::new();
        if self.files.len() + self.folders.len() >= FILE_LIMIT {
            notes.push(format!("only the first {FILE_LIMIT} files and folders were looked at"));
        }
        let rules = self.folders.iter().map(|folder| folder.join(".gitignore"));
        let rules: Vec<PathBuf> = rules.filter(|file| file.symlink_metadata().is_ok()).collect();
        let mut rests_on = self.folders;
        rests_on.extend(rules);
        Listing { files: self.files, commit_date: None, notes, rests_on }
    }
}

/// Adds what git tracks although ignore files name it.
fn add_tracked(root: &Path, tracked: &[u8], listing: &mut Listing) {
    let mut more = Vec::new();
    let mut real: HashMap<PathBuf, bool> = HashMap::new();
    for path in tracked.split(|byte| *byte == 0).filter_map(|path| std::str::from_utf8(path).ok()) {
        let there = listing.files.binary_search_by(|file| file.path.as_str().cmp(path)).is_ok();
        let strange =
            path.is_empty() || path.starts_with('/') || path.split('/').any(|p| p == "..");
        if there || strange {
            continue;
        }
        // Absent ones too: when they come back, the listing is another.
        listing.rests_on.push(root.join(path));
        if !below_real_folders(root, Path::new(path), &mut real) {
            continue;
        }
        let Ok(about) = root.join(path).symlink_metadata() else { continue };
        if about.is_file() || about.is_symlink() {
            let kind = if about.is_symlink() { FileKind::Link } else { FileKind::File };
            more.push(FileEntry { path: path.to_owned(), kind });
        }
    }
    if !more.is_empty() {
        listing.files.append(&mut more);
        listing.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        listing.files.dedup_by(|a, b| a.path == b.path);
    }
}

/// Whether all folders above a file are folders, not links to some.
fn below_real_folders(root: &Path, path: &Path, known: &mut HashMap<PathBuf, bool>) -> bool {
    path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).all(|folder| {
        *known.entry(folder.to_owned()).or_insert_with(|| {
            root.join(folder).symlink_metadata().is_ok_and(|about| about.is_dir())
        })
    })
}

/// Files of git that decide which files are tracked and ignored, and which commit is checked out.
fn history(root: &Path) -> Vec<PathBuf> {
    let own = root.join(".git");
    let link = fs::read_to_string(&own).ok();
    let place = link.as_deref().and_then(|text| text.trim().strip_prefix("gitdir:"));
    let folder = place.map_or_else(|| own.clone(), |path| root.join(path.trim()));
    let common = fs::read_to_string(folder.join("commondir"))
        .map_or_else(|_| folder.clone(), |path| folder.join(path.trim()));
    let mut files: Vec<PathBuf> = link.map(|_| own).into_iter().collect();
    files.extend([folder.join("index"), folder.join("HEAD"), common.join("packed-refs")]);
    files.extend([common.join("info/exclude"), common.join("config")]);
    if let Ok(head) = fs::read_to_string(folder.join("HEAD"))
        && let Some(name) = head.trim().strip_prefix("ref: ")
        && !name.split('/').any(|part| part == "..")
    {
        files.push(common.join(name));
    }
    files
}

/// Ignore files above a folder that no git knows; they hold in it as well.
fn rules_above(root: &Path) -> impl Iterator<Item = PathBuf> {
    root.ancestors().skip(1).map(|folder| folder.join(".gitignore"))
}

fn newest_day(root: &Path, files: &[FileEntry]) -> Option<String> {
    let times = files.iter().filter_map(|file| root.join(&file.path).symlink_metadata().ok());
    times.map(|about| about.mtime()).max().and_then(tree::day)
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
