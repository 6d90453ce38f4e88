//! Steps for a shell program: parse every script, run the entry point, run the suite.

use rr_core::{
    Command, CommandClass, EcosystemId, Evidence, FileKind, HealthProbe, MinedCommand, PlanContext,
    ProbeKind, RepoView, ReportFormat, Step, StepKind, SystemPackage, TestSpec, Trust, Unit,
    UnitPlan,
};

use super::detect;
use crate::miners::{query, split_words};
use crate::places::decoy_role;

/// Most scripts whose syntax is checked.
const CHECKED: usize = 200;

/// The plan of the unit.
pub(super) fn plan(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
    let id = EcosystemId::new("shell");
    let mut plan = UnitPlan::default();
    plan.steps.extend(check(repo, unit, &id));
    plan.steps.extend(start(repo, unit, &id));
    match test(repo, unit, context, &id, &mut plan.system_packages) {
        Some(step) => plan.steps.push(step),
        None => plan.notes.push("no shell tests were found".to_owned()),
    }
    plan
}

/// `bash -n` over the scripts proves that what is there parses.
fn check(repo: &dyn RepoView, unit: &Unit, id: &EcosystemId) -> Option<Step> {
    let scripts: Vec<&str> = repo
        .files()
        .iter()
        .filter(|entry| entry.kind != FileKind::Link)
        .map(|entry| entry.path.as_str())
        .filter(|path| path.ends_with(".sh") || path.ends_with(".bash"))
        .filter(|path| decoy_role(path.rsplit_once('/').map_or("", |(folder, _)| folder)).is_none())
        .take(CHECKED)
        .collect();
    let programs = detect::programs(repo);
    let mut all: Vec<&str> = programs.iter().map(String::as_str).collect();
    all.extend(scripts.into_iter().filter(|path| !programs.iter().any(|p| p == path)));
    if all.is_empty() {
        return None;
    }
    let quoted: Vec<String> = all.iter().map(|path| rr_core::command::quote(path)).collect();
    let line = format!("for script in {}; do bash -n \"$script\"; done", quoted.join(" "));
    let title = format!("parse {} scripts", all.len());
    let step =
        Step::new("shell.check", id, &unit.path, StepKind::Check, title, Command::shell(line));
    Some(step.because(Evidence::at(all[0], "shell.scripts", Trust::Default)))
}

/// Scripts by which a repository is started, whatever mode they have.
const STARTS: [&str; 4] = ["start.sh", "entrypoint.sh", "main.sh", "run.sh"];

/// Runs the program with an option that it documents and that ends by itself.
fn start(repo: &dyn RepoView, unit: &Unit, id: &EcosystemId) -> Option<Step> {
    if let Some(script) = STARTS.into_iter().find(|name| repo.has(name)) {
        let shell = repo.text(script).map_or("bash", |text| detect::interpreter(&text));
        let command = Command::argv([shell, script]);
        let title = format!("run `{script}`");
        let mut step = Step::new("shell.start", id, &unit.path, StepKind::Start, title, command);
        let kind = ProbeKind::Program { paths: vec!["/".to_owned()] };
        step.probe = Some(HealthProbe { kind, expected_port: None, start_seconds: 15 });
        return Some(step.because(Evidence::at(script, "shell.start-script", Trust::Default)));
    }
    let programs = detect::programs(repo);
    let (program, option) = programs
        .iter()
        .find_map(|path| {
            let text = repo.text(path)?;
            let option = ["--version", "--help", "-h"].into_iter().find(|o| text.contains(o))?;
            Some((path, option))
        })
        .or_else(|| {
            // The entry script often only calls another one that reads the options.
            let first = programs.first()?;
            let documented = repo.children("").into_iter().any(|entry| {
                let readme = entry.path.to_ascii_lowercase().starts_with("readme");
                readme && repo.text(&entry.path).is_some_and(|text| text.contains("--version"))
            });
            Some((first, if documented { "--version" } else { "--help" }))
        })?;
    let command = Command::argv([format!("./{program}"), option.to_owned()]);
    let title = format!("run `{program} {option}`");
    let mut step = Step::new("shell.start", id, &unit.path, StepKind::Start, title, command);
    step.probe =
        Some(HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 30 });
    Some(step.because(Evidence::at(program, "shell.program", Trust::Default)))
}

fn test(
    repo: &dyn RepoView,
    unit: &Unit,
    context: &PlanContext<'_>,
    id: &EcosystemId,
    packages: &mut Vec<SystemPackage>,
) -> Option<Step> {
    let mined = query::test_command_of(context.analysis, unit, &["bats"]);
    let mined = mined.filter(|(words, _)| !words.iter().any(|word| word.contains("fixtures")));
    if mined.is_some() || detect::bats_files(repo).next().is_some() {
        return Some(bats(repo, unit, mined, id, packages));
    }
    let command = own_script(context, unit).or_else(|| suite_script(repo, unit))?;
    let title = format!("run `{}`", command.line);
    let line = Command::shell(command.line.clone());
    let mut step = Step::new("shell.test", id, &unit.path, StepKind::Test, title, line);
    step.cwd.clone_from(&command.cwd);
    step.env.clone_from(&command.env);
    step.test = Some(TestSpec {
        runner: "script".to_owned(),
        format: ReportFormat::ExitStatus,
        report: "-".to_owned(),
    });
    Some(step.because(command.evidence))
}

