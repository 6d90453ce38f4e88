//! Runs `cargo test` over the workspace and ends with what it counted.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result};

use super::needs;
use super::summary::Summary;
use crate::process::{self, Workspace};

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Do not install missing tools: fail and say what to type.
    #[arg(long)]
    no_install: bool,
    /// Passed on to `cargo test --workspace --no-fail-fast`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Installs what the suite needs. `false` where something is missing that only the user can install.
pub(crate) fn install_needs() -> Result<bool> {
    needs::provide(&Workspace::locate()?.root)
}

/// Runs the suite. `false` where anything failed, or where nothing ran.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let workspace = Workspace::locate()?;
    if !arguments.no_install && !needs::provide(&workspace.root)? {
        return Ok(false);
    }
    let mut summary = Summary::default();
    let status = stream(&workspace.root, &arguments.rest, &mut summary)?;
    let verdict = summary.verdict(status.success());
    println!();
    for line in summary.lines() {
        println!("{line}");
    }
    if let Err(reason) = &verdict {
        eprintln!("error: {reason}");
    }
    println!("{}", summary.total());
    Ok(verdict.is_ok())
}

/// Runs `cargo test`, printing its output as it comes and reading the summary lines in it.
fn stream(root: &Path, rest: &[String], summary: &mut Summary) -> Result<ExitStatus> {
    let mut child = process::command("cargo")
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(rest)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting `cargo test`")?;
    let output = child.stdout.take().context("`cargo test` has no standard output")?;
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    let mut screen = std::io::stdout().lock();
    while reader.read_until(b'\n', &mut line).context("reading from `cargo test`")? > 0 {
        screen.write_all(&line).context("writing to standard output")?;
        summary.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    child.wait().context("waiting for `cargo test`")
}
