//! The steps of a row, those whose condition holds.

use rr_core::{
    Command, EcosystemId, Evidence, HealthProbe, PlanContext, ProbeKind, RepoView, ReportFormat,
    Step, StepKind, TestSpec, Trust, Unit, UnitPlan,
};

use super::detect::named;
use super::{Declared, Row};
use crate::miners::query;

/// The rows that hold for a folder; of starts only the first.
pub(super) fn rows<'a>(
    declared: &'a Declared,
    repo: &'a dyn RepoView,
    folder: &'a str,
) -> impl Iterator<Item = &'a Row> {
    let mut started = false;
    declared.steps.iter().filter(move |row| {
        if condition(repo, folder, row.when).is_none() {
            return false;
        }
        let start = row.kind == StepKind::Start;
        let first = !start || !started;
        started |= start;
        first
    })
}

/// The file by which a condition holds (empty where none is asked); `None` where it does not.
fn condition(repo: &dyn RepoView, folder: &str, when: &str) -> Option<String> {
    if when.is_empty() {
        return Some(String::new());
    }
    when.split('|').find_map(|one| {
        let (name, text) = one.split_once(':').unwrap_or((one, ""));
        if let Some(below) = name.strip_suffix('/') {
            let inside = super::detect::join(folder, below);
            return repo.below(&inside).first().map(|entry| entry.path.clone());
        }
        let files = named(repo, folder, name).into_iter();
        files
            .into_iter()
            .find(|path| text.is_empty() || repo.text(path).is_some_and(|t| t.contains(text)))
    })
}

/// Plans one unit.
pub(super) fn plan(
    declared: &Declared,
    repo: &dyn RepoView,
    unit: &Unit,
    context: &PlanContext<'_>,
) -> UnitPlan {
    let variables = declared.env.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let mut env: std::collections::BTreeMap<String, String> = variables.collect();
    env.extend(query::env_for_tests(context.analysis, unit));
    let mut plan = UnitPlan { toolchains: unit.toolchains.clone(), env, ..UnitPlan::default() };
    let mut seen: Vec<StepKind> = Vec::new();
    for row in rows(declared, repo, &unit.path) {
        let number = 1 + seen.iter().filter(|kind| **kind == row.kind).count();
        seen.push(row.kind);
        plan.steps.push(step(declared, repo, unit, row, number));
    }
    if plan.steps.iter().all(|step| step.kind != StepKind::Test) {
        plan.notes.push(format!("no tests of `{}` were found", declared.id));
    }
    plan
}

fn step(declared: &Declared, repo: &dyn RepoView, unit: &Unit, row: &Row, number: usize) -> Step {
    let what = match row.kind {
        StepKind::Install => "install",
        StepKind::Build => "build",
        StepKind::Start => "start",
        _ => "test",
    };
    let again = if number > 1 { format!("-{number}") } else { String::new() };
    let place = if unit.path.is_empty() { String::new() } else { format!("@{}", unit.path) };
    let name = format!("{}.{what}{again}{place}", declared.id);
    let id = EcosystemId::new(declared.id);
    let title = format!("{what}: {}", row.line.lines().last().unwrap_or(row.line));
    let mut step =
        Step::new(name, &id, &unit.path, row.kind, title, Command::shell(row.line.to_owned()));
    step.cwd.clone_from(&unit.path);
    if row.kind == StepKind::Start {
        let paths = vec!["/".to_owned()];
        let kind =
            if row.port > 0 { ProbeKind::Http { paths } } else { ProbeKind::Program { paths } };
        let expected_port = (row.port > 0).then_some(row.port);
        step.probe = Some(HealthProbe { kind, expected_port, start_seconds: 60 });
        step.optional = row.port == 0;
    }
    if row.kind == StepKind::Test {
        let (runner, report) = row.test;
        step.test = Some(TestSpec {
            runner: runner.to_owned(),
            format: if report.is_empty() {
                ReportFormat::ExitStatus
            } else {
                ReportFormat::JunitXml
            },
            report: if report.is_empty() { "-".to_owned() } else { report.to_owned() },
        });
    }
    let at = condition(repo, &unit.path, row.when).filter(|path| !path.is_empty());
    let evidence = match at {
        Some(path) => Evidence::at(path, format!("{}.{what}", declared.id), Trust::Default),
        None => unit.evidence.first().cloned().unwrap_or_else(|| {
            Evidence::at(String::new(), format!("{}.{what}", declared.id), Trust::Default)
        }),
    };
    step.because(evidence)
}
