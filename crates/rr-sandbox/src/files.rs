//! The host's reading and writing of trees that commands write.
//!
//! What lies there is hostile: every path is resolved by the kernel below a folder handle, through
//! no link, and only regular files are read.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;
use rr_core::ExecError;
use rustix::fs::{AtFlags, Dir, FileType, Gid, Mode, OFlags, ResolveFlags, Uid};

/// Entries looked at by one glob, at most.
const ENTRIES: usize = 2_000_000;

/// A folder of the host that is somewhere inside.
pub(crate) struct Place {
    /// Handle on the folder.
    pub(crate) handle: OwnedFd,
    /// Path of what is asked for, below it; may be empty.
    pub(crate) below: PathBuf,
}

/// An error about a path.
pub(crate) fn refused(path: &Path, reason: impl Into<String>) -> ExecError {
    ExecError::Path { path: path.display().to_string(), reason: reason.into() }
}

/// Splits a guest path by the folders it may lie in; the host's folder is opened by `open`.
///
/// # Errors
/// Where it lies in none of them, is relative, or goes up.
pub(crate) fn relative_to<'a>(
    guest: &'a Path,
    folders: impl Iterator<Item = &'a Path>,
) -> Result<(&'a Path, PathBuf), ExecError> {
    let climbs = guest.components().any(|part| matches!(part, Component::ParentDir));
    if climbs || !guest.is_absolute() {
        return Err(refused(guest, "not an absolute path without `..`"));
    }
    for folder in folders {
        if let Ok(below) = guest.strip_prefix(folder) {
            return Ok((folder, below.to_path_buf()));
        }
    }
    Err(refused(guest, "outside the writable tree"))
}

/// Reads a regular file.
///
/// # Errors
/// Where it is absent, no regular file, reached through a link, or over the cap.
pub(crate) fn read(place: &Place, guest: &Path, cap: u64) -> Result<Vec<u8>, ExecError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(
        open_below(place.handle.as_fd(), &place.below, flags).map_err(|e| explain(guest, e))?,
    );
    let failed = |source| ExecError::io(format!("reading `{}`", guest.display()), source);
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(refused(guest, "not a regular file"));
    }
    if found.len() > cap {
        return Err(refused(guest, format!("{} bytes, over the cap of {cap}", found.len())));
    }
    let mut bytes = Vec::new();
    file.take(cap + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > cap {
        return Err(refused(guest, format!("over the cap of {cap} bytes")));
    }
    Ok(bytes)
}

/// Writes a file; an old one of the same name is replaced, not written through.
///
/// # Errors
/// Where a parent is no folder or reached through a link, or writing fails.
pub(crate) fn write(
    place: &Place,
    guest: &Path,
    bytes: &[u8],
    executable: bool,
    owner: Option<u32>,
) -> Result<(), ExecError> {
    let name = place.below.file_name().ok_or_else(|| refused(guest, "not a path of a file"))?;
    let parent = place.below.parent().unwrap_or(Path::new(""));
    let folder =
        make_parents(place.handle.as_fd(), parent, owner).map_err(|e| explain(guest, e))?;
    let attempt = || -> io::Result<()> {
        let new = format!(".{}.rr-new", name.to_string_lossy());
        let _ = rustix::fs::unlinkat(&folder, new.as_str(), AtFlags::empty());
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&folder, new.as_str(), flags, mode)?);
        file.write_all(bytes)?;
        rustix::fs::fchmod(&file, mode)?;
        give(file.as_fd(), owner)?;
        rustix::fs::renameat(&folder, new.as_str(), &folder, name)?;
        Ok(())
    };
    attempt().map_err(|source| ExecError::io(format!("writing `{}`", guest.display()), source))
}

/// Regular files below a folder whose relative paths match a glob, as guest paths, sorted.
///
/// # Errors
/// Where the pattern is none, the folder is reached through a link or holds too many files.
/// A folder that is not there holds nothing.
pub(crate) fn glob(place: &Place, guest: &Path, pattern: &str) -> Result<Vec<PathBuf>, ExecError> {
    let matcher = GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| refused(guest, format!("`{pattern}` is no pattern: {error}")))?
        .compile_matcher();
    // Only what lies below the pattern's fixed start can match.
    let fixed = fixed_start(pattern);
    let start = place.below.join(&fixed);
    let folder = match open_folder(place.handle.as_fd(), &start) {
        Ok(folder) => folder,
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(Vec::new()),
        Err(error) => return Err(explain(guest, error)),
    };
    let mut walk = Walk { matcher, found: Vec::new(), seen: 0 };
    walk.folder(&folder, &fixed)
        .map_err(|source| ExecError::io(format!("listing `{}`", guest.display()), source))?;
    walk.found.sort();
    Ok(walk.found.into_iter().map(|path| guest.join(path)).collect())
}

