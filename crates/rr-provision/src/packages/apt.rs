//! The distribution's package manager, asked and used without changing the host.
//!
//! Every call reads a configuration of ours: the host's own sources, keys, proxies and pins, with
//! folders of ours for lists and archives, and without the hooks by which other programs follow
//! what happens to the host.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rr_core::{CancelToken, EngineError, OutputSink};

use super::simulation::{Brought, Simulated, read_refusal, read_simulation};
use crate::fault;
use crate::host::{HostCommand, HostTools, last_lines};
use crate::store::make_open_folder;

/// The host's own package lists.
const HOST_LISTS: &str = "/var/lib/apt/lists";

const SECONDS_OF_DAY: u64 = 86_400;

/// The package manager with folders of ours.
pub(super) struct Apt {
    tools: HostTools,
    folder: PathBuf,
    /// Where the lists lie that are used: ours, or the host's where they are of today.
    lists: PathBuf,
}

impl Apt {
    /// The package manager with its files below `folder`; `None` where the host has none.
    pub(super) fn open(tools: &HostTools, folder: PathBuf) -> Option<Self> {
        tools.which("apt-get")?;
        tools.which("dpkg-deb")?;
        let lists = folder.join("lists");
        Some(Self { tools: tools.clone(), folder, lists })
    }

    /// Where archives are kept.
    pub(super) fn archives(&self) -> PathBuf {
        self.folder.join("archives")
    }

    /// Where the lists in use lie.
    pub(super) fn lists(&self) -> &Path {
        &self.lists
    }

    /// The configuration that every call reads.
    pub(super) fn configuration(&self) -> PathBuf {
        self.folder.join("apt.conf")
    }

