//! Replaces calls of task runners by what their scripts run, as far as the facts tell.

use rr_core::{Analysis, FactKey, MinedCommand};

use super::classify::classify;
use super::command_line::{program, simple_commands, split_words, unwrapped};

/// Scripts that call scripts that call scripts: deeper nesting is given as it is.
const DEPTH: u8 = 4;

/// What a command runs in the end. A command that calls no known script is given as it is.
pub(super) fn resolve(analysis: &Analysis, command: &MinedCommand) -> Vec<MinedCommand> {
    let mut found = Vec::new();
    expand(analysis, command, DEPTH, &mut found);
    found
}

fn expand(analysis: &Analysis, command: &MinedCommand, depth: u8, found: &mut Vec<MinedCommand>) {
    let called = if depth == 0 { Vec::new() } else { called_scripts(analysis, command) };
    if called.is_empty() {
        found.push(command.clone());
    }
    for (script, environment) in called {
        for simple in simple_commands(&script.value, &script.folder, &environment) {
            let inner = MinedCommand {
                class: classify(&simple.line),
                line: simple.line,
                cwd: simple.cwd.unwrap_or_else(|| script.folder.clone()),
                env: simple.env,
                context: format!("{} > {}", command.context, script.name),
                evidence: rr_core::Evidence {
                    trust: command.evidence.trust,
                    line: script.evidence.line.map(|line| line + simple.offset),
                    ..script.evidence.clone()
                },
            };
            if inner.line != command.line {
                expand(analysis, &inner, depth - 1, found);
            }
        }
    }
}

struct Called {
    name: String,
    value: String,
    folder: String,
    evidence: rr_core::Evidence,
}

type Environment = std::collections::BTreeMap<String, String>;

fn called_scripts(analysis: &Analysis, command: &MinedCommand) -> Vec<(Called, Environment)> {
    let words = split_words(&command.line);
    let inner = unwrapped(&words);
    let Some(name) = program(&words) else { return Vec::new() };
    // A known tool kept in the tree (`./gradlew`, `bin/bats`) is not taken apart.
    if super::program_ecosystem::ecosystem_of(&command.line).is_none()
        && let Some(script) = shell_script(analysis, command)
    {
        return vec![(script, command.env.clone())];
    }
    let Some(call) = task_call(analysis, &name, inner, words.len() > inner.len()) else {
        return Vec::new();
    };
    let folder = match call.folder {
        Some(to) => super::command_line::join(&command.cwd, to),
        None => Some(command.cwd.clone()),
    };
    let Some(folder) = folder else { return Vec::new() };
    call.targets
        .iter()
        .filter_map(|target| find(analysis, &folder, call.files, target, command))
        .collect()
}

/// A call of a task runner: the files that may hold the task, the tasks, the folder it names.
struct TaskCall<'a> {
    files: &'static [&'static str],
    targets: Vec<String>,
    folder: Option<&'a str>,
}

fn task_call<'a>(
    analysis: &Analysis,
    name: &str,
    inner: &'a [String],
    wrapped: bool,
) -> Option<TaskCall<'a>> {
    let call = |files, targets| TaskCall { files, targets, folder: None };
    Some(match name {
        "make" | "gmake" => {
            let targets = plain(inner);
            let targets = if targets.is_empty() { vec!["all".to_owned()] } else { targets };
            let folder = option(inner, "-C");
            TaskCall { files: &["Makefile", "makefile", "GNUmakefile"], targets, folder }
        }
        "npm" | "pnpm" | "yarn" | "bun" => {
            let folder = ["--prefix", "-C", "--cwd", "--dir"].iter().find_map(|o| option(inner, o));
            TaskCall { files: &["package.json"], targets: vec![node_script(name, inner)?], folder }
        }
        "mage" => call(&["magefile.go"], lower(&plain(inner))),
        // Mage's own starter, which needs no `mage` on the path.
        "go" if inner.get(1).is_some_and(|word| word == "run")
            && inner.get(2).is_some_and(|word| word.ends_with("mage.go")) =>
        {
            call(&["magefile.go"], lower(&plain(&inner[2..])))
        }
        "just" => call(&["justfile", "Justfile", ".justfile"], plain(inner)),
        "task" => call(&["Taskfile.yml", "Taskfile.yaml"], plain(inner)),
        "tox" => {
            let chosen = option(inner, "-e").unwrap_or("testenv");
            let files = &["tox.ini", "pyproject.toml", "setup.cfg"];
            call(files, vec![tox_section(analysis, chosen)])
        }
        "nox" => {
            let chosen = option(inner, "-s").or_else(|| option(inner, "--session"));
            let targets = chosen.map_or_else(
                || vec!["tests".to_owned(), "test".to_owned()],
                |s| vec![s.split('-').next().unwrap_or(s).to_owned(), s.to_owned()],
            );
            call(&["noxfile.py"], targets)
        }
        "hatch" | "poe" => {
            let words = plain(inner);
            let words = words.strip_prefix(&["run".to_owned()]).unwrap_or(&words);
            call(&["pyproject.toml"], words.iter().take(1).cloned().collect())
        }
        // `pdm run NAME`, `rye run NAME`: the wrapper is gone already.
        name if wrapped => call(&["pyproject.toml"], vec![name.to_owned()]),
        _ => return None,
    })
}

