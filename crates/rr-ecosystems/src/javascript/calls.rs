//! Commands that call scripts of `package.json`: which scripts, of which packages.
//!
//! Understands npm, yarn, pnpm, bun, npm-run-all, concurrently, turbo, lerna and nx. Must not
//! look into the scripts themselves.

use super::package_json::{Manifest, join};
use super::workspace::Workspace;
use crate::places::matches_glob;

/// A call of one script of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Folder of the package.
    pub(super) package: String,
    /// The script's name.
    pub(super) script: String,
    /// Arguments appended to it.
    pub(super) arguments: Vec<String>,
}

/// What a command is, seen as a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Called {
    /// Scripts, one after the other; none where it names only what does not exist.
    Scripts(Vec<Call>),
    /// Command lines, one after the other.
    Lines(Vec<String>),
    /// A program of the package's own, run through the manager: `yarn jest`.
    Program(Vec<String>, String),
    /// No call at all.
    Nothing,
}

/// Options of managers and task runners that take a value in the next word.
const VALUED: &[&str] = &[
    "--shell",
    "-w",
    "--workspace",
    "--prefix",
    "-C",
    "--cwd",
    "--dir",
    "--filter",
    "-F",
    "--scope",
    "--concurrency",
    "--parallel-jobs",
    "--include",
    "--exclude",
    "--from",
    "-j",
    "--jobs",
    "--loglevel",
    "--ignore",
    "--projects",
    "-p",
    "--max-parallel",
    "-t",
    "--target",
    "--targets",
    "--workspace-concurrency",
    "--log-order",
    "--output-logs",
    "--cache-dir",
    "--names",
    "-n",
    "--stream-logs",
    "-c",
    "--configuration",
    "--base",
    "--head",
];

/// The words of a call, sorted out.
#[derive(Default)]
struct Words<'a> {
    plain: Vec<&'a str>,
    flags: Vec<&'a str>,
    options: Vec<(&'a str, &'a str)>,
    arguments: Vec<String>,
}

/// Reads a command (wrappers taken off) that runs in `cwd`.
pub(super) fn called(words: &[String], cwd: &str, workspace: &Workspace) -> Called {
    let Some(program) = words.first().map(|w| w.rsplit('/').next().unwrap_or(w)) else {
        return Called::Nothing;
    };
    let rest = &words[1..];
    match program {
        "npm" => npm(rest, cwd, workspace),
        "yarn" | "pnpm" | "bun" | "yarnpkg" | "nr" => script_first(program, rest, cwd, workspace),
        "npm-run-all" | "npm-run-all2" | "run-s" | "run-p" | "npm-run-all-next" => {
            run_all(rest, cwd, workspace)
        }
        "concurrently" | "conc" => concurrently(rest, cwd, workspace),
        "turbo" => everywhere(rest, "run", workspace),
        "lerna" => everywhere(rest, "run", workspace),
        "nx" => nx(rest, workspace),
        "wsrun" | "ultra" => everywhere(rest, "run", workspace),
        _ => Called::Nothing,
    }
}

fn npm(rest: &[String], cwd: &str, workspace: &Workspace) -> Called {
    let words = sort(rest, true, &["-s", "-w"]);
    let (script, extra) = match words.plain.as_slice() {
        ["run" | "run-script" | "rum" | "urn", script, extra @ ..] => (*script, extra),
        ["test" | "t" | "tst", extra @ ..] => ("test", extra),
        ["start", extra @ ..] => ("start", extra),
        _ => return Called::Nothing,
    };
    let mut arguments: Vec<String> = extra.iter().map(|w| (*w).to_owned()).collect();
    arguments.extend(words.arguments.iter().cloned());
    scripts(&words, script, &arguments, cwd, workspace)
}

