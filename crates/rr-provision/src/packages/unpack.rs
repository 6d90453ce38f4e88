//! Makes a layer without root: packages are unpacked side by side, and no maintainer script runs.
//! Of what such scripts make, only plain alternatives are made here; caches and users are absent.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rr_core::{CancelToken, EngineError, OutputSink};

use super::alternatives;
use crate::fault;
use crate::host::{HostCommand, HostTools};
use crate::store::{make_open_folder, remove_tree};

/// Unpacks each archive into `$0` and its maintainer scripts into `$0/.scripts/<number>`.
const SCRIPT: &str = r#"
set -e
number=0
mkdir "$0/.scripts"
for archive; do
    dpkg-deb -x "$archive" "$0"
    number=$((number + 1))
    dpkg-deb -e "$archive" "$0/.scripts/$number"
done
"#;

/// Largest maintainer script that is read, in bytes.
const SCRIPT_BYTES: u64 = 1 << 20;

/// Unpacks archives into the empty folder `layer`.
///
/// # Errors
/// Where one cannot be unpacked.
pub(super) fn build(
    tools: &HostTools,
    layer: &Path,
    archives: &[PathBuf],
    sink: &Arc<dyn OutputSink>,
    cancel: &CancelToken,
) -> Result<(), EngineError> {
    let mut command = HostCommand::new("/bin/sh")
        .args(["-c", SCRIPT])
        .path_arg(layer)
        .within(Duration::from_secs(1800));
    for archive in archives {
        command = command.path_arg(archive);
    }
    tools.check(&command, sink.clone(), cancel)?;
    let scripts = layer.join(".scripts");
    for number in 1..=archives.len() {
        let path = scripts.join(number.to_string()).join("postinst");
        if fs::metadata(&path).is_ok_and(|found| found.len() <= SCRIPT_BYTES) {
            let bytes = fs::read(&path).map_err(|e| fault::io("read", &path, e))?;
            alternatives::install(layer, &alternatives::read(&String::from_utf8_lossy(&bytes)))?;
        }
    }
    remove_tree(&scripts)?;
    merge_usr(layer, Path::new("/"))
}

/// Where the host's `/lib` leads to `/usr/lib`, what packages ship in `/lib` belongs there too.
fn merge_usr(layer: &Path, host: &Path) -> Result<(), EngineError> {
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        let from = layer.join(name);
        let merged = fs::symlink_metadata(host.join(name)).is_ok_and(|found| found.is_symlink());
        if merged && fs::symlink_metadata(&from).is_ok_and(|found| found.is_dir()) {
            move_into(&from, &layer.join("usr").join(name))?;
            remove_tree(&from)?;
        }
    }
    Ok(())
}

fn move_into(from: &Path, to: &Path) -> Result<(), EngineError> {
    make_open_folder(to)?;
    for entry in fs::read_dir(from).map_err(|e| fault::io("list", from, e))?.flatten() {
        let place = to.join(entry.file_name());
        let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        if is_folder(&entry.path()) && is_folder(&place) {
            move_into(&entry.path(), &place)?;
        } else {
            fs::rename(entry.path(), &place).map_err(|e| fault::io("move into", &place, e))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_packages_ship_in_lib_goes_where_the_host_has_it() {
        let (layer, host) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (layer, host) = (layer.path(), host.path());
        std::os::unix::fs::symlink("usr/lib", host.join("lib")).unwrap();
        fs::create_dir_all(host.join("bin")).unwrap();
        for (folder, file) in [("lib/x", "a"), ("usr/lib/x", "b"), ("bin", "c")] {
            fs::create_dir_all(layer.join(folder)).unwrap();
            fs::write(layer.join(folder).join(file), "").unwrap();
        }
        merge_usr(layer, host).unwrap();
        assert!(layer.join("usr/lib/x/a").is_file() && layer.join("usr/lib/x/b").is_file());
        assert!(!layer.join("lib").exists());
        assert!(layer.join("bin/c").is_file(), "a host with a real `/bin` keeps it apart");
    }
}