/// The script that `npm test`, `npm run NAME`, `yarn NAME` call.
fn node_script(name: &str, inner: &[String]) -> Option<String> {
    let words = plain(inner);
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run" | "run-script", script, ..] => Some(script.to_owned()),
        ["test" | "t", ..] if name != "bun" => Some("test".to_owned()),
        ["start", ..] => Some("start".to_owned()),
        [script, ..] if name == "yarn" || name == "pnpm" => Some(script.to_owned()),
        _ => None,
    }
}

/// The script of the tree that a command calls by its path, where it was read.
fn shell_script(analysis: &Analysis, command: &MinedCommand) -> Option<Called> {
    let path = super::shell_scripts::called(&command.line, &command.cwd)?;
    let fact = analysis.facts.iter().find(|fact| {
        fact.evidence.path == path && matches!(&fact.key, FactKey::Script(name) if *name == path)
    })?;
    Some(Called {
        name: path,
        value: fact.value.clone(),
        folder: command.cwd.clone(),
        evidence: fact.evidence.clone(),
    })
}

fn find(
    analysis: &Analysis,
    folder: &str,
    files: &[&str],
    target: &str,
    command: &MinedCommand,
) -> Option<(Called, Environment)> {
    let fact = analysis.facts.iter().find(|fact| {
        matches!(&fact.key, FactKey::Script(name) if name == target)
            && files.iter().any(|file| {
                let path = &fact.evidence.path;
                path.strip_suffix(file)
                    .is_some_and(|rest| rest.strip_suffix('/').unwrap_or(rest) == folder)
            })
    })?;
    let called = Called {
        name: target.to_owned(),
        value: fact.value.clone(),
        folder: folder.to_owned(),
        evidence: fact.evidence.clone(),
    };
    Some((called, command.env.clone()))
}

/// tox runs `py312` from `[testenv:py312]` or, without one, from `[testenv]`.
fn tox_section(analysis: &Analysis, chosen: &str) -> String {
    let first = chosen.split(',').next().unwrap_or(chosen);
    let own = analysis.facts.iter().any(|fact| fact.key == FactKey::Script(first.to_owned()));
    if own { first.to_owned() } else { "testenv".to_owned() }
}

fn lower(words: &[String]) -> Vec<String> {
    words.iter().map(|word| word.to_ascii_lowercase()).collect()
}

fn option<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| word == name)?;
    words.get(at + 1).map(String::as_str)
}

fn plain(words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--" | "|" => break,
            "-C" | "-f" | "-o" | "--prefix" | "--filter" | "-w" | "--cwd" | "--dir" => {
                rest.next();
            }
            word if word.starts_with('-') || word.contains('=') => {}
            word => found.push(word.to_owned()),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::miners::mine;
    use rr_core::MemoryRepo;

    fn resolved(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let workflow = ".github/workflows/ci.yml";
        let repo = MemoryRepo::new(files.iter().map(|(path, text)| match *path {
            "run" => (workflow, format!("jobs: {{t: {{steps: [{{run: '{text}'}}]}}}}")),
            path => (path, (*text).to_owned()),
        }));
        let mined = mine(&repo);
        let analysis =
            Analysis { commands: mined.commands, facts: mined.facts, ..Analysis::default() };
        let first = analysis.commands.iter().find(|c| c.evidence.path == workflow);
        let inner = first.map(|command| resolve(&analysis, command)).unwrap_or_default();
        inner.into_iter().map(|command| (command.line, command.cwd)).collect()
    }

    fn at(line: &str, cwd: &str) -> Vec<(String, String)> {
        vec![(line.to_owned(), cwd.to_owned())]
    }

    #[test]
    fn calls_are_followed_to_what_runs() {
        let make = ("Makefile", "test:\n\t$(MAKE) -C sub check\n");
        let sub = ("sub/Makefile", "check:\n\t./run.sh\n");
        let script = ("sub/run.sh", "#!/bin/sh\nset -e\npytest -q\n");
        let found = resolved(&[("run", "make test"), make, sub, script]);
        assert_eq!(found[found.len() - 1], at("pytest -q", "sub")[0]);
        let package =
            ("web/package.json", r#"{"scripts": {"test": "jest", "ci": "npm run test"}}"#);
        assert_eq!(resolved(&[("run", "npm --prefix web run ci"), package]), at("jest", "web"));
        let tox = ("tox.ini", "[testenv]\ncommands = pytest {posargs:tests}\n");
        assert_eq!(resolved(&[("run", "tox -e py312"), tox]), at("pytest tests", ""));
    }

    #[test]
    fn calls_that_go_in_circles_end() {
        let package = ("package.json", r#"{"scripts": {"a": "yarn b", "b": "yarn a"}}"#);
        assert_eq!(resolved(&[("run", "yarn a"), package]).len(), 1);
    }
}
