//! Carries the steady mounts out once, in the holder's mount namespace.
//!
//! Bubblewrap reads the whole mount table for every bind it makes; with some eighty of them that
//! is most of what a command costs. Prepared, it makes five.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};

use rr_core::ExecError;

use crate::holder::Holder;
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
        holder.bind(&text, &text, "/", true).map_err(|source| failed(&folder, source))?;
        let mut bound = BTreeSet::new();
        for mount in steady {
            if let Err(source) = carry_out(mount, &folder, holder, &mut bound) {
                // The error that matters is the first one.
                let _ = holder.unmount(&text);
                return Err(ExecError::Setup(format!("cannot lay out {mount:?}: {source}")));
            }
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

fn carry_out(
    mount: &Mount,
    folder: &Path,
    holder: &Holder,
    bound: &mut BTreeSet<PathBuf>,
) -> io::Result<()> {
    match mount {
        Mount::Folder(guest) => open_to_all(&below(folder, Path::new(guest))?),
        Mount::Link(target, guest) => {
            let link = below(folder, Path::new(guest))?;
            // The later one wins.
            let _ = fs::remove_file(&link);
            symlink(target, link)
        }
        Mount::Bind(host, guest, writable) => {
            if !bound.iter().any(|outer| guest.starts_with(outer)) {
                make_place(folder, guest, host.is_dir())?;
            }
            bound.insert(guest.clone());
            let (root, host) = (folder.to_string_lossy(), host.to_string_lossy());
            holder.bind(&host, &root, &guest.to_string_lossy(), *writable)
        }
        Mount::Hidden(guest) => holder.hide(&folder.to_string_lossy(), guest),
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
