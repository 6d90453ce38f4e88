//! What a run's installs left behind, read file by file from its sandbox; no process is started.

use std::collections::BTreeSet;
use std::path::Path;

use rr_core::{Command, Executor, RunPlan, StepKind};
use rr_recipe::{DependencySet, dependencies};

/// Largest report that is searched for a class path, in bytes, and how many are.
const REPORT_CAP: u64 = 4 << 20;
const REPORTS: usize = 60;

/// Records of managers below a folder, and whether each is what was installed.
const RECORDS: [(&str, bool); 16] = [
    ("node_modules/.package-lock.json", true),
    ("node_modules/.pnpm/lock.yaml", true),
    ("yarn.lock", true),
    ("Cargo.lock", true),
    ("go.sum", true),
    ("Gemfile.lock", true),
    ("gradle.lockfile", true),
    ("composer.lock", true),
    ("mix.lock", true),
    ("uv.lock", false),
    ("poetry.lock", false),
    ("pdm.lock", false),
    ("Pipfile.lock", false),
    ("pylock.toml", false),
    ("package-lock.json", false),
    ("pnpm-lock.yaml", false),
];

/// What the managers of a plan resolved.
pub(crate) fn dependencies(executor: &dyn Executor, plan: &RunPlan) -> Vec<DependencySet> {
    let mut sets: Vec<DependencySet> = Vec::new();
    sets.extend(python(executor, plan));
    for folder in folders(plan) {
        for (record, installed) in RECORDS {
            let path =
                if folder.is_empty() { record.to_owned() } else { format!("{folder}/{record}") };
            if record == "yarn.lock" && !mentions(plan, "yarn") {
                continue;
            }
            // What is not there was not installed by that manager.
            let guest = executor.layout().workspace.join(&path);
            let Ok(bytes) = executor.read_file(&guest, dependencies::FILE_CAP) else { continue };
            sets.extend(dependencies::read(&path, &String::from_utf8_lossy(&bytes), installed));
        }
    }
    sets.extend(maven(executor, plan));
    dependencies::merge(sets)
}

/// The root and the folders that steps belong to or run in.
fn folders(plan: &RunPlan) -> BTreeSet<&str> {
    let of_steps = plan.steps.iter().flat_map(|step| [step.unit.as_str(), step.cwd.as_str()]);
    of_steps.chain([""]).collect()
}

fn mentions(plan: &RunPlan, word: &str) -> bool {
    plan.of_kind(StepKind::Install).any(|step| match &step.command {
        Command::Argv(words) => words.iter().any(|w| w == word),
        Command::Shell(line) => line.split_whitespace().any(|w| w == word),
    })
}

/// Distributions in the virtual environments of the plan.
fn python(executor: &dyn Executor, plan: &RunPlan) -> Option<DependencySet> {
    let of_steps = plan.steps.iter().filter_map(|step| step.env.get("VIRTUAL_ENV"));
    let named = plan.env.get("VIRTUAL_ENV").into_iter().chain(of_steps);
    let environments: BTreeSet<&str> = named.filter_map(|v| v.strip_prefix("@{env}/")).collect();
    let mut found = Vec::new();
    for environment in environments {
        let folder = executor.layout().env.join(environment);
        let pattern = "lib/python*/site-packages/*.dist-info/METADATA";
        // No such folder: nothing was installed there.
        let paths = executor.glob(&folder, pattern).unwrap_or_default();
        found.extend(paths.iter().map(|path| path.to_string_lossy().into_owned()));
    }
    dependencies::python_distributions(&found)
}

/// Maven keeps no record of what it resolved; the reports of tests name their class path.
fn maven(executor: &dyn Executor, plan: &RunPlan) -> Option<DependencySet> {
    let uses_maven = plan.toolchains.iter().any(|toolchain| toolchain.tool == "maven");
    let reports = |folder: &Path| executor.glob(folder, "**/surefire-reports/TEST-*.xml");
    let paths = uses_maven.then(|| reports(&executor.layout().workspace))?.ok()?;
    let mut found = Vec::new();
    for path in paths.iter().take(REPORTS) {
        let Ok(bytes) = executor.read_file(path, REPORT_CAP) else { continue };
        found.extend(dependencies::maven_class_path(&String::from_utf8_lossy(&bytes)));
    }
    dependencies::set("maven", "the class path of tests", true, found)
}
