//! Layers of packages, each made once, and answers to what is missing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rr_core::{
    CancelToken, EngineError, EngineErrorKind, OutputSink, SystemLayer, SystemNeed, SystemPackage,
    SystemPackageProvider,
};
use sha2::{Digest as _, Sha256};

use super::apt::{Apt, tell};
use super::choice::{Choice, choose};
use super::contents::Contents;
use super::finish::finish;
use super::installed::{Installed, STATUS, hex};
use super::record::{LayerRecord, Unavailable};
use super::{overlay, table, unpack};
use crate::host::HostTools;
use crate::store::ToolStore;

/// Changes whenever layers are made differently, so that old ones are not taken for new ones.
const FORMAT: &str = "2";

/// Obtains the packages of Debian and its descendants as layers.
pub struct SystemPackages {
    tools: HostTools,
    layers: ToolStore,
    folder: PathBuf,
    caches: PathBuf,
    scripts: bool,
}

impl SystemPackages {
    /// Keeps layers in `layers/` and what the package manager fetches in `caches/apt/` of the
    /// settings' data folder.
    #[must_use]
    pub fn new(tools: HostTools) -> Self {
        let folder = tools.settings().home.join("layers");
        let caches = tools.settings().caches().join("apt");
        Self { layers: ToolStore::new(folder.clone()), tools, folder, caches, scripts: true }
    }

    /// Runs no maintainer scripts, as where we are not root: packages are unpacked only.
    #[must_use]
    pub fn unpacking_only(self) -> Self {
        Self { scripts: false, ..self }
    }

    /// The layer of packages that are known to be had and not on the host.
    fn found(&self, wanted: &[String], installed: &Installed) -> Option<(PathBuf, LayerRecord)> {
        let layer = self.layers.find(&key(wanted, installed))?;
        let record = LayerRecord::read(&layer)?;
        Some((layer, record))
    }

    fn unavailable_path(&self) -> PathBuf {
        self.caches.join("unavailable.json")
    }

    fn unavailable(&self, installed: &Installed) -> Unavailable {
        let day = self.tools.settings().day;
        Unavailable::read(&self.unavailable_path(), day, &installed.digest)
    }

