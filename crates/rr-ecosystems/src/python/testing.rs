//! Which command runs a unit's tests: the documented one translated into our environment, or
//! what the files themselves suggest.

use std::collections::BTreeMap;

use rr_core::{
    Command, EcosystemId, Evidence, MinedCommand, PlanContext, RepoView, ReportFormat, Step,
    StepKind, TestSpec, Unit,
};

use super::layout::Layout;
use super::manifest::Manifest;
use super::names::step_name;
use super::paths::join;
use super::pytest_words::{self, PytestCall};
use super::test_defaults::defaults;
use super::test_translation::{NOSE2_REPORT, is_assignment, recipe, translate};
use crate::miners::{query, split_words, unwrapped, variables};

/// A way to run tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TestCommand {
    /// Runner's name: `pytest`, `unittest`, `django`, `script`.
    pub(super) runner: &'static str,
    /// Program and arguments inside the environment.
    pub(super) argv: Vec<String>,
    /// Folder relative to the root.
    pub(super) cwd: String,
    /// Variables that the documented command sets.
    pub(super) env: BTreeMap<String, String>,
    /// Where it stands.
    pub(super) evidence: Evidence,
}

/// The ways to run a unit's tests, the best first. Empty where the unit has no tests.
pub(super) fn commands(
    repo: &dyn RepoView,
    unit: &Unit,
    manifest: &Manifest,
    layout: &Layout,
    context: &PlanContext<'_>,
) -> Vec<TestCommand> {
    let mut mined = query::resolved_test_commands(context.analysis, unit);
    mined.extend(make_targets(repo, context, unit));
    let mut found = documented(repo, unit, &mined);
    for command in defaults(repo, unit, manifest, layout) {
        if !found.iter().any(|known| known.argv == command.argv && known.cwd == command.cwd) {
            found.push(command);
        }
    }
    found
}

/// The test step of a command. `unit` is its path.
pub(super) fn step(unit: &str, command: &TestCommand, env: &BTreeMap<String, String>) -> Step {
    let mut step = Step::new(
        step_name(unit, "test"),
        &EcosystemId::new("python"),
        unit,
        StepKind::Test,
        format!("run the tests with {}", command.runner),
        Command::Argv(command.argv.clone()),
    );
    step.cwd.clone_from(&command.cwd);
    // Half an hour without an end is a hang; a longer suite is given more by its user.
    step.timeout_seconds = 1800;
    step.env = env.clone();
    step.env.extend(command.env.clone());
    let ours = [
        ("PYTHONPATH", "@{tools}/recorder/python"),
        ("PYTEST_PLUGINS", "repo_runner_recorder"),
        ("PYTEST_ADDOPTS", "--continue-on-collection-errors"),
        ("REPO_RUNNER_REPORTS", "@{reports}"),
    ];
    for (name, value) in ours {
        let separator = if name == "PYTHONPATH" { ":" } else { "," };
        let value = match step.env.get(name).filter(|known| !known.is_empty()) {
            Some(known) if name == "PYTEST_ADDOPTS" => format!("{known} {value}"),
            Some(known) if name.starts_with("PY") => format!("{value}{separator}{known}"),
            _ => value.to_owned(),
        };
        step.env.insert(name.to_owned(), value);
    }
    let (format, report) = match command.runner {
        "nose2" => (ReportFormat::JunitXml, NOSE2_REPORT),
        _ => (ReportFormat::Recorder, "@{reports}/recorder-*.jsonl"),
    };
    step.test =
        Some(TestSpec { runner: command.runner.to_owned(), format, report: report.to_owned() });
    step.evidence.push(command.evidence.clone());
    step
}

/// What a `make check` or `make test` that somebody documents runs, line by line, read from the
/// makefile as it stands: its variables are make's to expand, and lines that need them are left.
fn make_targets(repo: &dyn RepoView, context: &PlanContext<'_>, unit: &Unit) -> Vec<MinedCommand> {
    let mut found = Vec::new();
    for command in query::test_commands(context.analysis, unit) {
        let words = split_words(&command.line);
        let ["make", target] = unwrapped(&words).iter().map(String::as_str).collect::<Vec<_>>()[..]
        else {
            continue;
        };
        let files = ["Makefile", "GNUmakefile", "makefile"].map(|name| join(&command.cwd, name));
        let Some(text) = files.iter().find_map(|path| repo.text(path)) else { continue };
        found.extend(recipe(&text, target).into_iter().map(|line| MinedCommand {
            line: line.trim_start_matches(['@', '-', ' ', '\t']).to_owned(),
            ..command.clone()
        }));
    }
    found
}