/// Managers that take a script's name for a command: `yarn test`, `pnpm -r test`, `bun run x`.
fn script_first(program: &str, rest: &[String], cwd: &str, workspace: &Workspace) -> Called {
    let boundary = boundary(rest, program);
    let words = sort(&rest[..boundary], false, &[]);
    let mut tail: Vec<String> = rest[boundary..].to_vec();
    let mut plain = words.plain.clone();
    let mut words = words;
    if program == "yarn" && plain.first() == Some(&"workspace") && plain.len() >= 2 {
        words.options.push(("--filter", plain[1]));
        plain.drain(..2);
    } else if program == "yarn" && plain.first() == Some(&"workspaces") {
        words.flags.push("-r");
        plain.drain(..1);
        if plain.first() == Some(&"foreach") {
            plain.drain(..1);
        }
    }
    let explicit = matches!(plain.first(), Some(&"run" | &"run-script"));
    if explicit {
        plain.drain(..1);
    }
    let Some(script) = plain.first().copied() else { return Called::Nothing };
    let script = if program == "pnpm" && script == "t" { "test" } else { script };
    if tail.first().is_some_and(|word| word == "--") && program != "pnpm" {
        tail.remove(0);
    }
    let mut arguments: Vec<String> = plain[1..].iter().map(|w| (*w).to_owned()).collect();
    arguments.append(&mut tail);
    let folder = folder_of(&words, cwd);
    if let Some(pattern) = pattern_of(script) {
        return matching(&targets(&words, cwd, workspace), &pattern, &arguments);
    }
    let has = |package: &Manifest| package.scripts.contains_key(script);
    let bun_own = program == "bun" && script == "test" && !explicit;
    if !bun_own && targets(&words, cwd, workspace).iter().any(|package| has(package)) {
        return scripts(&words, script, &arguments, cwd, workspace);
    }
    let own = ["install", "add", "exec", "dlx", "x", "create", "test", "publish", "pack", "audit"];
    if own.contains(&script) || explicit && program != "yarn" || program == "bun" {
        return Called::Nothing;
    }
    let mut line = vec![script.to_owned()];
    line.append(&mut arguments);
    Called::Program(line, folder)
}

/// pnpm runs every script that a pattern between slashes matches: `pnpm run /^test:/`.
fn pattern_of(script: &str) -> Option<regex::Regex> {
    let inner = script.strip_prefix('/')?.strip_suffix('/')?;
    regex::Regex::new(inner).ok()
}

fn matching(packages: &[&Manifest], pattern: &regex::Regex, arguments: &[String]) -> Called {
    let mut calls = Vec::new();
    for package in packages {
        for script in package.scripts.keys().filter(|name| pattern.is_match(name)) {
            calls.push(Call {
                package: package.folder.clone(),
                script: script.clone(),
                arguments: arguments.to_vec(),
            });
        }
    }
    Called::Scripts(calls)
}

/// Where a manager's own words end and a script's arguments begin.
fn boundary(rest: &[String], program: &str) -> usize {
    let mut at = 0;
    let mut more_names = 1;
    while at < rest.len() {
        let word = rest[at].as_str();
        if VALUED.contains(&word) && !(program == "pnpm" && word == "-w") {
            at += 2;
            continue;
        }
        if word.starts_with('-') {
            at += 1;
            continue;
        }
        match word {
            "run" | "run-script" | "workspaces" | "foreach" => {}
            "workspace" => more_names += 1,
            _ => more_names -= 1,
        }
        at += 1;
        if more_names == 0 {
            return at.min(rest.len());
        }
    }
    rest.len()
}

fn run_all(rest: &[String], cwd: &str, workspace: &Workspace) -> Called {
    let words = sort(rest, true, &["-s", "-p", "-l", "-n", "-c", "-w"]);
    let Some(package) = workspace.by_folder(cwd) else { return Called::Nothing };
    let mut found = Vec::new();
    for pattern in &words.plain {
        let (name, arguments) = pattern.split_once(' ').unwrap_or((pattern, ""));
        let arguments: Vec<String> = arguments
            .split_whitespace()
            .filter(|word| *word != "--" && !word.contains('{'))
            .map(str::to_owned)
            .collect();
        for script in expand_names(package, name) {
            found.push(Call {
                package: package.folder.clone(),
                script,
                arguments: arguments.clone(),
            });
        }
    }
    Called::Scripts(found)
}

fn concurrently(rest: &[String], cwd: &str, workspace: &Workspace) -> Called {
    let words = sort(rest, true, &["-k", "-s", "-g", "-r"]);
    let package = workspace.by_folder(cwd);
    let mut lines = Vec::new();
    for text in &words.plain {
        let named = ["npm:", "yarn:", "pnpm:", "bun:"].iter().find_map(|p| text.strip_prefix(p));
        match (named, package) {
            (Some(name), Some(package)) => {
                lines.extend(expand_names(package, name).iter().map(|n| format!("npm run {n}")));
            }
            _ => lines.push((*text).to_owned()),
        }
    }
    Called::Lines(lines)
}

/// A script name of npm-run-all's, where `*` stands for one part and `**` for the rest.
fn expand_names(package: &Manifest, pattern: &str) -> Vec<String> {
    if !pattern.contains('*') {
        return vec![pattern.to_owned()];
    }
    let glob = pattern.replace(':', "/");
    package
        .scripts
        .keys()
        .filter(|name| matches_glob(&name.replace(':', "/"), &glob))
        .cloned()
        .collect()
}

/// Task runners that run a script in every package that has it.
fn everywhere(rest: &[String], verb: &str, workspace: &Workspace) -> Called {
    let mut words = sort(rest, true, &[]);
    if words.plain.first() == Some(&verb) {
        words.plain.remove(0);
    }
    words.flags.push("-r");
    let mut found = Vec::new();
    for script in words.plain.clone() {
        if let Called::Scripts(mut calls) = scripts(&words, script, &words.arguments, "", workspace)
        {
            found.append(&mut calls);
        }
    }
    if found.is_empty() { Called::Nothing } else { Called::Scripts(found) }
}