    /// Makes the layer, after everybody who makes one has finished.
    fn make(
        &self,
        wanted: &[String],
        installed: &Installed,
        sink: &Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Made, EngineError> {
        let Some(mut apt) = Apt::open(&self.tools, self.caches.clone()) else {
            tell(sink, "this host has no `apt-get` and `dpkg-deb`: no packages can be had");
            return Ok(Made { missing: wanted.to_vec(), ..Made::default() });
        };
        let _lock = ToolStore::new(self.caches.clone()).lock("apt")?;
        if let Some((layer, record)) = self.found(wanted, installed) {
            return Ok(Made { layer: Some(layer), record, missing: Vec::new() });
        }
        apt.prepare(false, sink, cancel)?;
        let mut choice = choose(&apt, wanted, sink, cancel)?;
        if !choice.packages.is_empty() && self.found(&choice.packages, installed).is_none() {
            choice = fetch(&mut apt, choice, wanted, sink, cancel)?;
        }
        let mut unavailable = self.unavailable(installed);
        unavailable.names.extend(choice.missing.iter().cloned());
        unavailable.write(&self.unavailable_path())?;
        if choice.packages.is_empty() {
            return Ok(Made { missing: choice.missing, ..Made::default() });
        }
        let name = key(&choice.packages, installed);
        let layer = self
            .layers
            .publish(&name, |aside, _| self.build(&apt, aside, &choice, sink, cancel))?;
        let record = LayerRecord::read(&layer).unwrap_or_default();
        Ok(Made { layer: Some(layer), record, missing: choice.missing })
    }

    fn build(
        &self,
        apt: &Apt,
        layer: &Path,
        choice: &Choice,
        sink: &Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<(), EngineError> {
        let brings = &choice.simulation.brings;
        let possible = if self.scripts {
            overlay::possible(&self.tools, &self.folder, cancel)?
        } else {
            Err("asked to".to_owned())
        };
        let made_by = match possible {
            Ok(()) => {
                overlay::build(&self.tools, apt, layer, &choice.packages, sink, cancel)?;
                "overlay"
            }
            Err(reason) => {
                tell(sink, &format!("unpacking packages without their scripts: {reason}"));
                let archives: Vec<PathBuf> = brings.iter().map(|one| apt.archive(one)).collect();
                unpack::build(&self.tools, layer, &archives, sink, cancel)?;
                "unpacked"
            }
        };
        finish(layer, Path::new("/"))?;
        let mut installed: Vec<(String, String)> =
            brings.iter().map(|one| (one.name.clone(), one.version.clone())).collect();
        installed.sort();
        LayerRecord { installed, made_by: made_by.to_owned() }.write(layer)
    }
}

/// What making a layer came to.
#[derive(Default)]
struct Made {
    layer: Option<PathBuf>,
    record: LayerRecord,
    missing: Vec<String>,
}

impl SystemPackageProvider for SystemPackages {
    fn layer(
        &self,
        packages: &[SystemPackage],
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<SystemLayer, EngineError> {
        let names: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        let mut layer = SystemLayer { layer: None, installed: Vec::new(), missing: Vec::new() };
        let Some(installed) = Installed::read(Path::new(STATUS)) else {
            tell(&sink, &format!("no package database at `{STATUS}`: no packages can be had"));
            layer.missing = names.into_iter().map(str::to_owned).collect();
            return Ok(layer);
        };
        let unavailable = self.unavailable(&installed);
        let mut wanted = Vec::new();
        for name in names {
            if installed.has(name) {
                let version = installed.version(name).unwrap_or_default();
                layer.installed.push((name.to_owned(), version.to_owned()));
            } else if !is_package_name(name) || unavailable.names.contains(name) {
                layer.missing.push(name.to_owned());
            } else {
                wanted.push(name.to_owned());
            }
        }
        if wanted.is_empty() {
            return Ok(layer);
        }
        let made = match self.found(&wanted, &installed) {
            Some((layer, record)) => Made { layer: Some(layer), record, missing: Vec::new() },
            None => self.make(&wanted, &installed, &sink, cancel)?,
        };
        layer.layer = made.layer;
        layer.installed.extend(made.record.installed);
        layer.missing.extend(made.missing);
        Ok(layer)
    }

    fn find(&self, need: &SystemNeed) -> Vec<String> {
        let known = table::find(need);
        if !known.is_empty() {
            return known;
        }
        Contents::new(&self.tools, &self.caches).find(need)
    }
}

/// Downloads a choice; where archives have vanished from the servers since the lists were made,
/// with fresh lists.
fn fetch(
    apt: &mut Apt,
    choice: Choice,
    wanted: &[String],
    sink: &Arc<dyn OutputSink>,
    cancel: &CancelToken,
) -> Result<Choice, EngineError> {
    match apt.download(&choice.packages, sink, cancel) {
        Ok(()) => Ok(choice),
        Err(error) if error.kind == EngineErrorKind::Cancelled => Err(error),
        Err(error) => {
            tell(sink, &format!("{error}; fetching the package lists anew"));
            apt.prepare(true, sink, cancel)?;
            let choice = choose(apt, wanted, sink, cancel)?;
            apt.download(&choice.packages, sink, cancel)?;
            Ok(choice)
        }
    }
}

/// A layer's name: its packages and everything of the host that decides what they bring.
fn key(packages: &[String], installed: &Installed) -> String {
    let mut sorted: Vec<&str> = packages.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [FORMAT, &sorted.join(" "), &release, &installed.digest] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex(&hash.finalize())[..32].to_owned()
}

/// Debian policy 5.6.1: lower-case letters, digits and `+-.`, two at least, the first a letter or
/// digit. A final `-` would mean removal to the package manager.
fn is_package_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() >= 2
        && name.bytes().next().is_some_and(plain)
        && name.bytes().all(|b| plain(b) || b"+-.".contains(&b))
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_options_or_removals_are_no_packages() {
        for name in ["g++", "libstdc++-12-dev", "libgtk-4.1", "7zip"] {
            assert!(is_package_name(name), "{name}");
        }
        for name in ["-oAPT::x=y", "bash-", "Foo", "a", "foo=1.2", "foo:i386", "../x", "a b"] {
            assert!(!is_package_name(name), "{name}");
        }
    }
}
