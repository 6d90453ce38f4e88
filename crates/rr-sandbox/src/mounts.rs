//! What of the file system a command sees, as bubblewrap's arguments.
//!
//! Made once per session, because it is the same for every command until a package layer or a
//! bind is added.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rr_core::{Bind, ExecError};

use crate::guest_etc;
use crate::identity::RunAs;
use crate::root_layers::LayeredRoot;
use crate::tree::PARTS;

/// Host folders shown read-only, where they exist.
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// Folders that exist although they may be empty.
const FOLDERS: &[&str] = &[
    "/caches",
    "/etc",
    "/home",
    "/mnt",
    "/opt",
    "/root",
    "/run",
    "/run/user",
    "/srv",
    "/sys",
    "/sys/devices",
    "/sys/devices/system",
    "/sys/kernel",
    "/sys/kernel/mm",
    "/tools",
    "/var",
    "/var/cache",
    "/var/lib",
];

/// Host files and folders that programs read to know the machine or find installed data.
const READABLE: &[&str] = &[
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/kernel/mm/transparent_hugepage",
    "/var/cache/fontconfig",
    "/var/lib/dpkg",
    "/var/lib/gems",
    "/var/lib/ghc",
    "/var/lib/rpm",
    "/var/lib/texmf",
    "/var/lib/xkb",
];

/// Where everything lies on the host.
pub(crate) struct MountSources<'a> {
    /// The writable tree's top.
    pub(crate) top: &'a Path,
    /// Files of our own below `/etc`.
    pub(crate) own_etc: &'a [(PathBuf, String)],
    /// The linker's cache with the layers' libraries in it.
    pub(crate) linker_cache: Option<&'a Path>,
    /// The reports folder.
    pub(crate) reports: &'a Path,
    /// The run's `/tmp`, `/var/tmp` and runtime folder.
    pub(crate) temporary: &'a [(PathBuf, String)],
    /// Package layers over the system folders.
    pub(crate) root: &'a LayeredRoot,
    /// The policy's binds and those added later.
    pub(crate) binds: &'a [Bind],
}

/// Bubblewrap's arguments for these mounts.
///
/// # Errors
/// Where a bind's source is missing.
pub(crate) fn arguments(
    sources: &MountSources<'_>,
    run_as: RunAs,
) -> Result<Vec<OsString>, ExecError> {
    let mut list = Arguments::default();
    // Parents that bubblewrap makes for a bind are closed to other users.
    for folder in FOLDERS {
        list.plain(&["--perms", "0755", "--dir", folder]);
    }
    system(&mut list, sources.root);
    etc(&mut list, sources);
    list.plain(&["--proc", "/proc", "--dev", "/dev"]);
    list.plain(&["--perms", "1777", "--tmpfs", "/dev/shm"]);
    list.plain(&["--symlink", "/run", "/var/run"]);
    for path in READABLE {
        if !sources.root.covers(Path::new(path)) {
            list.bind("--ro-bind-try", Path::new(path), path);
        }
    }
    for (host, guest) in sources.temporary {
        list.bind("--bind", host, guest);
    }
    for (part, guest) in PARTS {
        list.bind("--bind", &sources.top.join(part), guest);
    }
    list.bind("--bind", sources.reports, "/reports");
    for bind in sources.binds {
        add_bind(&mut list, bind)?;
    }
    list.plain(&["--remount-ro", "/"]);
    list.plain(&["--unshare-ipc", "--unshare-uts", "--hostname", guest_etc::HOST_NAME]);
    if matches!(run_as, RunAs::Mapped { .. }) {
        // Already root in the holder's user namespace; another one would not own `/proc`.
        list.plain(&["--cap-add", "ALL"]);
    }
    Ok(list.0)
}

#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn plain(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    fn bind(&mut self, how: &str, host: &Path, guest: &str) {
        self.0.extend([how.into(), host.as_os_str().to_owned(), guest.into()]);
    }
}

/// System folders as they are on the host: links stay links.
fn system(list: &mut Arguments, root: &LayeredRoot) {
    for folder in SYSTEM {
        let path = Path::new(folder);
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() => {
                if let Ok(target) = fs::read_link(path) {
                    list.0.extend(["--symlink".into(), target.into_os_string(), folder.into()]);
                }
            }
            Ok(_) => list.bind("--ro-bind", &root.source(path), folder),
            Err(_) => {}
        }
    }
    for (source, guest) in root.further() {
        list.bind("--ro-bind", source, guest);
    }
}

fn etc(list: &mut Arguments, sources: &MountSources<'_>) {
    for name in names(Path::new("/etc")) {
        let guest = format!("/etc/{name}");
        if guest_etc::is_shown(&name) && !sources.root.covers(Path::new(&guest)) {
            entry(list, Path::new(&guest), &guest);
        }
    }
    for (source, guest) in sources.root.etc() {
        entry(list, source, guest);
    }
    list.plain(&["--symlink", "/proc/mounts", "/etc/mtab"]);
    if let Some(cache) = sources.linker_cache {
        list.bind("--ro-bind", cache, "/etc/ld.so.cache");
    }
    for (host, guest) in sources.own_etc {
        list.bind("--ro-bind", host, guest);
    }
    if Path::new("/etc/ssl/private").is_dir() {
        list.plain(&["--perms", "0700", "--tmpfs", "/etc/ssl/private"]);
    }
}

/// Shows one entry of `/etc`: a link as a link, everything else as a bind.
fn entry(list: &mut Arguments, source: &Path, guest: &str) {
    match fs::read_link(source) {
        Ok(target) => {
            list.0.extend(["--symlink".into(), target.into_os_string(), guest.into()]);
        }
        Err(_) => list.bind("--ro-bind-try", source, guest),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn add_bind(list: &mut Arguments, bind: &Bind) -> Result<(), ExecError> {
    if !bind.host.exists() {
        return Err(ExecError::Setup(format!(
            "`{}`, to be shown as `{}`, does not exist",
            bind.host.display(),
            bind.guest.display()
        )));
    }
    // Folders on the way that bubblewrap makes by itself would be closed to other users.
    let mut parents: Vec<&Path> = bind.guest.ancestors().skip(1).collect();
    parents.pop();
    for parent in parents.into_iter().rev() {
        list.0.extend(["--perms".into(), "0755".into(), "--dir".into(), parent.into()]);
    }
    let how = if bind.writable { "--bind" } else { "--ro-bind" };
    list.0.extend([how.into(), bind.host.clone().into(), bind.guest.clone().into()]);
    Ok(())
}
