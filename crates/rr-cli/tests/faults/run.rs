//! One run of a broken repository, on a host with variables of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::{Expect, home};

/// A run that ended with a report.
pub(super) struct Ran {
    pub(super) report: Value,
    errors: String,
}

impl Ran {
    /// Lines of ours, then what the run says of itself.
    pub(super) fn told(&self, lines: &[String]) -> String {
        let report = &self.report;
        format!(
            "{}\nsummary: {}\nfailures: {}\ndoubts: {}\n{}",
            lines.join("\n"),
            report["verdict"]["summary"],
            report["failures"],
            report["tests"]["doubts"],
            self.errors
        )
    }
}

/// Runs a repository as its healthy fixture asks.
pub(super) fn run(
    repository: &Path,
    expect: &Expect,
    environment: &BTreeMap<String, String>,
) -> Result<Ran, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_repo-runner"))
        .arg("run")
        .arg(repository)
        .args(["--output", "json", "--fresh", "--until", &expect.until])
        .args(&expect.arguments)
        .envs(environment)
        .env("REPO_RUNNER_HOME", home())
        .env("REPO_RUNNER_CACHE_LIMIT", "200M")
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).map_err(|error| {
        let printed = String::from_utf8_lossy(&output.stdout);
        format!("no report ({error}); {}\n{printed}\n{errors}", output.status)
    })?;
    Ok(Ran { report, errors })
}