/// bats with a TAP report of its own, apart from what the tests print.
fn bats(
    repo: &dyn RepoView,
    unit: &Unit,
    mined: Option<(Vec<String>, MinedCommand)>,
    id: &EcosystemId,
    packages: &mut Vec<SystemPackage>,
) -> Step {
    let program = mined
        .iter()
        .find_map(|(words, _)| words.iter().find(|w| w.ends_with("/bats")))
        .filter(|path| repo.has(path.trim_start_matches("./")))
        .cloned()
        .or_else(|| bundled(repo))
        .unwrap_or_else(|| "bats".to_owned());
    if program == "bats" {
        let evidence = vec![Evidence::at("", "shell.bats", Trust::Default)];
        packages.push(SystemPackage { name: "bats".to_owned(), evidence });
    }
    let targets = targets(repo, mined.as_ref().map(|(words, _)| words.as_slice()));
    let mut words = vec![program, "--report-formatter".to_owned(), "tap".to_owned()];
    words.extend(["--output".to_owned(), "@{reports}".to_owned()]);
    if targets.iter().any(|target| nested(repo, target)) {
        words.push("--recursive".to_owned());
    }
    words.extend(targets);
    let title = "run the tests with bats";
    let mut step =
        Step::new("shell.test", id, &unit.path, StepKind::Test, title, Command::argv(words));
    step.test = Some(TestSpec {
        runner: "bats".to_owned(),
        format: ReportFormat::Tap,
        report: "@{reports}/*.tap".to_owned(),
    });
    match mined {
        Some((_, command)) => step.because(command.evidence),
        None => step.because(Evidence::at("", "shell.bats", Trust::Default)),
    }
}

/// A copy of bats inside the tree, usually a submodule.
fn bundled(repo: &dyn RepoView) -> Option<String> {
    let found = repo.files().iter().find(|entry| entry.path.ends_with("bin/bats"))?;
    Some(format!("./{}", found.path))
}

/// What the mined command tests, where that is in the tree; else the folders of the suite.
fn targets(repo: &dyn RepoView, words: Option<&[String]>) -> Vec<String> {
    let is_target = |word: &&String| {
        let path = word.trim_start_matches("./").trim_end_matches('/');
        path.ends_with(".bats") && repo.has(path)
            || !path.is_empty() && repo.below(path).iter().any(|file| file.path.ends_with(".bats"))
    };
    let named: Vec<String> =
        words.unwrap_or_default().iter().skip(1).filter(is_target).cloned().collect();
    if !named.is_empty() {
        return named;
    }
    let mut folders: Vec<String> = detect::bats_files(repo)
        .map(|entry| entry.path.split_once('/').map_or(".", |(top, _)| top).to_owned())
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Whether the suite has files below the target's subfolders.
fn nested(repo: &dyn RepoView, target: &str) -> bool {
    let folder = target.trim_start_matches("./").trim_end_matches('/');
    let folder = if folder == "." { "" } else { folder };
    let skip = if folder.is_empty() { 0 } else { folder.len() + 1 };
    detect::bats_files(repo)
        .filter(|entry| folder.is_empty() || entry.path.starts_with(&format!("{folder}/")))
        .any(|entry| entry.path[skip..].contains('/'))
}

/// The test command that the repository documents, where it is a script of its own or a target.
fn own_script(context: &PlanContext<'_>, unit: &Unit) -> Option<MinedCommand> {
    let mined = query::test_commands(context.analysis, unit).into_iter().find(|command| {
        let words = split_words(&command.line);
        let first = words.first().map_or("", String::as_str);
        !command.line.contains('$')
            && (first.contains('/') || matches!(first, "make" | "bash" | "sh" | "prove"))
    });
    mined.cloned().or_else(|| {
        let script = query::script(context.analysis, &unit.path, "Makefile", "test")?;
        Some(MinedCommand {
            line: "make test".to_owned(),
            class: CommandClass::Test,
            cwd: unit.path.clone(),
            env: std::collections::BTreeMap::new(),
            context: "Makefile".to_owned(),
            evidence: script.evidence.clone(),
        })
    })
}

/// Scripts by which a suite is run where nothing documents one.
const SUITES: [&str; 12] = [
    "test.sh",
    "tests.sh",
    "run-tests.sh",
    "run_tests.sh",
    "runtests.sh",
    "tests/run.sh",
    "test/run.sh",
    "tests/run-tests.sh",
    "tests/run_tests.sh",
    "tests/test.sh",
    "test/test.sh",
    "test/run-tests.sh",
];

/// A script whose name says that it runs the suite, from the root.
fn suite_script(repo: &dyn RepoView, unit: &Unit) -> Option<MinedCommand> {
    let script = SUITES.into_iter().find(|name| repo.has(name))?;
    let shell = repo.text(script).map_or("bash", |text| detect::interpreter(&text));
    Some(MinedCommand {
        line: format!("{shell} {script}"),
        class: CommandClass::Test,
        cwd: unit.path.clone(),
        env: std::collections::BTreeMap::new(),
        context: script.to_owned(),
        evidence: Evidence::at(script, "shell.suite-script", Trust::Default),
    })
}
