//! `test.select` and `test.exclude` in the words of each test runner.

use rr_core::command::quote;
use rr_core::{
    Command, EngineError, EngineErrorKind, Override, OverrideField, RepoView, RunPlan, Step,
    StepKind,
};

/// Adds the selection to every test step.
pub(super) fn change(
    repo: &dyn RepoView,
    plan: &mut RunPlan,
    change: &Override,
) -> Result<(), EngineError> {
    let excludes = change.field == OverrideField::ExcludeTests;
    let mut reached = Vec::new();
    for step in plan.steps.iter_mut().filter(|step| step.kind == StepKind::Test) {
        let runner = step.test.as_ref().map_or(String::new(), |test| test.runner.clone());
        let words = words(&runner, &change.values, excludes);
        let Some(_added) = words.filter(|words| add(repo, step, &runner, words.clone(), excludes))
        else {
            return Err(unknown(change, &runner));
        };
        step.evidence.splice(0..0, change.evidence.clone());
        reached.push(step.id.to_string());
    }
    let verb = if excludes { "leaves out" } else { "selects" };
    let file = change.evidence.first().map_or("", |evidence| evidence.path.as_str());
    let values = change.values.join(", ");
    let steps = if reached.is_empty() { "no test step".to_owned() } else { reached.join(", ") };
    plan.notes.push(format!("`{file}` {verb} tests ({steps}): {values}"));
    Ok(())
}

fn unknown(change: &Override, runner: &str) -> EngineError {
    let place = change.evidence.first();
    let (path, line) = place.map_or(("", 0), |e| (e.path.as_str(), e.line.unwrap_or_default()));
    let message = format!("`{path}` line {line}: no way is known to choose tests of `{runner}`");
    EngineError::new(EngineErrorKind::Refused, message)
        .with_hint("say the whole command with `test.replace`")
}

/// The runner's words for a choice; `None` where it has none.
fn words(runner: &str, values: &[String], excludes: bool) -> Option<Vec<String>> {
    let (paths, names): (Vec<&String>, Vec<&String>) =
        values.iter().partition(|value| is_path(value));
    let each = |flag: &str, of: &[&String]| -> Vec<String> {
        of.iter().flat_map(|value| [flag.to_owned(), (*value).clone()]).collect()
    };
    let joined = |of: &[&String], with: &str| {
        of.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(with)
    };
    let plain = |of: &[&String]| -> Vec<String> { of.iter().map(|v| (*v).clone()).collect() };
    let one = |flag: &str, of: &[&String]| -> Vec<String> {
        if of.is_empty() { Vec::new() } else { vec![flag.to_owned(), joined(of, "|")] }
    };
    Some(match (runner, excludes) {
        ("pytest", true) => {
            let path = |value: &&String| {
                let flag = if value.contains("::") { "deselect" } else { "ignore" };
                format!("--{flag}={value}")
            };
            let mut words: Vec<String> = paths.iter().map(path).collect();
            if !names.is_empty() {
                words.extend(["-k".to_owned(), format!("not ({})", joined(&names, " or "))]);
            }
            words
        }
        ("pytest", false) => {
            let mut words = plain(&paths);
            if !names.is_empty() {
                words.extend(["-k".to_owned(), joined(&names, " or ")]);
            }
            words
        }
        ("unittest", false) if paths.is_empty() => each("-k", &names),
        ("go-test", true) if paths.is_empty() => vec![format!("-skip={}", joined(&names, "|"))],
        ("go-test", false) if paths.is_empty() => vec![format!("-run={}", joined(&names, "|"))],
        ("cargo-test", true) => each("--skip", &values.iter().collect::<Vec<_>>()),
        ("cargo-test", false) => values.to_vec(),
        ("jest", true) if names.is_empty() => each("--testPathIgnorePatterns", &paths),
        ("vitest", true) if names.is_empty() => each("--exclude", &paths),
        ("jest" | "vitest", false) => [plain(&paths), one("-t", &names)].concat(),
        ("mocha", true) if names.is_empty() => each("--ignore", &paths),
        ("mocha", true) if paths.is_empty() => {
            [one("--grep", &names), vec!["--invert".to_owned()]].concat()
        }
        ("mocha", false) => [plain(&paths), one("--grep", &names)].concat(),
        ("node:test", true) if paths.is_empty() => each("--test-skip-pattern", &names),
        ("node:test", false) if paths.is_empty() => each("--test-name-pattern", &names),
        ("ctest", true) => vec!["-E".to_owned(), values.join("|")],
        ("ctest", false) => vec!["-R".to_owned(), values.join("|")],
        ("maven", true) if paths.is_empty() => vec![format!("-Dtest=!{}", joined(&names, ",!"))],
        ("maven", false) if paths.is_empty() => vec![format!("-Dtest={}", joined(&names, ","))],
        ("gradle", false) if paths.is_empty() => each("--tests", &names),
        _ => return None,
    })
}

/// Whether a value names a file or folder, not a test.
fn is_path(value: &str) -> bool {
    let file = value.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    let ending =
        |(_, e): (&str, &str)| matches!(e, "py" | "js" | "ts" | "mjs" | "cjs" | "jsx" | "tsx");
    value.contains('/') || file.is_some_and(ending) || value.contains(".py::")
}

/// Puts the words where the step's runner reads them; `false` where the line is none to add to.
fn add(
    repo: &dyn RepoView,
    step: &mut Step,
    runner: &str,
    words: Vec<String>,
    excludes: bool,
) -> bool {
    let cwd = step.cwd.clone();
    match &mut step.command {
        Command::Argv(line) => {
            if runner == "pytest" && !excludes && words.first().is_some_and(|w| is_path(w)) {
                // What is selected stands in place of the paths that were there.
                line.retain(|word| !names_tests(repo, &cwd, word));
            }
            let at = match runner {
                "go-test" => line.iter().position(|word| word == "--"),
                "cargo-test" => {
                    if !line.iter().any(|word| word == "--") {
                        line.push("--".to_owned());
                    }
                    None
                }
                "node:test" => line.iter().position(|w| w == "--test").map(|at| at + 1),
                _ => None,
            };
            let at = at.unwrap_or(line.len());
            line.splice(at..at, words);
        }
        Command::Shell(line) => {
            let last = line.lines().last().unwrap_or_default();
            if last.contains(['|', ';', '&', '>', '<', '#']) {
                return false;
            }
            let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
            let dashes = if runner == "cargo-test" && !last.contains(" -- ") { " --" } else { "" };
            if runner == "node:test" {
                *line = line.replacen(" --test", &format!(" {} --test", quoted.join(" ")), 1);
            } else {
                *line = format!("{}{dashes} {}", line.trim_end(), quoted.join(" "));
            }
        }
    }
    true
}

/// Whether a word of a command is a place in the tree.
fn names_tests(repo: &dyn RepoView, cwd: &str, word: &str) -> bool {
    let word = word.trim_start_matches("./").trim_end_matches('/');
    let path = if cwd.is_empty() { word.to_owned() } else { format!("{cwd}/{word}") };
    !word.is_empty() && !word.starts_with('-') && (repo.has(&path) || !repo.below(&path).is_empty())
}
