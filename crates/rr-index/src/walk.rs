//! Walks a tree that a hostile repository may have made, and may be changing meanwhile.
//!
//! Every file and folder is opened relative to its parent's descriptor, without following links
//! and without waiting for pipes; only regular files are read, and of these a bounded part of the
//! tree. `.gitignore` files are read the same way.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat};

/// Folders nested deeper are not entered.
const DEEPEST: usize = 64;
const LARGEST_GITIGNORE: u64 = 256 * 1024;

/// How much of a tree is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeLimits {
    /// Bytes; larger files are skipped.
    pub file_bytes: u64,
    /// Files; the walk ends there.
    pub files: u64,
    /// Bytes of all files together; the walk ends there.
    pub total_bytes: u64,
}

impl Default for TreeLimits {
    /// 1 MiB a file, 200,000 files, 1 GiB in all.
    fn default() -> Self {
        Self { file_bytes: 1 << 20, files: 200_000, total_bytes: 1 << 30 }
    }
}

/// What was left out, in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Ignored by a `.gitignore` (an ignored folder counts once).
    pub ignored: u64,
    /// Larger than [`TreeLimits::file_bytes`].
    pub large: u64,
    /// With a NUL byte among their first 8 KiB.
    pub binary: u64,
    /// Links, pipes, sockets, devices.
    pub special: u64,
    /// Unreadable, or with a name that is not UTF-8.
    pub unreadable: u64,
    /// Whether the walk ended at a limit, so that the rest of the tree is missing.
    pub cut_off: bool,
}

/// One walk over a tree.
pub(crate) struct Walk<'a> {
    limits: TreeLimits,
    visit: &'a mut dyn FnMut(&str, &str) -> Result<(), String>,
    ignores: Vec<Gitignore>,
    files: u64,
    bytes: u64,
    skipped: Skipped,
}

/// What a walk saw.
pub(crate) struct Walked {
    /// Files visited.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// What was left out.
    pub(crate) skipped: Skipped,
}

/// Why a walk ended early.
pub(crate) enum WalkError {
    /// The root cannot be opened as a folder.
    Root(io::Error),
    /// The visitor's own error.
    Visit(String),
}

enum Next {
    Go,
    Stop,
}

impl<'a> Walk<'a> {
    /// Calls `visit(path, text)` for every text file below `root`, sorted within each folder;
    /// `path` is relative to `root`.
    pub(crate) fn run(
        root: &Path,
        limits: TreeLimits,
        visit: &'a mut dyn FnMut(&str, &str) -> Result<(), String>,
    ) -> Result<Walked, WalkError> {
        let folder = openat(CWD, root, folder_flags(), Mode::empty());
        let folder = folder.map_err(|error| WalkError::Root(error.into()))?;
        let (ignores, skipped) = (Vec::new(), Skipped::default());
        let mut walk = Self { limits, visit, ignores, files: 0, bytes: 0, skipped };
        walk.folder(&folder, &PathBuf::new(), 0).map_err(WalkError::Visit)?;
        Ok(Walked { files: walk.files, bytes: walk.bytes, skipped: walk.skipped })
    }

    fn folder(&mut self, folder: &OwnedFd, path: &Path, depth: usize) -> Result<Next, String> {
        let Ok(names) = entries(folder) else {
            self.skipped.unreadable += 1;
            return Ok(Next::Go);
        };
        let rules = self.gitignore(folder, path);
        let pushed = rules.is_some();
        self.ignores.extend(rules);
        let mut next = Next::Go;
        for (name, kind) in names {
            next = self.entry(folder, path, &name, kind, depth)?;
            if matches!(next, Next::Stop) {
                break;
            }
        }
        if pushed {
            self.ignores.pop();
        }
        Ok(next)
    }

    fn entry(
        &mut self,
        folder: &OwnedFd,
        path: &Path,
        name: &CString,
        kind: FileType,
        depth: usize,
    ) -> Result<Next, String> {
        let Ok(text) = name.to_str() else {
            self.skipped.unreadable += 1;
            return Ok(Next::Go);
        };
        let path = path.join(text);
        if self.is_ignored(&path, kind.is_dir()) {
            self.skipped.ignored += 1;
            return Ok(Next::Go);
        }
        match kind {
            FileType::Directory if text == ".git" || depth >= DEEPEST => Ok(Next::Go),
            FileType::Directory => match openat(folder, name, folder_flags(), Mode::empty()) {
                Ok(below) => self.folder(&below, &path, depth + 1),
                Err(_) => {
                    self.skipped.unreadable += 1;
                    Ok(Next::Go)
                }
            },
            FileType::RegularFile => self.file(folder, &path, name),
            _ => {
                self.skipped.special += 1;
                Ok(Next::Go)
            }
        }
    }

    fn file(&mut self, folder: &OwnedFd, path: &Path, name: &CString) -> Result<Next, String> {
        let bytes = match read(folder, name, self.limits.file_bytes) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                self.skipped.large += 1;
                return Ok(Next::Go);
            }
            Err(_) => {
                self.skipped.unreadable += 1;
                return Ok(Next::Go);
            }
        };
        if bytes[..bytes.len().min(8192)].contains(&0) {
            self.skipped.binary += 1;
            return Ok(Next::Go);
        }
        let size = bytes.len() as u64;
        if self.files >= self.limits.files || self.bytes + size > self.limits.total_bytes {
            self.skipped.cut_off = true;
            return Ok(Next::Stop);
        }
        self.files += 1;
        self.bytes += size;
        // Every part of the path passed `to_str`.
        (self.visit)(&path.to_string_lossy(), &String::from_utf8_lossy(&bytes))?;
        Ok(Next::Go)
    }

    /// The folder's own rules, where it has some.
    fn gitignore(&self, folder: &OwnedFd, path: &Path) -> Option<Gitignore> {
        let bytes = read(folder, c".gitignore", LARGEST_GITIGNORE).ok()??;
        let mut builder = GitignoreBuilder::new(path);
        for line in String::from_utf8_lossy(&bytes).lines() {
            // git passes over lines that are no pattern, and so do we.
            let _ = builder.add_line(None, line);
        }
        builder.build().ok().filter(|rules| !rules.is_empty())
    }

    /// The innermost folder's rules win, as in git.
    fn is_ignored(&self, path: &Path, is_folder: bool) -> bool {
        for rules in self.ignores.iter().rev() {
            match rules.matched(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// The names in a folder with what they are, sorted.
fn entries(folder: &OwnedFd) -> io::Result<Vec<(CString, FileType)>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            let mut kind = entry.file_type();
            if kind == FileType::Unknown {
                kind = kind_of(folder, entry.file_name())?;
            }
            names.push((entry.file_name().to_owned(), kind));
        }
    }
    names.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(names)
}

/// Some file systems do not tell kinds in listings.
fn kind_of(folder: &OwnedFd, name: &std::ffi::CStr) -> io::Result<FileType> {
    let facts = rustix::fs::statat(folder, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(FileType::from_raw_mode(facts.st_mode))
}

/// The bytes of a regular file; `None` where it is larger than `most`.
fn read(folder: &OwnedFd, name: &std::ffi::CStr, most: u64) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let descriptor = openat(folder, name, flags, Mode::empty())?;
    if !FileType::from_raw_mode(fstat(&descriptor)?.st_mode).is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    // It may grow while it is read: what counts is what was read.
    File::from(descriptor).take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}
