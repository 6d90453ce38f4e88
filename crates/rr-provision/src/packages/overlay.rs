//! Makes a layer with the package manager itself: maintainer scripts, alternatives, caches and all.
//! Needs root and overlay mounts.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rr_core::{CancelToken, EngineError, OutputSink};

use super::apt::Apt;
use crate::fault;
use crate::host::{HostCommand, HostTools, last_lines};
use crate::store::{make_open_folder, remove_tree};

const SCRIPT: &str = include_str!("build_layer.sh");

/// Folders that a private view shows only where they are on the root file system.
const NEEDED: &[&str] = &["/usr", "/etc", "/var", "/var/lib", "/var/lib/dpkg", "/bin", "/lib"];

/// Whether a layer can be made this way below `folder`; else why not.
///
/// # Errors
/// Where no process can be started at all, or the run was cancelled.
pub(super) fn possible(
    tools: &HostTools,
    folder: &Path,
    cancel: &CancelToken,
) -> Result<Result<(), String>, EngineError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Err("not root".to_owned()));
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    if let Some(mount) = mounted_apart(&mounts) {
        return Ok(Err(format!("`{mount}` is a file system of its own")));
    }
    make_open_folder(folder)?;
    let scratch = || {
        let made = tempfile::Builder::new().prefix(".try").tempdir_in(folder);
        made.map_err(|e| fault::io("make a folder in", folder, e))
    };
    let (upper, work) = (scratch()?, scratch()?);
    let command = command(folder, upper.path(), work.path()).args(["", "", ""]);
    let captured = tools.capture(&command, cancel)?;
    Ok(if captured.exit.success() { Ok(()) } else { Err(last_lines(&captured.messages)) })
}

/// Installs packages, already downloaded, into the empty folder `layer`.
///
/// # Errors
/// Where the package manager fails.
pub(super) fn build(
    tools: &HostTools,
    apt: &Apt,
    layer: &Path,
    packages: &[String],
    sink: &Arc<dyn OutputSink>,
    cancel: &CancelToken,
) -> Result<(), EngineError> {
    let folder = layer.parent().unwrap_or(layer);
    let work = folder.join(format!("{}.work", name(layer)));
    remove_tree(&work)?;
    make_open_folder(&work)?;
    let command = command(folder, layer, &work)
        .path_arg(&apt.archives())
        .path_arg(apt.lists())
        .path_arg(&apt.configuration())
        .args(packages)
        .within(Duration::from_secs(3600));
    let built = tools.run(&command, sink.clone(), cancel);
    remove_tree(&work)?;
    let outcome = built?;
    if outcome.exit.success() {
        return Ok(());
    }
    Err(fault::environment(format!(
        "installing {} into a layer failed with {}: {}",
        packages.join(", "),
        outcome.exit,
        last_lines(&outcome.tail)
    )))
}

/// The script in namespaces of its own. Upper and work folder are named relative to `folder`:
/// mount options know no quoting.
fn command(folder: &Path, upper: &Path, work: &Path) -> HostCommand {
    HostCommand::new("unshare")
        .args(["--mount", "--pid", "--ipc", "--uts", "--net", "--fork", "--kill-child", "--"])
        .args(["/bin/sh", "-c", SCRIPT, "sh"])
        .path_arg(folder)
        .args([name(upper), name(work)])
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The first needed folder that is a mount of its own: an overlay over `/` shows it empty.
/// `36 35 98:0 / /usr rw,noatime shared:1 - ext4 /dev/sda2 rw`
fn mounted_apart(mountinfo: &str) -> Option<&str> {
    let mut points = mountinfo.lines().filter_map(|line| line.split_whitespace().nth(4));
    points.find(|point| NEEDED.contains(point))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_separate_usr_is_seen_and_bound_files_do_not_matter() {
        let root = "29 1 254:0 / / rw - ext4 /dev/vda rw\n";
        let bound = "40 29 254:0 /x /etc/resolv.conf rw - ext4 /dev/vda rw\n";
        let usr = "41 29 254:1 / /usr rw - ext4 /dev/vdb rw\n";
        assert_eq!(mounted_apart(&format!("{root}{bound}")), None);
        assert_eq!(mounted_apart(&format!("{root}{bound}{usr}")), Some("/usr"));
    }
}
