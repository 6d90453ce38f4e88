//! What sandboxes can do on this host, found by trying.

use std::ffi::CString;
use std::path::Path;
use std::process::Stdio;

use crate::cgroup::Controllers;
use crate::child::raw;
use crate::holder::c_path;
use crate::identity::RunAs;
use crate::spawner::on_spawner;

/// Abilities in the words of the environment report: `bwrap`, `user-namespaces`,
/// `network-namespaces`, `overlayfs`, `overlayfs-root` (an overlay over the system's own folders),
/// `cgroup-v1:memory` and so on. `scratch` is a folder on the file system that will hold runs.
#[must_use]
pub fn abilities(bwrap: Option<&Path>, scratch: &Path) -> Vec<String> {
    let mut found = Vec::new();
    if bwrap.is_some_and(Path::is_file) {
        found.push("bwrap".to_owned());
    }
    let run_as = RunAs::present();
    if tries(|| raw::unshare(libc::CLONE_NEWUSER)) {
        found.push("user-namespaces".to_owned());
    }
    let maps = run_as.maps();
    if tries(move || enter(&maps, libc::CLONE_NEWNET).and_then(|()| raw::loopback_up())) {
        found.push("network-namespaces".to_owned());
    }
    for (name, lower) in [("overlayfs", None), ("overlayfs-root", Some("/usr"))] {
        if overlay_works(run_as, scratch, lower) {
            found.push(name.to_owned());
        }
    }
    found.extend(Controllers::detect().abilities());
    found
}

type Maps = Option<(Vec<u8>, Vec<u8>)>;

fn enter(maps: &Maps, kind: i32) -> std::io::Result<()> {
    let Some((uid_map, gid_map)) = maps else { return raw::unshare(kind) };
    raw::unshare(kind | libc::CLONE_NEWUSER)?;
    raw::write_file(c"/proc/self/setgroups", b"deny")?;
    raw::write_file(c"/proc/self/uid_map", uid_map)?;
    raw::write_file(c"/proc/self/gid_map", gid_map)
}

/// Mounts an overlay in a child's own mount namespace.
fn overlay_works(run_as: RunAs, scratch: &Path, lower: Option<&str>) -> bool {
    let folder = scratch.join(format!(".rr-abilities-{}", std::process::id()));
    let made = ["lower", "upper", "work", "merged"]
        .iter()
        .all(|name| std::fs::create_dir_all(folder.join(name)).is_ok());
    let maps = run_as.maps();
    let works = made
        && overlay_mount(run_as, &folder, lower).is_some_and(|(target, options)| {
            tries(move || {
                enter(&maps, libc::CLONE_NEWNS)?;
                raw::mount(c"none", c"/", c"", libc::MS_REC | libc::MS_PRIVATE, c"")?;
                raw::mount(c"overlay", &target, c"overlay", 0, &options)
            })
        });
    // The folder may belong to others only if it could not be made.
    let _ = std::fs::remove_dir_all(&folder);
    works
}

fn overlay_mount(run_as: RunAs, folder: &Path, lower: Option<&str>) -> Option<(CString, CString)> {
    let place = folder.to_str()?;
    let lower = lower.map_or_else(|| format!("{place}/lower"), str::to_owned);
    let user = if run_as.owner().is_none() { ",userxattr" } else { "" };
    let options = format!(
        "lowerdir={lower},upperdir={place}/upper,workdir={place}/work,index=off,volatile{user}"
    );
    Some((c_path(&folder.join("merged")).ok()?, CString::new(options).ok()?))
}

/// Whether something works in a child, whose namespaces it may change.
fn tries(attempt: impl Fn() -> std::io::Result<()> + Send + Sync + 'static) -> bool {
    let streams = [Stdio::null(), Stdio::null(), Stdio::null()];
    let body = move || {
        attempt()?;
        raw::exit(0)
    };
    let child = on_spawner(move || raw::fork_never_exec(streams, body));
    match child {
        Ok(Ok(mut child)) => child.wait().is_ok_and(|status| status.success()),
        _ => false,
    }
}
