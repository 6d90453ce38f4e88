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
    let (files, targets, folder) = match name.as_str() {
        "make" | "gmake" => {
            let folder = option(inner, "-C").map_or_else(
                || Some(command.cwd.clone()),
                |to| super::command_line::join(&command.cwd, to),
            );
            let targets = plain(inner);
            let targets = if targets.is_empty() { vec!["all".to_owned()] } else { targets };
            (&["Makefile", "makefile", "GNUmakefile"][..], targets, folder)
        }
        "npm" | "pnpm" | "yarn" | "bun" => {
            let words = plain(inner);
            let script = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["run" | "run-script", script, ..] => script.to_owned(),
                ["test" | "t", ..] if name != "bun" => "test".to_owned(),
                ["start", ..] => "start".to_owned(),
                [script, ..] if name == "yarn" || name == "pnpm" => script.to_owned(),
                _ => return Vec::new(),
            };
            (&["package.json"][..], vec![script], Some(command.cwd.clone()))
        }
        "just" => (&["justfile", "Justfile", ".justfile"][..], plain(inner), here(command)),
        "task" => (&["Taskfile.yml", "Taskfile.yaml"][..], plain(inner), here(command)),
        "tox" => {
            let chosen = option(inner, "-e").unwrap_or("testenv");
            let targets = vec![tox_section(analysis, chosen)];
            (&["tox.ini", "pyproject.toml", "setup.cfg"][..], targets, here(command))
        }
        "nox" => {
            let chosen = option(inner, "-s").or_else(|| option(inner, "--session"));
            let targets = chosen.map_or_else(
                || vec!["tests".to_owned(), "test".to_owned()],
                |s| vec![s.split('-').next().unwrap_or(s).to_owned(), s.to_owned()],
            );
            (&["noxfile.py"][..], targets, here(command))
        }
        "hatch" | "poe" => {
            let words = plain(inner);
            let words = words.strip_prefix(&["run".to_owned()]).unwrap_or(&words);
            (&["pyproject.toml"][..], words.iter().take(1).cloned().collect(), here(command))
        }
        // `pdm run NAME`, `rye run NAME`: the wrapper is gone already.
        name if words.len() > inner.len() => {
            (&["pyproject.toml"][..], vec![name.to_owned()], here(command))
        }
        _ => return Vec::new(),
    };
    let Some(folder) = folder else { return Vec::new() };
    targets.iter().filter_map(|target| find(analysis, &folder, files, target, command)).collect()
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

fn here(command: &MinedCommand) -> Option<String> {
    Some(command.cwd.clone())
}

/// tox runs `py312` from `[testenv:py312]` or, without one, from `[testenv]`.
fn tox_section(analysis: &Analysis, chosen: &str) -> String {
    let first = chosen.split(',').next().unwrap_or(chosen);
    let own = analysis.facts.iter().any(|fact| fact.key == FactKey::Script(first.to_owned()));
    if own { first.to_owned() } else { "testenv".to_owned() }
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
            "-C" | "-f" | "-o" | "--prefix" | "--filter" | "-w" => {
                rest.next();
            }
            word if word.starts_with('-') || word.contains('=') => {}
            word => found.push(word.to_owned()),
        }
    }
    found
}
