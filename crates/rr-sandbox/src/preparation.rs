//! What a session sets up before its first command: layout, folders, default variables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rr_core::{Bind, ExecError, GuestLayout, NetworkNeed, ProcessSpec};
use rustix::fs::Mode;

use crate::identity::RunAs;
use crate::tree::{give_to, make_folder};

/// Time limit for our own commands inside.
const OWN_TIMEOUT: Duration = Duration::from_secs(60);

/// Where things are inside.
pub(crate) fn layout() -> GuestLayout {
    GuestLayout {
        workspace: "/workspace".into(),
        home: "/home/runner".into(),
        env: "/env".into(),
        reports: "/reports".into(),
        tools: "/tools".into(),
        caches: "/caches".into(),
    }
}

/// Variables that every command has unless the policy or the plan say otherwise.
pub(crate) fn defaults<'a>(spec: &ProcessSpec, runtime: &'a str) -> [(&'a str, &'a str); 7] {
    let user = if spec.as_root { "root" } else { "runner" };
    [
        ("HOME", "/home/runner"),
        ("USER", user),
        ("LOGNAME", user),
        ("LANG", "C.UTF-8"),
        ("SHELL", "/bin/bash"),
        ("TERM", if spec.tty { "xterm" } else { "dumb" }),
        ("XDG_RUNTIME_DIR", runtime),
    ]
}

/// A command of our own inside.
pub(crate) fn own_command<'a>(words: impl IntoIterator<Item = &'a str>) -> ProcessSpec {
    ProcessSpec {
        argv: words.into_iter().map(str::to_owned).collect(),
        cwd: "/".to_owned(),
        env: BTreeMap::new(),
        path: Vec::new(),
        stdin: Vec::new(),
        timeout: OWN_TIMEOUT,
        network: NetworkNeed::Loopback,
        tty: false,
        as_root: false,
    }
}

/// A folder of the host and where it is inside.
pub(crate) type HostAndGuest = (PathBuf, String);

/// Makes the reports folder and the temporary ones.
pub(crate) fn prepare_folders(
    folder: &Path,
    run_as: RunAs,
) -> Result<(PathBuf, Vec<HostAndGuest>), ExecError> {
    let reports = folder.join("reports");
    let temporary = vec![
        (folder.join("sandbox/tmp"), "/tmp".to_owned()),
        (folder.join("sandbox/var-tmp"), "/var/tmp".to_owned()),
        (folder.join("sandbox/runtime"), format!("/run/user/{}", run_as.inside())),
    ];
    for (path, mode) in [(&reports, 0o755), (&temporary[2].0, 0o700)]
        .into_iter()
        .chain(temporary[..2].iter().map(|(path, _)| (path, 0o1777)))
    {
        make_folder(path)?;
        rustix::fs::chmod(path, Mode::from_raw_mode(mode)).map_err(|source| {
            ExecError::io(format!("changing the mode of `{}`", path.display()), source.into())
        })?;
        if let Some(uid) = run_as.owner() {
            give_to(path, uid)?;
        }
    }
    Ok((reports, temporary))
}

/// Makes the source of a writable bind and gives it to the commands' user, where it is not yet.
pub(crate) fn prepare_bind(bind: &Bind, run_as: RunAs) -> Result<(), ExecError> {
    if !bind.writable {
        return Ok(());
    }
    if !bind.host.exists() {
        make_folder(&bind.host)?;
    }
    let Some(uid) = run_as.owner() else { return Ok(()) };
    use std::os::unix::fs::MetadataExt as _;
    let owner = std::fs::symlink_metadata(&bind.host).map(|found| found.uid());
    if owner.is_ok_and(|owner| owner == uid) { Ok(()) } else { give_to(&bind.host, uid) }
}

/// Keeps other users of the host out of a run's folder: commands may leave programs behind that
/// nobody else should start.
pub(crate) fn close_to_others(folder: &Path) -> Result<(), ExecError> {
    rustix::fs::chmod(folder, Mode::from_raw_mode(0o700)).map_err(|source| {
        ExecError::io(format!("closing `{}` to others", folder.display()), source.into())
    })
}
