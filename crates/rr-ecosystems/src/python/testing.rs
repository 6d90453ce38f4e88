//! Which command runs a unit's tests: the documented one translated into our environment, or
//! what the files themselves suggest.

use std::collections::BTreeMap;

use rr_core::{
    Command, EcosystemId, Evidence, MinedCommand, PlanContext, RepoView, ReportFormat, Step,
    StepKind, TestSpec, Trust, Unit,
};

use super::layout::Layout;
use super::manifest::Manifest;
use super::names::step_name;
use super::paths::{file_name, join, parent, relative};
use super::pytest_words::{self, PytestCall};
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
    step.test = Some(TestSpec {
        runner: command.runner.to_owned(),
        format: ReportFormat::Recorder,
        report: "@{reports}/recorder-*.jsonl".to_owned(),
    });
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

/// The recipe lines of a makefile's target.
fn recipe<'a>(makefile: &'a str, target: &str) -> Vec<&'a str> {
    let mut lines = makefile.lines().skip_while(|line| {
        let head = line.split_once(':').filter(|(_, rest)| !rest.starts_with('='));
        line.starts_with('\t')
            || !head.is_some_and(|(names, _)| names.split(' ').any(|n| n == target))
    });
    lines.next();
    lines.take_while(|line| line.starts_with('\t') || line.trim().is_empty()).collect()
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

/// A documented command as runner and argument vector inside our environment; `None` where it is
/// nothing that we may run.
pub(super) fn translate(
    repo: &dyn RepoView,
    cwd: &str,
    words: &[&str],
) -> Option<(&'static str, Vec<String>)> {
    let mut words = words.to_vec();
    if matches!(
        words.first(),
        Some(&("$(PYTHON)" | "${PYTHON}" | "$PYTHON" | "{envpython}" | "{env_python}"))
    ) {
        words[0] = "python";
    }
    let words: Vec<&str> =
        words.iter().copied().filter(|word| !word.is_empty() && !is_placeholder(word)).collect();
    let python = |rest: &[&str]| -> Vec<String> {
        std::iter::once("python").chain(rest.iter().copied()).map(str::to_owned).collect()
    };
    let (first, rest) = words.split_first()?;
    if words.iter().any(|word| word.contains(['$', '{', '}'])) {
        return None;
    }
    match file_name(first) {
        "pytest" | "py.test" => Some(("pytest", python(&[&["-m", "pytest"], rest].concat()))),
        // nose is gone and nose2 has a result class of its own; pytest runs what they ran.
        "nosetests" | "nose2" => Some(("pytest", python(&["-m", "pytest"]))),
        "trial" | "stestr" | "zope-testrunner" | "green" => {
            Some(("unittest", words.iter().map(|word| (*word).to_owned()).collect()))
        }
        "flask" if rest.first() == Some(&"test") => {
            Some(("script", words.iter().map(|word| (*word).to_owned()).collect()))
        }
        "django-admin" if rest.first() == Some(&"test") => {
            Some(("django", words.iter().map(|word| (*word).to_owned()).collect()))
        }
        "manage.py" => translate(repo, cwd, &[&["python"], words.as_slice()].concat()),
        name if name.starts_with("python") || name == "pypy" => translate_python(repo, cwd, rest),
        name if name.ends_with(".py") && repo.has(&join(cwd, first)) => {
            Some(("script", python(&words)))
        }
        _ => None,
    }
}

