//! The steps of a row, those whose condition holds.

use std::collections::BTreeMap;

use rr_core::{
    Command, EcosystemId, Evidence, HealthProbe, PlanContext, ProbeKind, RepoView, ReportFormat,
    Step, StepKind, SystemPackage, TestSpec, ToolchainRequirement, Trust, Unit, UnitPlan,
    VersionRequest,
};

use super::condition::holds;
use super::{Declared, Report, Row};
use crate::miners::query;

/// What stands for the program that a folder's build leaves.
const PROGRAM: &str = "{program}";

/// The rows that hold for a folder; of starts and tests only the first.
pub(super) fn rows<'a>(declared: &'a Declared, repo: &dyn RepoView, folder: &str) -> Vec<&'a Row> {
    let mut found: Vec<&Row> = Vec::new();
    for row in declared.steps {
        let single = matches!(row.kind, StepKind::Start | StepKind::Test);
        let taken = single && found.iter().any(|known| known.kind == row.kind);
        let there = || !row.line.contains(PROGRAM) || (declared.program)(repo, folder).is_some();
        if !taken && holds(repo, folder, row.when).is_some() && there() {
            found.push(row);
        }
    }
    found
}

/// Plans one unit.
pub(super) fn plan(
    declared: &Declared,
    repo: &dyn RepoView,
    unit: &Unit,
    context: &PlanContext<'_>,
) -> UnitPlan {
    let variables = declared.env.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let env: BTreeMap<String, String> = variables.collect();
    let mut plan = UnitPlan {
        toolchains: unit.toolchains.iter().map(|tool| as_ci_has(tool, context)).collect(),
        system_packages: packages(declared, repo, unit, context),
        env,
        ..UnitPlan::default()
    };
    let mut seen: Vec<StepKind> = Vec::new();
    for row in rows(declared, repo, &unit.path) {
        let number = 1 + seen.iter().filter(|kind| **kind == row.kind).count();
        seen.push(row.kind);
        let mut step = step(declared, repo, unit, row, number);
        if row.kind == StepKind::Test {
            let ci = query::test_command_of(context.analysis, unit, declared.test_programs);
            step.evidence.splice(0..0, ci.map(|(_, command)| command.evidence));
        }
        plan.steps.push(step);
    }
    if plan.steps.iter().all(|step| step.kind != StepKind::Test) {
        plan.notes.push(format!("no tests of `{}` were found", declared.id));
    }
    plan
}

/// A tool whose version the unit's own files leave open, at the versions that CI tests with.
fn as_ci_has(tool: &ToolchainRequirement, context: &PlanContext<'_>) -> ToolchainRequirement {
    match query::ci_version_request(context.analysis, &tool.tool) {
        Some((version, evidence)) if tool.version == VersionRequest::Any => {
            ToolchainRequirement { tool: tool.tool.clone(), version, evidence }
        }
        _ => tool.clone(),
    }
}

/// What the folder asks of the distribution; the language's own parts only where the host lacks
/// the language, since the distribution's belong to the distribution's.
fn packages(
    declared: &Declared,
    repo: &dyn RepoView,
    unit: &Unit,
    context: &PlanContext<'_>,
) -> Vec<SystemPackage> {
    if context.environment.tools.contains_key(declared.tool) {
        return Vec::new();
    }
    let names = (declared.packages)(repo, &unit.path).into_iter();
    names.map(|name| SystemPackage { name, evidence: unit.evidence.clone() }).collect()
}

fn step(declared: &Declared, repo: &dyn RepoView, unit: &Unit, row: &Row, number: usize) -> Step {
    let what = row.kind.as_str();
    let again = if number > 1 { format!("-{number}") } else { String::new() };
    let place = if unit.path.is_empty() { String::new() } else { format!("@{}", unit.path) };
    let name = format!("{}.{what}{again}{place}", declared.id);
    let id = EcosystemId::new(declared.id);
    let by = holds(repo, &unit.path, row.when).unwrap_or_default();
    let own = by.strip_prefix(&format!("{}/", unit.path)).unwrap_or(&by);
    let mut line = row.line.replace("{}", &rr_core::command::quote(own));
    if line.contains(PROGRAM) {
        let program = (declared.program)(repo, &unit.path).unwrap_or_default();
        line = line.replace(PROGRAM, &rr_core::command::quote(&program));
    }
    let title = title(row, &line);
    let mut step = Step::new(name, &id, &unit.path, row.kind, title, Command::shell(line));
    step.cwd.clone_from(&unit.path);
    if row.kind == StepKind::Start {
        step.probe = Some(probe(row.port));
        step.optional = row.port == 0;
    }
    step.test = spec(row);
    let rule = format!("{}.{what}", declared.id);
    let evidence = match unit.evidence.first() {
        Some(first) if by.is_empty() => Evidence { rule, ..first.clone() },
        _ => Evidence::at(by, rule, Trust::Default),
    };
    step.because(evidence)
}

/// What a line runs, for people: its last command, without what only serves our reports.
fn title(row: &Row, line: &str) -> String {
    let last = line.lines().last().unwrap_or(line).trim_start_matches("exec ");
    let words = last.split(' ').filter(|word| !word.contains("@{"));
    let shown: Vec<&str> = words.collect();
    format!("{}: {}", row.kind.as_str(), shown.join(" "))
}

fn probe(port: u16) -> HealthProbe {
    let paths = vec!["/".to_owned()];
    let kind = if port > 0 { ProbeKind::Http { paths } } else { ProbeKind::Program { paths } };
    HealthProbe { kind, expected_port: (port > 0).then_some(port), start_seconds: 90 }
}

fn spec(row: &Row) -> Option<TestSpec> {
    let (runner, report) = row.test;
    let (format, report) = match report {
        Report::None => return None,
        Report::Junit(pattern) => (ReportFormat::JunitXml, pattern),
        Report::Trx(pattern) => (ReportFormat::Trx, pattern),
        Report::Tap => (ReportFormat::Tap, "@{reports}/tap/**/*"),
        Report::Recorder => (ReportFormat::Recorder, "@{reports}/*.jsonl"),
        Report::Console => (ReportFormat::Console, "-"),
        Report::Exit => (ReportFormat::ExitStatus, "-"),
    };
    Some(TestSpec { runner: runner.to_owned(), format, report: report.to_owned() })
}
