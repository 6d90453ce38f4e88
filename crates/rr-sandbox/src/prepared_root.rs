//! Carries the steady mounts out once, in the holder's mount namespace.
//!
//! Bubblewrap reads the whole mount table for every bind it makes; with some eighty of them that
//! is most of what a command costs. Prepared, it makes five.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};

use rr_core::ExecError;

use crate::holder::{HeldMount, Holder};
use crate::mounts::Mount;
use crate::tree::{make_folder, remove_tree};

/// A prepared root.
pub(crate) struct PreparedRoot {
    /// Its folder on the host, where the holder has it mounted.
    pub(crate) folder: PathBuf,
}

impl PreparedRoot {
    /// Prepares number `number` of the run.
    ///
    /// # Errors
    /// Where the kernel lacks the calls (before 5.12), or a bind has no place to be mounted at.
    pub(crate) fn make(
        steady: &[Mount],
        run_folder: &Path,
        number: u32,
        holder: &Holder,
    ) -> Result<Self, ExecError> {
        let folder = run_folder.join(format!("sandbox/root.{number}"));
        // A run that was cut off leaves one of the same number behind, not mounted any more.
        remove_tree(&folder)?;
        make_folder(&folder)?;
        open_to_all(&folder).map_err(|source| failed(&folder, source))?;
        let text = folder.to_string_lossy();
        // A mount of its own, so that taking it away takes everything below it.
        let own =
            HeldMount { source: Some(text.to_string()), place: "/".to_owned(), writable: true };
        let mut held = vec![own];
        let mut bound = BTreeMap::new();
        for mount in steady {
            let laid = lay_out(mount, &folder, &mut bound).map_err(|source| {
                ExecError::Setup(format!("cannot make a place for {mount:?}: {source}"))
            })?;
            held.extend(laid);
        }
        if let Err((index, source)) = holder.mount_all(&text, &held) {
            // The error that matters is the first one.
            let _ = holder.unmount(&text);
            return Err(ExecError::Setup(format!("cannot mount {:?}: {source}", held[index])));
        }
        Ok(Self { folder })
    }

    /// Takes it away for commands started from now on.
    pub(crate) fn retire(&self, holder: &Holder) {
        // What stays is a few mounts that end with the holder.
        let _ = holder.unmount(&self.folder.to_string_lossy());
    }
}

fn failed(folder: &Path, source: io::Error) -> ExecError {
    ExecError::io(format!("preparing `{}`", folder.display()), source)
}

/// Makes folders and links on disk; returns what is to be mounted.
fn lay_out(
    mount: &Mount,
    folder: &Path,
    bound: &mut BTreeMap<PathBuf, Option<PathBuf>>,
) -> io::Result<Option<HeldMount>> {
    match mount {
        Mount::Folder(guest) => {
            open_to_all(&below(folder, Path::new(guest))?)?;
            Ok(None)
        }
        Mount::Link(target, guest) => {
            let link = below(folder, Path::new(guest))?;
            // The later one wins.
            let _ = fs::remove_file(&link);
            symlink(target, link)?;
            Ok(None)
        }
        Mount::Bind(host, guest, writable) => {
            // What lies inside another bind has its place there: a home below `/tmp`, say. Nothing
            // is made in folders of the host that are shown read-only: the place must be there.
            let outer = bound.iter().rev().find(|(outer, _)| guest.starts_with(outer));
            match outer.and_then(|(at, to)| Some((to, guest.strip_prefix(at).ok()?))) {
                Some((Some(outer), inner)) => make_place(outer, inner, host.is_dir())?,
                Some((None, _)) => {}
                None => make_place(folder, guest, host.is_dir())?,
            }
            bound.insert(guest.clone(), writable.then(|| host.clone()));
            let source = Some(host.to_string_lossy().into_owned());
            let place = guest.to_string_lossy().into_owned();
            Ok(Some(HeldMount { source, place, writable: *writable }))
        }
        Mount::Hidden(guest) => {
            let place = (*guest).to_owned();
            Ok(Some(HeldMount { source: None, place, writable: false }))
        }
    }
}

/// The path of something inside as the host names it.
fn below(folder: &Path, guest: &Path) -> io::Result<PathBuf> {
    let parts = guest.components().filter(|part| !matches!(part, Component::RootDir));
    let mut path = folder.to_path_buf();
    for part in parts {
        match part {
            Component::Normal(name) => path.push(name),
            _ => return Err(io::Error::from_raw_os_error(libc::EINVAL)),
        }
    }
    Ok(path)
}

/// Makes what a bind is mounted over, parents included, unless a link leads elsewhere: then the
/// place must be there already.
fn make_place(folder: &Path, guest: &Path, is_folder: bool) -> io::Result<()> {
    let place = below(folder, guest)?;
    let mut parent = folder.to_path_buf();
    for part in guest.parent().into_iter().flat_map(Path::components) {
        let Component::Normal(name) = part else { continue };
        parent.push(name);
        match fs::symlink_metadata(&parent) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Ok(()),
            Err(_) => open_to_all(&parent)?,
        }
    }
    if fs::symlink_metadata(&place).is_ok() {
        return Ok(());
    }
    if is_folder { open_to_all(&place) } else { fs::write(&place, "") }
}

/// Makes a folder that everybody may enter, whatever our file mode mask.
fn open_to_all(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}
