//! The outside tools that the tests need, and how Debian calls them.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::process;

const TOOLS: &str = include_str!("../../tools.toml");

/// Installs the packages of missing tools where we are root on a Debian; otherwise says what to
/// type. `false` where something stays missing.
pub(crate) fn provide(root: &Path) -> Result<bool> {
    let tools = parse(TOOLS)?;
    let packages = missing(&tools, root);
    if packages.is_empty() {
        return Ok(true);
    }
    let list = packages.iter().copied().collect::<Vec<_>>();
    let install = format!("apt-get install --yes --no-install-recommends {}", list.join(" "));
    if !can_install(root)? {
        eprintln!("the tests need tools that this machine lacks. Install them with:");
        eprintln!("  sudo apt-get update && sudo {install}");
        return Ok(false);
    }
    println!("installing what the tests need: {}", list.join(" "));
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(&list);
    apt(root, &["update"])?;
    apt(root, &arguments)?;
    let left = missing(&tools, root);
    if !left.is_empty() {
        bail!("`{install}` succeeded, but tools of {left:?} still do not answer");
    }
    Ok(true)
}

fn parse(text: &str) -> Result<BTreeMap<String, String>> {
    toml::from_str(text).context("reading `xtask/tools.toml`")
}

/// The packages of the tools that are not there.
fn missing<'a>(tools: &'a BTreeMap<String, String>, root: &Path) -> BTreeSet<&'a str> {
    let path = search_path();
    tools
        .iter()
        .filter(|(tool, _)| match tool.split_once(' ') {
            Some((program, arguments)) => !answers(root, program, arguments),
            None => !path.iter().any(|folder| folder.join(tool).is_file()),
        })
        .map(|(_, package)| package.as_str())
        .collect()
}

/// Whether a command can be started and succeeds.
fn answers(root: &Path, program: &str, arguments: &str) -> bool {
    process::command(program)
        .args(arguments.split(' '))
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[expect(clippy::disallowed_methods, reason = "where tools lie is this machine's configuration")]
fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

fn can_install(root: &Path) -> Result<bool> {
    let debian = Path::new("/usr/bin/apt-get").is_file();
    Ok(debian && process::output(root, "id", &["-u"])?.trim() == "0")
}

fn apt(root: &Path, arguments: &[&str]) -> Result<()> {
    let status = process::command("apt-get")
        .args(["--quiet=2", "-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .current_dir(root)
        .status()
        .context("starting `apt-get`")?;
    if !status.success() {
        bail!("`apt-get {}` ended with {status}", arguments.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_absent_tools_are_named_once() {
        let text = "sh = \"dash\"\nno-such-tool = \"a\"\nneither-this = \"a\"\n\
                    \"sh -c true\" = \"b\"\n\"sh -c false\" = \"c\"\n\"no-such-tool -v\" = \"d\"\n";
        let tools = parse(text).unwrap();
        let packages: Vec<_> = missing(&tools, Path::new(".")).into_iter().collect();
        assert_eq!(packages, ["a", "c", "d"]);
    }

    #[test]
    fn the_projects_own_table_parses() {
        assert_eq!(parse(TOOLS).unwrap()["bwrap"], "bubblewrap");
    }
}