    /// Makes folders, configuration and lists ready: the host's lists where they are of today,
    /// else ours, refreshed at most once a day unless `again`.
    ///
    /// # Errors
    /// Where there are no lists and none can be fetched.
    pub(super) fn prepare(
        &mut self,
        again: bool,
        sink: &Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<(), EngineError> {
        for folder in ["archives/partial", "lists/partial"] {
            make_open_folder(&self.folder.join(folder))?;
        }
        let day = self.tools.settings().day;
        let marker = self.folder.join("lists.day");
        let of_today = fs::read_to_string(&marker).is_ok_and(|text| text == day.to_string());
        let host = Path::new(HOST_LISTS);
        let from_host = !again && !of_today && fresh(host, day);
        self.lists = if from_host { host.into() } else { self.folder.join("lists") };
        self.write_configuration(cancel)?;
        if from_host || (of_today && !again) {
            return Ok(());
        }
        match self.update(sink, cancel) {
            Ok(()) => {
                fs::write(&marker, day.to_string()).map_err(|e| fault::io("write", &marker, e))
            }
            Err(error) if cancel.is_cancelled() => Err(error),
            Err(error) => self.make_do(error, sink, cancel),
        }
    }

    /// Goes on with old lists where fresh ones cannot be had.
    fn make_do(
        &mut self,
        error: EngineError,
        sink: &Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<(), EngineError> {
        let own = self.folder.join("lists");
        let Some(old) = [own, HOST_LISTS.into()].into_iter().find(|lists| has_lists(lists)) else {
            return Err(error);
        };
        tell(sink, &format!("{error}; going on with the old lists in `{}`", old.display()));
        self.lists = old;
        self.write_configuration(cancel)
    }

    fn update(&self, sink: &Arc<dyn OutputSink>, cancel: &CancelToken) -> Result<(), EngineError> {
        let command = self.command("apt-get").args(["-q", "update", "--error-on=any"]);
        let outcome = self.tools.run(&command, sink.clone(), cancel)?;
        if outcome.exit.success() {
            return Ok(());
        }
        let reason = last_lines(&outcome.tail);
        Err(fault::transient(format!("cannot fetch the distribution's package lists: {reason}"))
            .with_hint("see whether `apt-get update` works on this host"))
    }

    /// What installing these packages would do; the host is only read.
    ///
    /// # Errors
    /// Where the package manager cannot be started.
    pub(super) fn simulate(
        &self,
        packages: &[String],
        cancel: &CancelToken,
    ) -> Result<Simulated, EngineError> {
        let command = self.install().arg("--simulate").args(packages);
        let captured = self.tools.capture(&command, cancel)?;
        Ok(if captured.exit.success() {
            Ok(read_simulation(&captured.text()))
        } else {
            Err(read_refusal(&captured.messages))
        })
    }

    /// Downloads these packages and those they need that the host lacks.
    ///
    /// # Errors
    /// Where one cannot be fetched.
    pub(super) fn download(
        &self,
        packages: &[String],
        sink: &Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<(), EngineError> {
        let command = self.install().arg("--download-only").args(packages);
        let outcome = self.tools.run(&command, sink.clone(), cancel)?;
        if outcome.exit.success() {
            return Ok(());
        }
        let (list, reason) = (packages.join(", "), last_lines(&outcome.tail));
        Err(fault::transient(format!("cannot download the packages {list}: {reason}")))
    }

    /// Where the archive of a package lies after its download.
    pub(super) fn archive(&self, package: &Brought) -> PathBuf {
        self.archives().join(package.archive_name())
    }

    /// `apt-get install` with our configuration, answering yes.
    fn install(&self) -> HostCommand {
        self.command("apt-get").args(["-q", "-y", "--no-install-recommends", "install"])
    }

    /// A program of the package manager that reads our configuration.
    fn command(&self, program: &str) -> HostCommand {
        HostCommand::new(program)
            .env("APT_CONFIG", self.configuration().to_string_lossy())
            .env("DEBIAN_FRONTEND", "noninteractive")
            .within(Duration::from_secs(1800))
    }

    fn write_configuration(&self, cancel: &CancelToken) -> Result<(), EngineError> {
        let host = self.tools.text(&HostCommand::new("apt-config").arg("dump"), cancel)?;
        let text = configuration(&host, &self.folder, &self.lists);
        let path = self.configuration();
        fs::write(&path, text).map_err(|e| fault::io("write", &path, e))
    }
}

/// Says something in the step's log.
pub(super) fn tell(sink: &Arc<dyn OutputSink>, line: &str) {
    sink.write(format!("{line}\n").as_bytes());
}

/// The host's configuration without hooks, with folders of ours.
pub(super) fn configuration(host: &str, folder: &Path, lists: &Path) -> String {
    // `DPkg::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb";`
    let hook = |line: &str| {
        let name = line.split_whitespace().next().unwrap_or_default();
        name.contains("-Invoke") || name.contains("Pre-Install-Pkgs")
    };
    let mut text: String =
        host.lines().filter(|line| !hook(line)).map(|line| format!("{line}\n")).collect();
    // Named by APT_CONFIG, this file is read first: without these two the host's would follow.
    text.push_str("Dir::Etc::main \"/dev/null\";\nDir::Etc::parts \"/dev/null\";\n");
    text.push_str(&format!("Dir::Cache \"{}\";\n", folder.display()));
    text.push_str("Dir::Cache::archives \"archives\";\n");
    text.push_str("Dir::Cache::pkgcache \"\";\nDir::Cache::srcpkgcache \"\";\n");
    text.push_str(&format!("Dir::State::lists \"{}\";\n", lists.display()));
    // Our folders may be closed to the package manager's own user, and are under locks of ours.
    text.push_str("APT::Sandbox::User \"root\";\nDebug::NoLocking \"1\";\n");
    text.push_str("Acquire::Languages \"none\";\nAcquire::Retries \"2\";\n");
    text
}

/// Whether lists are of today: their folders are touched by every refresh.
fn fresh(lists: &Path, day: u64) -> bool {
    let touched = |path: &Path| {
        let seconds = fs::metadata(path).ok().and_then(|found| u64::try_from(found.mtime()).ok());
        seconds.is_some_and(|seconds| seconds / SECONDS_OF_DAY >= day)
    };
    (touched(lists) || touched(&lists.join("partial"))) && has_lists(lists)
}

fn has_lists(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().contains("_Packages"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_of_the_host_are_left_out() {
        let text = configuration(
            "Acquire::http::Proxy \"http://proxy:3128\";\nDPkg::Post-Invoke \"\";\n\
             DPkg::Post-Invoke:: \"rm -rf /var/cache\";\n\
             APT::Update::Post-Invoke-Success:: \"x\";\nDPkg::Pre-Install-Pkgs:: \"y\";\n",
            Path::new("/data/apt"),
            Path::new("/data/apt/lists"),
        );
        assert!(text.contains("http://proxy:3128") && text.contains("Dir::Cache \"/data/apt\""));
        assert!(!text.contains("Invoke") && !text.contains("Pre-Install"));
    }
}
