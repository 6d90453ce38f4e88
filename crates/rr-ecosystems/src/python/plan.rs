//! Puts a unit's plan together: toolchains, environment, install, start and test steps.

use std::collections::BTreeMap;

use rr_core::{
    Evidence, FactKey, PlanContext, RepoView, Step, StepKind, ToolchainRequirement, Trust, Unit,
    UnitPlan, VersionRequest,
};

use super::install::Install;
use super::manifest::Manifest;
use super::names::{bind, step_id, venv};
use super::system_packages;
use super::versions::{self, Surroundings};
use super::{applications, detect, layout, manifest, selection, start, testing};
use crate::miners::query;

/// The plan of one unit.
pub(super) fn of(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
    with_choices(repo, unit, context, Choices::default())
}

/// What a remedy chose otherwise than the unit's files suggest.
#[derive(Clone, Debug, Default)]
pub(super) struct Choices {
    /// A Python version.
    pub(super) python: Option<ToolchainRequirement>,
    /// To leave lock files aside.
    pub(super) without_lock: bool,
}

/// The plan of one unit with what a remedy chose.
pub(super) fn with_choices(
    repo: &dyn RepoView,
    unit: &Unit,
    context: &PlanContext<'_>,
    choices: Choices,
) -> UnitPlan {
    let manifest = manifest::read(repo, &unit.path);
    let layout = layout::of(repo, &unit.path, &manifest);
    let selection = selection::choose(repo, unit, &manifest, context.analysis);
    let python = choices
        .python
        .unwrap_or_else(|| versions::request(repo, &unit.path, &manifest, &surroundings(context)));
    let python2 = matches!(&python.version, VersionRequest::Exact(v) if v.starts_with("2."));
    let declared = detect::program_names(repo, &unit.path, &manifest);
    let application = applications::find(repo, &unit.path, &declared, manifest.name.as_deref());
    let tests = testing::commands(repo, unit, &manifest, &layout, context);
    let uses_pytest = tests.first().is_some_and(|command| command.runner == "pytest");
    let install = Install {
        repo,
        unit,
        manifest: &manifest,
        selection: &selection,
        layout: &layout,
        python2,
        without_lock: choices.without_lock,
        uses_pytest,
    };
    let mut plan = UnitPlan {
        env: environment(unit, &manifest, repo, context),
        path: vec![format!("{}/bin", venv(&unit.path))],
        ..UnitPlan::default()
    };
    plan.system_packages = system_packages::needed(repo, &manifest, &selection);
    plan.steps = install.steps();
    plan.steps.extend(start::steps(repo, unit, &manifest, &layout, application.as_ref(), context));
    // What tells the tests which configuration to use tells the program too.
    if let Some(command) = tests.first() {
        for step in plan.steps.iter_mut().filter(|step| step.kind >= StepKind::Migrate) {
            for (name, value) in &command.env {
                step.env.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    let env = BTreeMap::new();
    match tests.first() {
        Some(command) => plan.steps.push(testing::step(&unit.path, command, &env)),
        None => plan.notes.push("no tests were found".to_owned()),
    }
    let others = context.analysis.primary_units().filter(|u| u.ecosystem.as_str() == "python");
    if !unit.path.is_empty() || others.count() > 1 {
        // The venv step looks for the toolchain's python, not for its own.
        plan.steps.iter_mut().filter(|step| !is_venv_step(step)).for_each(bind);
    }
    plan.toolchains = toolchains(repo, unit, &manifest, python);
    plan
}

fn is_venv_step(step: &Step) -> bool {
    step.id == step_id(&step.unit, "venv")
}

/// What decides about the Python version besides the unit's files.
pub(super) fn surroundings(context: &PlanContext<'_>) -> Surroundings {
    let ci = query::ci_versions(context.analysis, "python");
    let host = ["python", "python3"].iter().filter_map(|name| context.environment.tools.get(*name));
    Surroundings {
        ci: ci.into_iter().map(|(text, place)| (text.to_owned(), place.clone())).collect(),
        host: host.flatten().map(|tool| versions::minor_of(&tool.version)).collect(),
        commit_date: context.analysis.commit_date.clone(),
    }
}

fn toolchains(
    repo: &dyn RepoView,
    unit: &Unit,
    manifest: &Manifest,
    python: ToolchainRequirement,
) -> Vec<ToolchainRequirement> {
    let plain = |tool: &str, place: Evidence| ToolchainRequirement {
        tool: tool.to_owned(),
        version: VersionRequest::Any,
        evidence: vec![place],
    };
    let mut found = vec![python, plain("uv", Evidence::at("", "python.installer", Trust::Default))];
    let setup = super::paths::join(&unit.path, "setup.py");
    let rust = ["maturin", "setuptools_rust"].iter().any(|name| manifest.backend.contains(name))
        || repo.text(&setup).is_some_and(|text| text.contains("setuptools_rust"));
    if rust {
        found.push(plain("rust", Evidence::at(setup, "python.rust-extension", Trust::Manifest)));
    }
    found
}

fn environment(
    unit: &Unit,
    manifest: &Manifest,
    repo: &dyn RepoView,
    context: &PlanContext<'_>,
) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    env.insert("VIRTUAL_ENV".to_owned(), venv(&unit.path));
    // uv must take the toolchain that was provisioned and fetch none of its own.
    env.insert("UV_PYTHON_DOWNLOADS".to_owned(), "never".to_owned());
    // Downloads are shared by runs and stay out of the prepared environment.
    for (name, folder) in [("UV_CACHE_DIR", "uv"), ("PIP_CACHE_DIR", "pip")] {
        env.insert(name.to_owned(), format!("@{{caches}}/{folder}"));
    }
    env.insert("UV_LINK_MODE".to_owned(), "copy".to_owned());
    let date = context.analysis.commit_date.as_deref();
    let locked = manifest.managers.first().is_some_and(|name| name == "uv")
        && repo.has(&super::paths::join(&unit.path, "uv.lock"));
    if let Some(date) = date.filter(|_| !locked && versions::older_than(date, 24)) {
        env.insert("UV_EXCLUDE_NEWER".to_owned(), day_after(date));
    }
    env.extend(settings(repo, unit, context));
    env
}

/// Django's settings for tests that need them named, where the repository names only one.
fn settings(
    repo: &dyn RepoView,
    unit: &Unit,
    context: &PlanContext<'_>,
) -> Option<(String, String)> {
    let key = FactKey::Variable("DJANGO_SETTINGS_MODULE".to_owned());
    let fact = query::facts_for(context.analysis, unit, &key).into_iter().next();
    if let Some(fact) = fact.filter(|fact| fact.evidence.trust >= Trust::TaskRunner) {
        let path = super::paths::join(&unit.path, &fact.value.replace('.', "/"));
        if repo.has(&format!("{path}.py")) {
            return Some(("DJANGO_SETTINGS_MODULE".to_owned(), fact.value.clone()));
        }
    }
    None
}

/// The day after a date `YYYY-MM-DD`, as uv's bound: uploads before its midnight count.
pub(super) fn day_after(date: &str) -> String {
    let numbers: Vec<u32> = date.split('-').filter_map(|part| part.parse().ok()).collect();
    let [year, month, day] = numbers.as_slice() else { return date.to_owned() };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if *day < days {
        format!("{year:04}-{month:02}-{:02}", day + 1)
    } else if *month < 12 {
        format!("{year:04}-{:02}-01", month + 1)
    } else {
        format!("{:04}-01-01", year + 1)
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
