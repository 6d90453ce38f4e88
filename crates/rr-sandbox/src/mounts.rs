//! What of the file system a command sees, as a list of mounts.
//!
//! The list is made once per session and again when a package layer or a bind is added. It must
//! not know who carries it out: [`crate::prepared_root`] once, or bubblewrap for each command.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rr_core::{Bind, ExecError};

use crate::guest_etc;
use crate::root_layers::LayeredRoot;
use crate::tree::PARTS;

/// Host folders shown read-only, where they exist.
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// Folders that exist although they may be empty.
const FOLDERS: &[&str] = &[
    "/caches",
    "/dev",
    "/dev/shm",
    "/env",
    "/etc",
    "/home",
    "/home/runner",
    "/mnt",
    "/opt",
    "/proc",
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
    "/workspace",
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

/// One step of laying out what is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mount {
    /// An empty folder that everybody may enter.
    Folder(&'static str),
    /// A link: what it says, and where it is.
    Link(PathBuf, String),
    /// Something of the host: where it is, where it is seen, whether it may be written to.
    Bind(PathBuf, PathBuf, bool),
    /// An empty folder over what is there, closed to others.
    Hidden(&'static str),
}

/// Where everything lies on the host.
pub(crate) struct MountSources<'a> {
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

/// The mounts that stay the same from command to command, in order.
///
/// # Errors
/// Where a bind's source is missing.
pub(crate) fn steady(sources: &MountSources<'_>) -> Result<Vec<Mount>, ExecError> {
    let mut list: Vec<Mount> = FOLDERS.iter().map(|folder| Mount::Folder(folder)).collect();
    system(&mut list, sources.root);
    etc(&mut list, sources);
    list.push(Mount::Link("/run".into(), "/var/run".to_owned()));
    for path in READABLE.iter().filter(|path| Path::new(path).exists()) {
        if !sources.root.covers(Path::new(path)) {
            list.push(shown(path));
        }
    }
    let own = sources.temporary.iter().map(|(host, guest)| (host.as_path(), guest.as_str()));
    for (host, guest) in own.chain([(sources.reports, "/reports")]) {
        list.push(Mount::Bind(host.to_path_buf(), guest.into(), true));
    }
    for bind in sources.binds {
        list.push(bind_of(bind)?);
    }
    Ok(list)
}

/// Bubblewrap's arguments for steady mounts that nobody has prepared.
pub(crate) fn unprepared(steady: &[Mount]) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    for mount in steady {
        match mount {
            // Parents that bubblewrap makes by itself are closed to other users.
            Mount::Folder(guest) => words.extend(["--perms", "0755", "--dir", guest].map(into)),
            Mount::Link(target, guest) => {
                words.extend(["--symlink".into(), target.into(), guest.into()]);
            }
            Mount::Bind(host, guest, writable) => {
                let how = if *writable { "--bind" } else { "--ro-bind" };
                words.extend([how.into(), host.into(), guest.into()]);
            }
            Mount::Hidden(guest) => words.extend(["--perms", "0700", "--tmpfs", guest].map(into)),
        }
    }
    words
}

/// Bubblewrap's arguments for what each command gets anew, and for the writable tree below `top`.
pub(crate) fn per_command(top: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> =
        ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm"]
            .map(into)
            .into();
    for (part, guest) in PARTS {
        words.extend(["--bind".into(), top.join(part).into(), guest.into()]);
    }
    words.extend(["--remount-ro", "/", "--unshare-ipc", "--unshare-uts"].map(into));
    words.extend(["--hostname", guest_etc::HOST_NAME].map(into));
    words
}

fn into(word: &str) -> OsString {
    OsString::from(word)
}

fn shown(path: &str) -> Mount {
    Mount::Bind(path.into(), path.into(), false)
}

/// System folders as they are on the host: links stay links.
fn system(list: &mut Vec<Mount>, root: &LayeredRoot) {
    for folder in SYSTEM {
        let path = Path::new(folder);
        match (fs::read_link(path), path.is_dir()) {
            (Ok(target), _) => list.push(Mount::Link(target, (*folder).to_owned())),
            (Err(_), true) => list.push(Mount::Bind(root.source(path), path.into(), false)),
            (Err(_), false) => {}
        }
    }
    for (source, guest) in root.further() {
        list.push(Mount::Bind(source.to_path_buf(), guest.into(), false));
    }
}

fn etc(list: &mut Vec<Mount>, sources: &MountSources<'_>) {
    for name in names(Path::new("/etc")) {
        let guest = format!("/etc/{name}");
        if guest_etc::is_shown(&name) && !sources.root.covers(Path::new(&guest)) {
            entry(list, Path::new(&guest), guest.clone());
        }
    }
    for (source, guest) in sources.root.etc() {
        entry(list, source, guest.to_owned());
    }
    list.push(Mount::Link("/proc/mounts".into(), "/etc/mtab".to_owned()));
    for (host, guest) in sources.own_etc {
        list.push(Mount::Bind(host.clone(), guest.into(), false));
    }
    if let Some(cache) = sources.linker_cache {
        list.push(Mount::Bind(cache.to_path_buf(), "/etc/ld.so.cache".into(), false));
    }
    // What we may not enter, commands of our own user may not either.
    if rustix::fs::access("/etc/ssl/private", rustix::fs::Access::EXEC_OK).is_ok() {
        list.push(Mount::Hidden("/etc/ssl/private"));
    }
}

/// Shows one entry of `/etc`: a link as a link, everything else as a bind.
fn entry(list: &mut Vec<Mount>, source: &Path, guest: String) {
    match fs::read_link(source) {
        Ok(target) => list.push(Mount::Link(target, guest)),
        Err(_) => list.push(Mount::Bind(source.to_path_buf(), guest.into(), false)),
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

fn bind_of(bind: &Bind) -> Result<Mount, ExecError> {
    if bind.host.exists() {
        return Ok(Mount::Bind(bind.host.clone(), bind.guest.clone(), bind.writable));
    }
    Err(ExecError::Setup(format!(
        "`{}`, to be shown as `{}`, does not exist",
        bind.host.display(),
        bind.guest.display()
    )))
}
