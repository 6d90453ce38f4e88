//! The one place where this tool starts processes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A command that is not started yet.
#[expect(clippy::disallowed_methods, reason = "tooling: nothing of a repository is run by it")]
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

/// Runs a command to its end and returns its standard output. Its standard error goes to ours.
pub(crate) fn output(folder: &Path, program: &str, arguments: &[&str]) -> Result<String> {
    let shown = format!("{program} {}", arguments.join(" "));
    let done = command(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting `{shown}`"))?;
    if !done.status.success() {
        bail!("`{shown}` ended with {}", done.status);
    }
    String::from_utf8(done.stdout).with_context(|| format!("output of `{shown}` is not UTF-8"))
}

/// The workspace as `cargo metadata --no-deps` describes it.
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Where cargo builds to.
    pub(crate) target: PathBuf,
    /// The whole answer.
    pub(crate) metadata: Value,
}

impl Workspace {
    /// Asks cargo, from the current folder.
    pub(crate) fn locate() -> Result<Self> {
        let text = output(
            Path::new("."),
            "cargo",
            &["metadata", "--no-deps", "--format-version", "1", "--quiet"],
        )?;
        let metadata: Value = serde_json::from_str(&text).context("reading `cargo metadata`")?;
        let folder = |key: &str| -> Result<PathBuf> {
            let text = metadata[key].as_str();
            Ok(PathBuf::from(text.with_context(|| format!("`cargo metadata` lacks `{key}`"))?))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")?, metadata })
    }
}

/// Writes an executable script for a test. A process of its own writes it: were it open for writing
/// here while another test's thread forks, starting it could fail with "text file busy".
#[cfg(test)]
pub(crate) fn write_script(path: &Path, text: &str) {
    let write = "printf '%s' \"$2\" > \"$1\" && chmod +x \"$1\"";
    let path = path.to_str().unwrap();
    output(Path::new("/"), "sh", &["-c", write, "sh", path, text]).unwrap();
}
