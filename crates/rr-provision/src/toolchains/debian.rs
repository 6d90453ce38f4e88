//! Programs from the distribution's packages, unpacked into our own folder without installing them:
//! works unprivileged, for programs that run from anywhere.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rr_core::{EngineError, HostTool, Toolchain};

use super::{Toolchains, Wanted};
use crate::fault;
use crate::host::HostCommand;
use crate::version::Version;

/// Programs that run from an unpacked package: tool, package, program's place in it.
const PACKAGES: &[(&str, &str, &str)] = &[
    ("bubblewrap", "bubblewrap", "usr/bin/bwrap"),
    ("git-lfs", "git-lfs", "usr/bin/git-lfs"),
    ("shellcheck", "shellcheck", "usr/bin/shellcheck"),
    ("make", "make", "usr/bin/make"),
    ("patch", "patch", "usr/bin/patch"),
    ("unzip", "unzip", "usr/bin/unzip"),
];

/// The package that brings a tool.
pub(super) fn package_of(tool: &str) -> Option<&'static str> {
    PACKAGES.iter().find(|(name, _, _)| *name == tool).map(|(_, package, _)| *package)
}

impl Toolchains {
    /// Downloads a package and unpacks it.
    pub(super) fn debian_tool(
        &self,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Toolchain>, EngineError> {
        let Some((_, package, place)) = PACKAGES.iter().find(|(name, _, _)| *name == wanted.tool)
        else {
            return Ok(None);
        };
        if self.host.which("apt-get").is_none() || self.host.which("dpkg-deb").is_none() {
            return Err(fault::environment(format!(
                "`{package}` needs apt-get and dpkg-deb, which this host lacks"
            )));
        }
        let query =
            HostCommand::new("apt-cache").args(["policy", package]).within(Duration::from_secs(30));
        let policy = self.host.text(&query, wanted.cancel)?;
        let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"));
        let version = candidate.and_then(Version::parse).ok_or_else(|| {
            fault::environment(format!("the distribution has no package `{package}`"))
        })?;
        let folder = self.store.publish(&format!("{}-{version}", wanted.tool), |aside, _| {
            wanted.say(&format!("downloading the package {package}"));
            self.unpack_package(package, aside, wanted)?;
            let program = Path::new(place).file_name().unwrap_or_default();
            let bin = aside.join("bin");
            crate::store::make_open_folder(&bin)?;
            std::os::unix::fs::symlink(Path::new("..").join(place), bin.join(program))
                .map_err(|e| fault::io("make link", &bin, e))
        })?;
        let program = folder.join("bin").join(super::program_name(wanted.tool));
        let found =
            HostTool { path: program.to_string_lossy().into_owned(), version: version.to_string() };
        let mut toolchain = self.use_host(wanted.tool, &found, true)?;
        toolchain.provenance = format!("package {package} {version}");
        Ok(Some(toolchain))
    }

    fn unpack_package(
        &self,
        package: &str,
        into: &Path,
        wanted: &Wanted<'_>,
    ) -> Result<(), EngineError> {
        let download = HostCommand::new("apt-get").args(["download", package]).in_folder(into);
        self.host.check(&download, Arc::clone(&wanted.sink), wanted.cancel)?;
        let archive = std::fs::read_dir(into)
            .map_err(|e| fault::io("list", into, e))?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
            .ok_or_else(|| {
                fault::environment(format!("`apt-get download {package}` brought nothing"))
            })?;
        let unpack = HostCommand::new("dpkg-deb").arg("-x").path_arg(&archive).path_arg(into);
        self.host.check(&unpack, Arc::clone(&wanted.sink), wanted.cancel)?;
        let _ = std::fs::remove_file(&archive);
        Ok(())
    }
}