fn nx(rest: &[String], workspace: &Workspace) -> Called {
    let mut words = sort(rest, true, &[]);
    let target = match words.plain.as_slice() {
        ["run-many" | "affected", ..] => words
            .options
            .iter()
            .find(|(name, _)| matches!(*name, "-t" | "--target" | "--targets"))
            .map(|(_, value)| *value),
        _ => None,
    };
    let Some(target) = target else { return Called::Nothing };
    words.flags.push("-r");
    words.options.retain(|(name, _)| *name == "--projects");
    let mut found = Vec::new();
    for script in target.split(',') {
        if let Called::Scripts(mut calls) = scripts(&words, script, &[], "", workspace) {
            found.append(&mut calls);
        }
    }
    if found.is_empty() { Called::Nothing } else { Called::Scripts(found) }
}

fn scripts(
    words: &Words<'_>,
    script: &str,
    arguments: &[String],
    cwd: &str,
    workspace: &Workspace,
) -> Called {
    let calls = targets(words, cwd, workspace)
        .into_iter()
        .filter(|package| package.scripts.contains_key(script))
        .map(|package| Call {
            package: package.folder.clone(),
            script: script.to_owned(),
            arguments: arguments.to_vec(),
        })
        .collect();
    Called::Scripts(calls)
}

/// The packages that a call is about.
fn targets<'a>(words: &Words<'_>, cwd: &str, workspace: &'a Workspace) -> Vec<&'a Manifest> {
    let filters: Vec<&str> = words
        .options
        .iter()
        .filter(|(name, _)| {
            matches!(
                *name,
                "-w" | "--workspace"
                    | "--filter"
                    | "-F"
                    | "--scope"
                    | "--projects"
                    | "--include"
                    | "--from"
            )
        })
        .flat_map(|(_, value)| value.split(','))
        .collect();
    let all = ["-r", "--recursive", "-ws", "--workspaces", "-A", "--all", "-W"];
    if !filters.is_empty() {
        let (out, only): (Vec<&str>, Vec<&str>) = filters.iter().partition(|f| f.starts_with('!'));
        return workspace
            .members
            .iter()
            .chain(std::iter::once(&workspace.root))
            .filter(|package| only.is_empty() || only.iter().any(|f| filtered(package, f)))
            .filter(|package| !out.iter().any(|f| filtered(package, &f[1..])))
            .collect();
    }
    if words.flags.iter().any(|flag| all.contains(flag)) {
        return workspace.members.iter().collect();
    }
    let folder = folder_of(words, cwd);
    workspace.by_folder(&folder).into_iter().collect()
}

/// Whether a package is meant by a filter: its name, its folder, or a glob of either.
fn filtered(package: &Manifest, filter: &str) -> bool {
    let filter = filter.trim_matches('.').trim_start_matches('^').trim_end_matches('^');
    let filter = filter.trim_start_matches('/').trim_start_matches('{').trim_end_matches('}');
    if filter.is_empty() {
        return package.folder.is_empty();
    }
    package.name == filter
        || package.folder == filter
        || matches_glob(&package.name, filter)
        || matches_glob(&package.folder, filter)
        || package.name.rsplit('/').next() == Some(filter) && package.name.starts_with('@')
}

fn folder_of(words: &Words<'_>, cwd: &str) -> String {
    words
        .options
        .iter()
        .find(|(name, _)| matches!(*name, "--prefix" | "-C" | "--cwd" | "--dir"))
        .map_or_else(|| cwd.to_owned(), |(_, dir)| join(cwd, dir).trim_end_matches('/').to_owned())
}

/// Sorts words into plain ones, flags and options. `switches` are short options that take no
/// value here. Words after `--` are arguments of the script where `dashes` says so.
fn sort<'a>(rest: &'a [String], dashes: bool, switches: &[&str]) -> Words<'a> {
    let mut words = Words::default();
    let mut at = 0;
    while at < rest.len() {
        let word = rest[at].as_str();
        at += 1;
        if word == "--" && dashes {
            words.arguments = rest[at..].to_vec();
            break;
        }
        if let Some((name, value)) = word.split_once('=').filter(|_| word.starts_with('-')) {
            words.options.push((name, value));
        } else if word.starts_with('-') {
            let takes = VALUED.contains(&word) && (word == "-w" || !switches.contains(&word));
            match rest.get(at).filter(|_| takes) {
                Some(value) => {
                    words.options.push((word, value));
                    at += 1;
                }
                None => words.flags.push(word),
            }
        } else {
            words.plain.push(word);
        }
    }
    words
}