fn documented(repo: &dyn RepoView, unit: &Unit, mined: &[MinedCommand]) -> Vec<TestCommand> {
    let mut calls: Vec<(PytestCall, &MinedCommand)> = Vec::new();
    let mut others: Vec<TestCommand> = Vec::new();
    for command in mined.iter().filter(|command| runs_tests(command)) {
        let words = split_words(&command.line);
        let assigned = words.iter().take_while(|word| is_assignment(word)).count();
        let words: Vec<&str> = unwrapped(&words[assigned..]).iter().map(String::as_str).collect();
        let Some((runner, argv)) = translate(repo, &command.cwd, &words) else { continue };
        if runner == "pytest" {
            let call = pytest_words::read(&argv[3..]);
            if call.paths_exist(repo, &command.cwd) {
                calls.push((call, command));
            }
        } else {
            others.push(test_command(runner, argv, command));
        }
    }
    let mut found: Vec<TestCommand> = pytest_command(unit, &calls).into_iter().collect();
    let strongest = others.iter().map(|command| command.evidence.trust).max();
    let pytest = found.first().map(|command| command.evidence.trust);
    // Another runner rules only where it is documented in a stronger place than pytest.
    if strongest > pytest {
        found.splice(0..0, others);
    } else {
        found.extend(others);
    }
    found
}

/// One pytest command from all that are documented: those of the most trusted place whose
/// options agree are joined, the widest choice of tests rules.
fn pytest_command(unit: &Unit, calls: &[(PytestCall, &MinedCommand)]) -> Option<TestCommand> {
    let trust = calls.iter().map(|(_, command)| command.evidence.trust).max()?;
    let best: Vec<&(PytestCall, &MinedCommand)> =
        calls.iter().filter(|(_, command)| command.evidence.trust == trust).collect();
    let (first, source) = best.iter().min_by_key(|(call, _)| call.narrowness())?;
    let mut call = first.clone();
    if !call.paths.is_empty() {
        for (other, command) in &best {
            if command.cwd == source.cwd
                && other.options == call.options
                && other.narrowness() == call.narrowness()
            {
                call.add_paths(&other.paths);
            }
        }
    }
    let mut argv: Vec<String> = ["python", "-m", "pytest"].map(str::to_owned).to_vec();
    argv.extend(call.options.iter().cloned());
    argv.extend(call.paths.iter().cloned());
    let mut command = test_command("pytest", argv, source);
    if command.cwd.is_empty() && !unit.path.is_empty() {
        command.cwd.clone_from(&unit.path);
    }
    Some(command)
}

fn test_command(runner: &'static str, argv: Vec<String>, source: &MinedCommand) -> TestCommand {
    let ours = |name: &str, value: &str| {
        variables::plain_value(value) && variables::ours_to_set(name) && !changes_results(name)
    };
    TestCommand {
        runner,
        argv,
        cwd: source.cwd.clone(),
        env: source
            .env
            .iter()
            .filter(|(k, v)| ours(k, v))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        evidence: source.evidence.clone(),
    }
}

/// Variables of CI itself and of tools that we replace: they change how results look.
fn changes_results(name: &str) -> bool {
    let prefixes =
        ["UV_", "PIP_", "TOX", "NOX", "COVERAGE", "CODECOV", "POETRY_", "PDM_", "HATCH_"];
    matches!(
        name,
        "CI" | "FORCE_COLOR" | "PY_COLORS" | "NO_COLOR" | "TERM" | "PYTHONPATH" | "PATH" | "HOME"
    ) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a mined command is about the unit's tests at all.
fn runs_tests(command: &MinedCommand) -> bool {
    let context = command.context.to_lowercase();
    !["lint", "doc", "bench", "release", "publish", "mypy"]
        .iter()
        .any(|word| context.contains(word))
        && !split_words(&command.line)
            .iter()
            .any(|word| matches!(word.as_str(), "|" | "||" | ";" | "&") || word.starts_with('>'))
}
