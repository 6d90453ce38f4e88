//! Versions of programs: from files beside them where possible, else by running them, remembered
//! by path, modification time and size in `<home>/tools/versions.json`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rr_core::CancelToken;
use serde::{Deserialize, Serialize};

use crate::host::{HostCommand, HostTools};
use crate::version::Version;

/// A program whose version is wanted.
pub(super) struct Question {
    pub(super) tool: &'static str,
    pub(super) path: PathBuf,
    pub(super) arguments: &'static [&'static str],
    pub(super) limit: Duration,
}

/// Versions known from earlier probes.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Remembered(BTreeMap<String, Known>);

#[derive(Clone, Serialize, Deserialize)]
struct Known {
    modified: i64,
    size: u64,
    version: String,
}

impl Remembered {
    pub(super) fn load(file: &Path) -> Self {
        fs::read(file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Written aside and moved, so that a probe beside this one reads whole files only.
    pub(super) fn save(&self, file: &Path) {
        let Some(folder) = file.parent() else { return };
        let aside = folder.join(format!(".versions-{}.json", std::process::id()));
        let Ok(bytes) = serde_json::to_vec(self) else { return };
        if crate::store::make_open_folder(folder).is_ok() && fs::write(&aside, bytes).is_ok() {
            let _ = fs::rename(&aside, file);
        }
    }

    pub(super) fn get(&self, path: &Path) -> Option<String> {
        let known = self.0.get(path.to_string_lossy().as_ref())?;
        let (modified, size) = stamp(path)?;
        (known.modified == modified && known.size == size).then(|| known.version.clone())
    }

    pub(super) fn put(&mut self, path: &Path, version: &str) {
        if let Some((modified, size)) = stamp(path) {
            let known = Known { modified, size, version: version.to_owned() };
            self.0.insert(path.to_string_lossy().into_owned(), known);
        }
    }
}

fn stamp(path: &Path) -> Option<(i64, u64)> {
    let meta = path.metadata().ok()?;
    Some((meta.mtime(), meta.size()))
}

/// The version a file beside the program gives, without running anything.
pub(super) fn from_files(tool: &str, program: &Path) -> Option<String> {
    let real = program.canonicalize().ok()?;
    match tool {
        "npm" | "pnpm" | "yarn" => real.ancestors().take(4).find_map(package_json_version),
        "maven" => jar_version(&real.parent()?.parent()?.join("lib"), "maven-core-"),
        "gradle" => jar_version(&real.parent()?.parent()?.join("lib"), "gradle-core-api-")
            .or_else(|| jar_version(&real.parent()?.parent()?.join("lib"), "gradle-core-")),
        "go" => {
            let text = fs::read_to_string(real.parent()?.parent()?.join("VERSION")).ok()?;
            Version::parse(text.lines().next()?).map(|version| version.to_string())
        }
        "java" => {
            let text = fs::read_to_string(real.parent()?.parent()?.join("release")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
            Some(line.trim_matches('"').to_owned())
        }
        _ => None,
    }
}

fn package_json_version(folder: &Path) -> Option<String> {
    let bytes = fs::read(folder.join("package.json")).ok()?;
    let json: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    json.get("version")?.as_str().map(str::to_owned)
}

/// `maven-core-3.8.7.jar` gives 3.8.7. Debian's `maven-core-3.x.jar` leads to a folder that holds
/// `maven3-core-3.8.7.jar`.
fn jar_version(folder: &Path, prefix: &str) -> Option<String> {
    let numbered = |folder: &Path, prefix: &str| {
        fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let text = name.strip_prefix(prefix)?.strip_suffix(".jar")?;
            Version::parse(text).filter(|v| v.len() > 1).map(|version| version.to_string())
        })
    };
    numbered(folder, prefix).or_else(|| {
        let debian = folder.join(format!("{prefix}3.x.jar")).canonicalize().ok()?;
        let stem = debian.file_stem()?.to_string_lossy().into_owned();
        numbered(debian.parent()?, &format!("{stem}-"))
    })
}

/// Runs a program for its version; `None` where it does not say within its limit.
pub(super) fn by_running(host: &HostTools, question: &Question) -> Option<String> {
    let command = HostCommand::new(question.path.to_string_lossy())
        .args(question.arguments.iter().copied())
        .within(question.limit);
    // Python 2 prints its version to standard error.
    let captured = host.capture(&command, &CancelToken::default()).ok()?;
    if !captured.exit.success() {
        return None;
    }
    let text = format!("{}\n{}", captured.text(), captured.messages);
    let version = Version::find(&text).or_else(|| Version::parse(text.lines().next()?))?;
    Some(version.to_string())
}
