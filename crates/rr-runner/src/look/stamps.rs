//! What the file system says of files without reading them: while a stamp is the same, so is the
//! file, as far as the kernel's own change time tells.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Length of an encoded stamp without its path.
const FIELDS: usize = 6 * 8;

/// One path's stamp. All zero where nothing is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    mode: u64,
    size: u64,
    modified: i64,
    changed: i64,
}

impl Stamp {
    fn of(path: &Path) -> Self {
        let Ok(about) = path.symlink_metadata() else { return Self::default() };
        let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000) + rest;
        Self {
            device: about.dev(),
            inode: about.ino(),
            mode: u64::from(about.mode()),
            // Folders of some file systems change their size without a change of their entries.
            size: if about.is_dir() { 0 } else { about.size() },
            modified: nanoseconds(about.mtime(), about.mtime_nsec()),
            changed: nanoseconds(about.ctime(), about.ctime_nsec()),
        }
    }
}

/// Stamps of many paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamps(Vec<(PathBuf, Stamp)>);

impl Stamps {
    pub(super) fn of(paths: &[PathBuf]) -> Self {
        Self(paths.iter().map(|path| (path.clone(), Stamp::of(path))).collect())
    }

    /// Whether all are as they were. Large sets are looked at in parallel.
    pub(super) fn hold(&self) -> bool {
        let same =
            |part: &[(PathBuf, Stamp)]| part.iter().all(|(path, was)| Stamp::of(path) == *was);
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(8));
        let size = self.0.len().div_ceil(threads).max(512);
        if size >= self.0.len() {
            return same(&self.0);
        }
        std::thread::scope(|scope| {
            let parts: Vec<_> =
                self.0.chunks(size).map(|part| scope.spawn(move || same(part))).collect();
            parts.into_iter().all(|part| part.join().unwrap_or(false))
        })
    }

    /// When the last of them changed, in nanoseconds since the Unix epoch.
    pub(super) fn newest(&self) -> i64 {
        self.0.iter().map(|(_, stamp)| stamp.changed.max(stamp.modified)).max().unwrap_or(i64::MIN)
    }

    /// Bytes that [`Self::decode`] reads.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * (FIELDS + 80));
        for (path, stamp) in &self.0 {
            for field in [stamp.device, stamp.inode, stamp.mode, stamp.size] {
                bytes.extend(field.to_le_bytes());
            }
            bytes.extend(stamp.modified.to_le_bytes());
            bytes.extend(stamp.changed.to_le_bytes());
            bytes.extend(path.as_os_str().as_bytes());
            bytes.push(0);
        }
        bytes
    }

    /// `None` where the bytes are none of [`Self::encode`].
    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut stamps = Vec::new();
        while !bytes.is_empty() {
            let (fields, rest) = bytes.split_at_checked(FIELDS)?;
            let field = |at: usize| fields[8 * at..8 * at + 8].try_into().map(u64::from_le_bytes);
            let end = rest.iter().position(|byte| *byte == 0)?;
            let path = PathBuf::from(std::ffi::OsStr::from_bytes(&rest[..end]));
            let stamp = Stamp {
                device: field(0).ok()?,
                inode: field(1).ok()?,
                mode: field(2).ok()?,
                size: field(3).ok()?,
                modified: field(4).ok()?.cast_signed(),
                changed: field(5).ok()?.cast_signed(),
            };
            stamps.push((path, stamp));
            bytes = &rest[end + 1..];
        }
        Some(Self(stamps))
    }
}

/// The program's version and its file's stamp.
pub(super) fn of_program() -> Vec<String> {
    let file = std::env::current_exe().unwrap_or_default();
    let stamp = Stamp::of(&file);
    vec![env!("CARGO_PKG_VERSION").to_owned(), format!("{stamp:?}")]
}
