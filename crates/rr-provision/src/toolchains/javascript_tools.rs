//! pnpm, yarn, bun, deno and npm itself from the npm registry, at the version asked for.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rr_core::{EngineError, HostTool, Toolchain, VersionRequest};
use serde_json::Value;

use super::{Toolchains, Wanted};
use crate::fault;
use crate::registries::NpmVersion;
use crate::version::{Version, choose};

impl Toolchains {
    /// A tool published on npm.
    pub(super) fn javascript_tool(
        &self,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Toolchain>, EngineError> {
        let Some(package) = package_for(wanted.tool, wanted.request) else { return Ok(None) };
        let (versions, latest) = self.npm.versions(package, wanted.cancel)?;
        let parsed: Vec<(Version, &NpmVersion)> = versions
            .iter()
            .filter_map(|entry| Some((Version::parse(&entry.version)?, entry)))
            .collect();
        let numbers: Vec<Version> = parsed.iter().map(|(version, _)| version.clone()).collect();
        let newest = latest.and_then(|text| Version::parse(&text));
        let place = match (wanted.request, newest) {
            (VersionRequest::Any, Some(newest)) => {
                numbers.iter().position(|version| *version == newest)
            }
            _ => None,
        };
        let (index, satisfies) = match (place, choose(wanted.tool, wanted.request, &numbers)) {
            (Some(index), _) => (index, true),
            (None, Some(choice)) => (choice.index, choice.satisfies),
            (None, None) => return Ok(None),
        };
        let entry = parsed[index].1;
        let folder =
            self.store.publish(&format!("{}-{}", wanted.tool, entry.version), |aside, _| {
                wanted.say(&format!(
                    "downloading {} {} from the npm registry",
                    wanted.tool, entry.version
                ));
                self.install_npm_tool(package, entry, aside, wanted)
            })?;
        let program = folder.join("bin").join(super::program_name(wanted.tool));
        let found = HostTool {
            path: program.to_string_lossy().into_owned(),
            version: entry.version.clone(),
        };
        let mut toolchain = self.use_host(wanted.tool, &found, satisfies)?;
        toolchain.provenance = format!("npm {package}@{}", entry.version);
        Ok(Some(toolchain))
    }

    fn install_npm_tool(
        &self,
        package: &str,
        entry: &NpmVersion,
        aside: &Path,
        wanted: &Wanted<'_>,
    ) -> Result<(), EngineError> {
        let bin = aside.join("bin");
        crate::store::make_open_folder(&bin)?;
        let inner = aside.join("package");
        crate::store::make_open_folder(&inner)?;
        // bun and deno publish their binaries in packages named by platform.
        if let Some(platform) = platform_package(wanted.tool) {
            let binary = self.npm.manifest(platform, &entry.version, wanted.cancel)?;
            let binary = crate::registries::npm_version(&binary)
                .ok_or_else(|| fault::environment(format!("`{platform}` has no tarball")))?;
            self.unpack_npm(&binary, &inner, wanted)?;
            return link_binary(wanted.tool, &inner, &bin);
        }
        self.unpack_npm(entry, &inner, wanted)?;
        let manifest = self.npm.manifest(package, &entry.version, wanted.cancel)?;
        link_scripts(&manifest, &inner, &bin)
    }
}

/// Yarn's classic line is the package `yarn`; berry's command line is published apart.
fn package_for(tool: &str, request: &VersionRequest) -> Option<&'static str> {
    Some(match tool {
        "npm" => "npm",
        "pnpm" => "pnpm",
        "bun" => "bun",
        "deno" => "deno",
        "yarn" => {
            let text = match request {
                VersionRequest::Any => "1",
                VersionRequest::Exact(text) | VersionRequest::Range(text) => text,
                VersionRequest::OneOf(texts) => texts.first().map_or("1", String::as_str),
            };
            let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
            let berry = Version::parse(digits).is_some_and(|version| version.part(0) >= 2);
            if berry { "@yarnpkg/cli-dist" } else { "yarn" }
        }
        _ => return None,
    })
}

fn platform_package(tool: &str) -> Option<&'static str> {
    match (tool, std::env::consts::OS, std::env::consts::ARCH) {
        // The baseline build runs on processors without AVX2.
        ("bun", "linux", "x86_64") => Some("@oven/bun-linux-x64-baseline"),
        ("bun", "linux", "aarch64") => Some("@oven/bun-linux-aarch64"),
        ("bun", "macos", "aarch64") => Some("@oven/bun-darwin-aarch64"),
        ("deno", "linux", "x86_64") => Some("@deno/linux-x64-glibc"),
        ("deno", "linux", "aarch64") => Some("@deno/linux-arm64-glibc"),
        ("deno", "macos", "aarch64") => Some("@deno/darwin-arm64"),
        _ => None,
    }
}

/// Links the binary, which lies at the package's top or in its `bin` folder.
fn link_binary(tool: &str, package: &Path, bin: &Path) -> Result<(), EngineError> {
    let place = [format!("bin/{tool}"), tool.to_owned()]
        .into_iter()
        .find(|place| package.join(place).is_file())
        .ok_or_else(|| fault::environment(format!("the package of {tool} holds no `{tool}`")))?;
    make_executable(&package.join(&place))?;
    let names: &[&str] = if tool == "bun" { &["bun", "bunx"] } else { &[tool] };
    for name in names {
        let link = bin.join(name);
        symlink(format!("../package/{place}"), &link)
            .map_err(|e| fault::io("make link", &link, e))?;
    }
    Ok(())
}

/// Links the scripts that a manifest's `bin` names.
fn link_scripts(manifest: &Value, package: &Path, bin: &Path) -> Result<(), EngineError> {
    let scripts: Vec<(String, String)> = match manifest.get("bin") {
        Some(Value::Object(map)) => map
            .iter()
            .filter_map(|(name, path)| Some((name.clone(), path.as_str()?.to_owned())))
            .collect(),
        Some(Value::String(path)) => {
            let name = manifest.get("name").and_then(Value::as_str).unwrap_or_default();
            vec![(name.rsplit('/').next().unwrap_or(name).to_owned(), path.clone())]
        }
        _ => Vec::new(),
    };
    for (name, path) in scripts {
        let path = path.trim_start_matches("./");
        if name.contains('/') || path.split('/').any(|part| part == "..") {
            continue;
        }
        make_executable(&package.join(path))?;
        let link = bin.join(&name);
        symlink(format!("../package/{path}"), &link)
            .map_err(|e| fault::io("make link", &link, e))?;
    }
    Ok(())
}

pub(super) fn make_executable(path: &Path) -> Result<(), EngineError> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|e| fault::io("make executable", path, e))
}