fn translate_python(
    repo: &dyn RepoView,
    cwd: &str,
    rest: &[&str],
) -> Option<(&'static str, Vec<String>)> {
    let rest: Vec<&str> = rest.to_vec();
    let flags = rest
        .iter()
        .take_while(|word| word.starts_with('-') && **word != "-m" && **word != "-c")
        .count();
    let (flags, main) = rest.split_at(flags);
    let python = |words: &[&str]| -> Vec<String> {
        std::iter::once("python").chain(words.iter().copied()).map(str::to_owned).collect()
    };
    match main {
        ["-m", "pytest" | "py.test", rest @ ..] => {
            Some(("pytest", python(&[&["-m", "pytest"], rest].concat())))
        }
        ["-m", "nose" | "nose2", ..] => Some(("pytest", python(&["-m", "pytest"]))),
        ["-m", "unittest", rest @ ..] => {
            let rest: Vec<&str> =
                rest.iter().copied().filter(|w| !matches!(*w, "-f" | "--failfast")).collect();
            Some(("unittest", python(&[flags, &["-m", "unittest"], &rest].concat())))
        }
        ["-m", "django", "test", ..] => Some(("django", python(main))),
        ["-m", "twisted.trial" | "testtools.run" | "unittest2", ..] => {
            Some(("unittest", python(main)))
        }
        ["-m", module, ..] => {
            let inside = module.replace('.', "/");
            let own = [format!("{inside}.py"), format!("{inside}/__main__.py")];
            let named = module.contains("test");
            let exists = own.iter().any(|path| repo.has(&join(cwd, path)));
            (named && exists).then(|| ("script", python(&rest)))
        }
        ["setup.py", "test", ..] => Some(("pytest", python(&["-m", "pytest"]))),
        ["-c", code, ..] => code.contains("unittest").then(|| ("unittest", python(&rest))),
        [script, arguments @ ..] if script.ends_with(".py") && repo.has(&join(cwd, script)) => {
            if file_name(script) == "manage.py" {
                return (arguments.first() == Some(&"test"))
                    .then(|| ("django", django_words(script, arguments)));
            }
            driven(repo, &join(cwd, script)).or_else(|| Some(("script", python(&rest))))
        }
        _ => None,
    }
}

/// The pytest call in a script that only hands on to pytest, and drops its exit status:
/// `os.system("pytest --cov=./ test/")`.
fn driven(repo: &dyn RepoView, script: &str) -> Option<(&'static str, Vec<String>)> {
    let text = repo.text(script)?;
    if !text.contains("os.system(") && !text.contains("subprocess.") {
        return None;
    }
    let call = text.split(['"', '\'']).map(str::trim).find(|part| part.starts_with("pytest "))?;
    let words = ["python", "-m"].into_iter().chain(call.split_whitespace());
    Some(("pytest", words.map(str::to_owned).collect()))
}

/// Django's test command without options that change the shape of a run.
fn django_words(script: &str, arguments: &[&str]) -> Vec<String> {
    let dropped = |word: &&&str| !word.starts_with("--parallel") && **word != "--failfast";
    let kept = arguments.iter().filter(dropped).copied();
    let interactive = !arguments.contains(&"--noinput") && !arguments.contains(&"--no-input");
    ["python", script]
        .into_iter()
        .chain(kept)
        .chain(interactive.then_some("--noinput"))
        .map(str::to_owned)
        .collect()
}

/// `NAME=value` before a command.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit())
    })
}

/// tox's and make's holes for the caller's own arguments: `{posargs}`, `$(ARGS)`, `{posargs:tests}`.
fn is_placeholder(word: &str) -> bool {
    (word.starts_with("{posargs") && word.ends_with('}'))
        || (word.starts_with("$(") && word.ends_with(')'))
        || word == "$@"
        || word == "\"$@\""
}

