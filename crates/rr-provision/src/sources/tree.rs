//! Measures a tree: files, bytes, the newest file's day, and a hash of paths and contents.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rr_core::EngineError;
use sha2::{Digest, Sha256};

use crate::fault;
use crate::registries::hexadecimal;

/// What a tree holds, `.git` left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measure {
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// Modification time of the newest file, seconds since the epoch.
    pub(super) newest: i64,
}

/// Counts files and bytes. Links count as files of no bytes.
pub(super) fn measure(root: &Path) -> Measure {
    let mut measure = Measure::default();
    for entry in walk(root) {
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            continue;
        }
        let Ok(meta) = entry.path().symlink_metadata() else { continue };
        measure.files += 1;
        measure.bytes += if meta.is_file() { meta.len() } else { 0 };
        measure.newest = measure.newest.max(meta.mtime());
    }
    measure
}

/// `tree:` and a hash of paths, kinds, executable bits and contents.
pub(super) fn tree_hash(root: &Path) -> Result<String, EngineError> {
    let mut paths: Vec<_> = walk(root).map(ignore::DirEntry::into_path).collect();
    paths.sort();
    let mut hash = Sha256::new();
    for path in paths {
        let relative = path.strip_prefix(root).unwrap_or(&path);
        let meta = path.symlink_metadata().map_err(|e| fault::io("read", &path, e))?;
        if meta.is_dir() {
            continue;
        }
        hash.update(relative.as_os_str().as_bytes());
        if meta.is_symlink() {
            let target = fs::read_link(&path).map_err(|e| fault::io("read link", &path, e))?;
            hash.update(b"\0l");
            hash.update(target.as_os_str().as_bytes());
        } else {
            let executable = meta.permissions().mode() & 0o111 != 0;
            hash.update(if executable { b"\0x" } else { b"\0f" });
            hash.update(meta.len().to_le_bytes());
            update_from(&mut hash, &path)?;
        }
    }
    Ok(format!("tree:{}", hexadecimal(&hash.finalize())))
}

fn update_from(hash: &mut Sha256, path: &Path) -> Result<(), EngineError> {
    let mut file = File::open(path).map_err(|e| fault::io("open", path, e))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(|e| fault::io("read", path, e))?;
        if read == 0 {
            return Ok(());
        }
        hash.update(&buffer[..read]);
    }
}

/// The text of a regular file of at most 1 MiB; links are not followed.
pub(super) fn read_regular(path: &Path) -> Option<String> {
    let meta = path.symlink_metadata().ok()?;
    (meta.is_file() && meta.len() < 1 << 20).then(|| fs::read_to_string(path).ok()).flatten()
}

/// Everything below a folder but its `.git`; links are not followed.
pub(super) fn walk(root: &Path) -> impl Iterator<Item = ignore::DirEntry> {
    ignore::WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(false)
        .filter_entry(|entry| entry.file_name() != ".git" || entry.depth() != 1)
        .build()
        .flatten()
        .filter(|entry| entry.depth() > 0)
}

/// The day of a time in seconds since the epoch, `YYYY-MM-DD`. `None` for the constants that
/// packagers write instead of times: the epoch, 1980 (zip), 1985-10-26 (npm), 2006-07-24 (cargo).
pub(super) fn day(seconds: i64) -> Option<String> {
    let millis = u64::try_from(seconds).ok()?.checked_mul(1000)?;
    let day = rr_core::clock::rfc3339(millis)[..10].to_owned();
    (day.as_str() > "1990" && day != "2006-07-24").then_some(day)
}