/// Removes everything in a folder, links themselves and not what they point to.
///
/// # Errors
/// Where something cannot be removed.
pub(crate) fn empty(folder: BorrowedFd<'_>) -> io::Result<()> {
    for (name, kind) in list(folder)? {
        if kind == FileType::Directory {
            let below = rustix::fs::openat(folder, &name, FOLDER, Mode::empty())?;
            empty(below.as_fd())?;
            rustix::fs::unlinkat(folder, &name, AtFlags::REMOVEDIR)?;
        } else {
            rustix::fs::unlinkat(folder, &name, AtFlags::empty())?;
        }
    }
    Ok(())
}

/// Flags for opening a folder itself, never a link to one.
const FOLDER: OFlags =
    OFlags::DIRECTORY.union(OFlags::RDONLY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

struct Walk {
    matcher: globset::GlobMatcher,
    found: Vec<PathBuf>,
    seen: usize,
}

impl Walk {
    fn folder(&mut self, folder: &OwnedFd, path: &Path) -> io::Result<()> {
        for (name, kind) in list(folder.as_fd())? {
            self.seen += 1;
            if self.seen > ENTRIES {
                return Err(io::Error::other(format!("over {ENTRIES} entries")));
            }
            let Ok(text) = name.to_str() else { continue };
            let here = path.join(text);
            match kind {
                FileType::Directory => {
                    let below = rustix::fs::openat(folder, &name, FOLDER, Mode::empty())?;
                    self.folder(&below, &here)?;
                }
                FileType::RegularFile if self.matcher.is_match(&here) => self.found.push(here),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Names and kinds in a folder.
fn list(folder: BorrowedFd<'_>) -> io::Result<Vec<(std::ffi::CString, FileType)>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_owned();
        if name.as_bytes() == b"." || name.as_bytes() == b".." {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => {
                let found = rustix::fs::statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(found.st_mode)
            }
            kind => kind,
        };
        entries.push((name, kind));
    }
    Ok(entries)
}

/// The folders of a pattern before its first component with a wildcard.
fn fixed_start(pattern: &str) -> PathBuf {
    let Some((folders, _)) = pattern.rsplit_once('/') else { return PathBuf::new() };
    let is_fixed = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']) && *part != "..";
    folders.split('/').take_while(is_fixed).collect()
}

fn open_below(root: BorrowedFd<'_>, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    loop {
        match rustix::fs::openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
            // Something was renamed meanwhile; the kernel asks to try again.
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            other => return other,
        }
    }
}

/// Opens a folder below a handle.
pub(crate) fn open_folder(root: BorrowedFd<'_>, path: &Path) -> rustix::io::Result<OwnedFd> {
    open_below(root, path, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// Opens a folder of our own on the host, which must not be a link.
///
/// # Errors
/// Where it cannot be opened.
pub(crate) fn open_host_folder(path: &Path) -> Result<OwnedFd, ExecError> {
    rustix::fs::open(path, FOLDER, Mode::empty())
        .map_err(|source| ExecError::io(format!("opening `{}`", path.display()), source.into()))
}

fn make_parents(
    root: BorrowedFd<'_>,
    path: &Path,
    owner: Option<u32>,
) -> rustix::io::Result<OwnedFd> {
    let mut folder = open_folder(root, Path::new(""))?;
    for part in path.components() {
        let name = Path::new(part.as_os_str());
        match open_folder(folder.as_fd(), name) {
            Ok(next) => folder = next,
            Err(rustix::io::Errno::NOENT) => {
                rustix::fs::mkdirat(&folder, name, Mode::from_raw_mode(0o755))?;
                let next = open_folder(folder.as_fd(), name)?;
                give(next.as_fd(), owner)?;
                folder = next;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(folder)
}

fn give(file: BorrowedFd<'_>, owner: Option<u32>) -> rustix::io::Result<()> {
    let Some(id) = owner else { return Ok(()) };
    rustix::fs::fchown(file, Some(Uid::from_raw(id)), Some(Gid::from_raw(id)))
}

fn explain(guest: &Path, error: rustix::io::Errno) -> ExecError {
    match error {
        rustix::io::Errno::LOOP => refused(guest, "reached through a link"),
        rustix::io::Errno::XDEV => refused(guest, "leads out of the writable tree"),
        rustix::io::Errno::NOENT => refused(guest, "no such file"),
        error => ExecError::io(format!("opening `{}`", guest.display()), error.into()),
    }
}