/// What the files suggest where nothing is documented, or where the documented command fails.
fn defaults(
    repo: &dyn RepoView,
    unit: &Unit,
    manifest: &Manifest,
    layout: &Layout,
) -> Vec<TestCommand> {
    let mut found = Vec::new();
    let place = |path: &str, rule: &str| Evidence::at(path, rule, Trust::Manifest);
    let mut add = |runner, words: &[&str], evidence| {
        found.push(TestCommand {
            runner,
            argv: words.iter().map(|word| (*word).to_owned()).collect(),
            cwd: unit.path.clone(),
            env: BTreeMap::new(),
            evidence,
        });
    };
    let signs = Signs::of(repo, unit, manifest, layout);
    let manage = layout_file(repo, unit, "manage.py");
    if let Some(config) = &manifest.pytest {
        add("pytest", &["python", "-m", "pytest"], config.evidence.clone());
    } else if let Some(path) = &signs.pytest {
        add("pytest", &["python", "-m", "pytest"], place(path, "python.pytest-import"));
    }
    if let (Some(script), Some(path)) = (&manage, &signs.django) {
        let inside = relative(&unit.path, script);
        add("django", &["python", inside, "test", "--noinput"], place(path, "python.django-tests"));
    }
    for name in ["runtests.py", "run_tests.py", "tests/runtests.py", "test.py", "tests.py"] {
        let path = join(&unit.path, name);
        if is_runner(repo, &path) {
            add("script", &["python", name], place(&path, "python.own-runner"));
        }
    }
    if let Some(path) = layout.tests.first() {
        let outside_names = layout.tests.iter().all(|path| !pytest_name(file_name(path)));
        if outside_names {
            let pattern = "python_files=test*.py *_test.py *tests.py tests/*.py test/*.py";
            add(
                "pytest",
                &["python", "-m", "pytest", "-o", pattern],
                place(path, "python.test-files"),
            );
        } else {
            add("pytest", &["python", "-m", "pytest"], place(path, "python.test-files"));
        }
        if signs.unittest {
            let folder = relative(&unit.path, parent(path));
            let start = folder.split('/').next().filter(|f| !f.is_empty()).unwrap_or(".");
            add(
                "unittest",
                &["python", "-m", "unittest", "discover", "-s", start, "-t", "."],
                place(path, "python.unittest"),
            );
        }
    }
    let mut unique: Vec<TestCommand> = Vec::new();
    for command in found {
        if !unique.iter().any(|known| known.argv == command.argv) {
            unique.push(command);
        }
    }
    unique
}

/// Whether pytest collects a file of this name by itself.
fn pytest_name(name: &str) -> bool {
    name.starts_with("test_") || name.ends_with("_test.py")
}

/// A script at the unit's top that runs its tests itself.
fn is_runner(repo: &dyn RepoView, path: &str) -> bool {
    repo.text(path).is_some_and(|text| {
        let runs =
            ["unittest.main(", "TextTestRunner", "pytest.main(", "run_tests(", "runner.run("];
        text.contains("__main__") && runs.iter().any(|word| text.contains(word))
    })
}

fn layout_file(repo: &dyn RepoView, unit: &Unit, name: &str) -> Option<String> {
    let direct = join(&unit.path, name);
    if repo.has(&direct) {
        return Some(direct);
    }
    repo.below(&unit.path)
        .iter()
        .filter(|entry| file_name(&entry.path) == name)
        .map(|entry| entry.path.clone())
        .find(|path| relative(&unit.path, path).matches('/').count() == 1)
}

/// Which frameworks the test files use.
struct Signs {
    pytest: Option<String>,
    unittest: bool,
    django: Option<String>,
}

impl Signs {
    fn of(repo: &dyn RepoView, unit: &Unit, manifest: &Manifest, layout: &Layout) -> Self {
        let mut signs = Self { pytest: None, unittest: false, django: None };
        let conftest = ["conftest.py", "tests/conftest.py", "test/conftest.py"];
        signs.pytest =
            conftest.iter().map(|name| join(&unit.path, name)).find(|path| repo.has(path));
        for path in layout.tests.iter().take(300) {
            let Some(text) = repo.text(path) else { continue };
            if signs.pytest.is_none() && text.contains("import pytest") {
                signs.pytest = Some(path.clone());
            }
            signs.unittest |= text.contains("unittest");
            if signs.django.is_none() && text.contains("django.test") {
                signs.django = Some(path.clone());
            }
        }
        if signs.pytest.is_none() && !layout.tests.is_empty() {
            let named = manifest.all_requirements().any(|line| line.starts_with("pytest"));
            signs.pytest = named.then(|| manifest.files.first().cloned()).flatten();
        }
        signs
    }
}

#[cfg(test)]
#[path = "testing_tests.rs"]
mod tests;
