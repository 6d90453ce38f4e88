//! Runs every rule over the tree and prints what they found.

use std::fs;

use anyhow::{Context, Result};

use super::finding::{Finding, Severity};
use super::settings::Settings;
use super::tree::Tree;
use super::{crates, documents, known, sizes, words};
use crate::process::Workspace;

/// Checks the workspace around the current folder. `false` where a rule is broken.
pub(crate) fn run() -> Result<bool> {
    let workspace = Workspace::locate()?;
    let path = workspace.root.join("xtask/tidy.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("reading `{}`", path.display()))?;
    let settings = Settings::parse(&text)?;
    let tree = Tree::load(&workspace.root)?;

    let mut findings = sizes::files(&tree, &settings.files);
    findings.extend(sizes::functions(&tree, &settings.functions));
    findings.extend(crates::check(&crates::read(&workspace)?, &settings));
    findings.extend(words::check(&tree, &settings.words)?);
    findings.extend(documents::check(&tree));
    let names = known::read(&workspace.root.join(&settings.known.folder))?;
    findings.extend(known::check(&tree, &names, &settings.known));

    Ok(print(&tree, &mut findings))
}

/// Prints the findings, failures last, and a closing line. Whether no rule is broken.
fn print(tree: &Tree, findings: &mut [Finding]) -> bool {
    findings.sort_by(|a, b| (a.severity, &a.path, a.line).cmp(&(b.severity, &b.path, b.line)));
    for finding in findings.iter() {
        println!("{finding}");
    }
    let broken = findings.iter().filter(|f| f.severity == Severity::Failure).count();
    let warned = findings.len() - broken;
    println!("tidy: {} files read, {broken} failures, {warned} warnings", tree.files.len());
    broken == 0
}
