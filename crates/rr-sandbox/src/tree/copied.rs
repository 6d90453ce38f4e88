//! The writable tree as a plain copy, for hosts where overlays cannot be mounted.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rr_core::ExecError;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Timespec, Timestamps};

use super::flatten::{is_opaque, is_whiteout, make_opaque};
use super::{PARTS, make_folder, remove_tree};

/// What to do with the marks by which an overlay's layer says that a file is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whiteouts {
    /// Copy the mark.
    Keep,
    /// Remove the file from the target.
    Apply,
}

/// Copies that this process began: no two of them may share a folder.
static PARTIALS: AtomicU64 = AtomicU64::new(0);

/// A copied tree.
pub(crate) struct CopiedTree {
    run_folder: PathBuf,
}

impl CopiedTree {
    /// Whether this run's tree is a copy already.
    pub(crate) fn exists(run_folder: &Path) -> bool {
        run_folder.join("tree").is_dir()
    }

    /// Copies the base and the prepared environments, where that has not been done. Several
    /// processes may do it at once: the first to finish gives its copy to all.
    ///
    /// # Errors
    /// Where something cannot be copied.
    pub(crate) fn open(run_folder: &Path, snapshots: &[PathBuf]) -> Result<Self, ExecError> {
        let tree = Self { run_folder: run_folder.to_path_buf() };
        if !Self::exists(run_folder) {
            let number = PARTIALS.fetch_add(1, Ordering::Relaxed);
            let partial = run_folder.join(format!("tree.partial-{}-{number}", std::process::id()));
            remove_tree(&partial)?;
            let lowest = run_folder.join("base");
            for layer in std::iter::once(&lowest).chain(snapshots.iter().rev()) {
                copy_tree(layer, &partial, Whiteouts::Apply).map_err(|source| {
                    ExecError::io(format!("copying `{}`", layer.display()), source)
                })?;
            }
            let renamed = rename(&partial, &tree.top());
            if renamed.is_err() && Self::exists(run_folder) {
                remove_tree(&partial)?;
            } else {
                renamed?;
            }
        }
        Ok(tree)
    }

    /// The tree's top.
    pub(crate) fn top(&self) -> PathBuf {
        self.run_folder.join("tree")
    }

    /// A handle on the tree's top.
    pub(crate) fn handle(&self) -> Result<OwnedFd, ExecError> {
        let top = self.top();
        rustix::fs::open(
            &top,
            OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW,
            Mode::empty(),
        )
        .map_err(|source| ExecError::io(format!("opening `{}`", top.display()), source.into()))
    }

    /// Copies the present state aside.
    pub(crate) fn snapshot(&self) -> Result<u64, ExecError> {
        let folder = self.run_folder.join("snapshots");
        make_folder(&folder)?;
        let number = (0..).find(|n| !folder.join(n.to_string()).exists()).unwrap_or_default();
        copy_tree(&self.top(), &folder.join(number.to_string()), Whiteouts::Keep)
            .map_err(|source| ExecError::io("copying the writable tree aside", source))?;
        Ok(number)
    }

    /// Copies a state back.
    pub(crate) fn rollback(&self, snapshot: u64) -> Result<(), ExecError> {
        let from = self.run_folder.join(format!("snapshots/{snapshot}"));
        if !from.is_dir() {
            return Err(ExecError::Setup(format!("there is no snapshot {snapshot}")));
        }
        let partial = self.run_folder.join("tree.partial");
        remove_tree(&partial)?;
        copy_tree(&from, &partial, Whiteouts::Keep)
            .map_err(|source| ExecError::io(format!("copying snapshot {snapshot} back"), source))?;
        remove_tree(&self.top())?;
        rename(&partial, &self.top())
    }

    /// Copies the whole tree to a folder, as a layer that hides what lies below.
    pub(crate) fn export(&self, to: &Path) -> Result<(), ExecError> {
        let copy = || -> io::Result<()> {
            copy_tree(&self.top(), to, Whiteouts::Keep)?;
            PARTS.iter().try_for_each(|(part, _)| make_opaque(&to.join(part)))
        };
        copy().map_err(|source| {
            ExecError::io(format!("copying the tree to `{}`", to.display()), source)
        })
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), ExecError> {
    fs::rename(from, to)
        .map_err(|source| ExecError::io(format!("renaming `{}`", from.display()), source))
}

/// Copies a tree over another: owners, modes, times and links kept, contents shared where the
/// file system can. Sockets are left out.
///
/// # Errors
/// As the calls it makes.
pub(crate) fn copy_tree(from: &Path, to: &Path, whiteouts: Whiteouts) -> io::Result<()> {
    let found = fs::symlink_metadata(from)?;
    let kind = found.file_type();
    if kind.is_dir() {
        match fs::create_dir(to) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if !fs::symlink_metadata(to)?.is_dir() {
            fs::remove_file(to)?;
            fs::create_dir(to)?;
        }
        match (is_opaque(from), whiteouts) {
            (true, Whiteouts::Apply) => {
                fs::remove_dir_all(to)?;
                fs::create_dir(to)?;
            }
            (true, Whiteouts::Keep) => make_opaque(to)?,
            (false, _) => {}
        }
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy_tree(&entry.path(), &to.join(entry.file_name()), whiteouts)?;
        }
        return copy_attributes(&found, to);
    }
    remove_any(to)?;
    if is_whiteout(&found) {
        return match whiteouts {
            Whiteouts::Apply => Ok(()),
            Whiteouts::Keep => copy_device(to),
        };
    }
    if kind.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if kind.is_file() {
        copy_contents(from, to)?;
    } else {
        return Ok(());
    }
    copy_attributes(&found, to)
}

fn copy_device(to: &Path) -> io::Result<()> {
    let mode = Mode::from_raw_mode(0);
    Ok(rustix::fs::mknodat(CWD, to, FileType::CharacterDevice, mode, 0)?)
}

fn remove_any(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn copy_contents(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = File::create(to)?;
    if rustix::fs::ioctl_ficlone(&target, &source).is_ok() {
        return Ok(());
    }
    io::copy(&mut source, &mut target).map(drop)
}

fn copy_attributes(found: &fs::Metadata, to: &Path) -> io::Result<()> {
    match lchown(to, Some(found.uid()), Some(found.gid())) {
        // Only root may give files away.
        Err(error) if error.kind() != io::ErrorKind::PermissionDenied => return Err(error),
        _ => {}
    }
    if !found.file_type().is_symlink() {
        fs::set_permissions(to, fs::Permissions::from_mode(found.mode() & 0o7777))?;
    }
    let time = Timespec { tv_sec: found.mtime(), tv_nsec: found.mtime_nsec() };
    let times = Timestamps { last_access: time, last_modification: time };
    Ok(rustix::fs::utimensat(CWD, to, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}
