//! Which set-up needs manifests only: it becomes a layer of its own, before the sources are copied,
//! so that a change of a source installs nothing again.

use std::path::Path;

use rr_core::{Command, StepKind};

use super::recipe;
use crate::lock::{LockedCommand, RecipeLock};

/// A command of the first layers.
pub(super) struct Early<'a> {
    /// The command of the lock.
    pub command: &'a LockedCommand,
    /// What is run in its place: the same, or its part that installs dependencies only.
    pub run: Command,
    /// Whether it does all that the command does, which is then not run again.
    pub whole: bool,
}

/// Early commands, and the manifests that they read.
#[derive(Default)]
pub(super) struct Layers<'a> {
    /// In order.
    pub early: Vec<Early<'a>>,
    /// Paths.
    pub manifests: Vec<&'a str>,
}

/// The set-up that can come before the sources: what makes the environment, and the first
/// install where its manifests are enough for it.
pub(super) fn split(lock: &RecipeLock) -> Layers<'_> {
    let mut layers = Layers::default();
    for command in recipe::image_setup(lock) {
        let Some(run) = recipe::own_command(command) else { break };
        if !matches!(command.kind, StepKind::Install | StepKind::Configure) {
            break;
        }
        if run.to_string().starts_with("test -e .env || cp ") {
            continue; // no install reads it
        }
        if only_environment(&run) {
            layers.early.push(Early { command, run, whole: true });
            continue;
        }
        if command.kind == StepKind::Install
            && let Some((early, manifests)) = dependencies(lock, command, &run)
        {
            layers.early.push(early);
            layers.manifests = manifests;
        }
        break;
    }
    if layers.manifests.is_empty() {
        layers.early.retain(|early| only_environment(&early.run));
    }
    layers
}

/// Whether a command touches nothing but the environment's folder: it makes a virtual environment,
/// or writes a list of versions there.
fn only_environment(run: &Command) -> bool {
    let text = run.to_string();
    let writes = text.starts_with("cat > @{env}/") && text.contains("<<'");
    let makes =
        ["uv venv ", "python3 -m venv ", "python -m venv "].iter().any(|w| text.starts_with(w));
    writes || makes && text.contains("@{env}/")
}

type Found<'a> = Option<(Early<'a>, Vec<&'a str>)>;

fn dependencies<'a>(lock: &'a RecipeLock, command: &'a LockedCommand, run: &Command) -> Found<'a> {
    let Command::Argv(words) = run else { return None };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let of = |names: &[&str]| manifests(lock, names);
    let whole = |manifests: Option<Vec<&'a str>>| {
        Some((Early { command, run: run.clone(), whole: true }, manifests?))
    };
    let part = |words: Vec<String>, manifests: Option<Vec<&'a str>>| {
        Some((Early { command, run: Command::Argv(words), whole: false }, manifests?))
    };
    match words.as_slice() {
        ["go", "mod", "download", ..] => whole(of(&["go.mod", "go.sum", "go.work", "go.work.sum"])),
        ["cargo", "fetch", ..] => {
            let manifests = of(&["Cargo.toml", "Cargo.lock"])?;
            let one = manifests.iter().filter(|path| path.ends_with("Cargo.toml")).count() == 1;
            // cargo wants a target to be there.
            let line = format!(
                "mkdir src\necho 'fn main() {{}}' > src/main.rs\n{}\nrm -r src",
                Command::argv(words.clone())
            );
            one.then_some((Early { command, run: Command::Shell(line), whole: true }, manifests))
        }
        ["npm", "ci" | "install", ..] => {
            whole(of(&["package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"]))
        }
        ["pnpm", "install", ..] => {
            whole(of(&["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc"]))
        }
        ["yarn", ..] if command.folder.is_empty() => {
            whole(of(&["package.json", "yarn.lock", ".yarnrc", ".yarnrc.yml"]))
        }
        ["bundle", "install", ..] => whole(of(&["Gemfile", "Gemfile.lock"])),
        ["uv", "sync", rest @ ..] if lock.manifests.iter().any(|m| m.path.ends_with("uv.lock")) => {
            let start = ["uv", "sync", "--no-install-workspace"].iter().chain(rest);
            part(start.map(|word| (*word).to_owned()).collect(), of(&["pyproject.toml", "uv.lock"]))
        }
        ["uv", "pip", "install", rest @ ..] => {
            let (words, names) = uv_part(rest)?;
            let manifests = manifests_named(lock, &names)?;
            let same = words.iter().map(String::as_str).eq(rest.iter().copied());
            let start = ["uv", "pip", "install"].map(str::to_owned);
            if same {
                whole(Some(manifests))
            } else {
                part(start.into_iter().chain(words).collect(), Some(manifests))
            }
        }
        ["pip" | "python", ..] => {
            let files: Vec<String> = requirement_files(&words);
            let local =
                words.iter().any(|word| *word == "-e" || *word == "." || word.starts_with("./"));
            if local || files.is_empty() { None } else { whole(manifests_named(lock, &files)) }
        }
        _ => None,
    }
}

/// `-e .[test] pytest` asks for the project: its dependencies alone are `-r pyproject.toml
/// --extra test pytest`. Gives the words and the files that they read.
fn uv_part(rest: &[&str]) -> Option<(Vec<String>, Vec<String>)> {
    let (mut words, mut files) = (Vec::new(), requirement_files(rest));
    let mut rest = rest.iter().copied().peekable();
    while let Some(word) = rest.next() {
        let project = match word {
            "-e" => rest.next()?,
            "." => word,
            _ if word.starts_with(".[") => word,
            _ if word.starts_with(['.', '/']) || word.contains("://") => return None,
            _ => {
                words.push(word.to_owned());
                continue;
            }
        };
        let extras = project.strip_prefix('.')?;
        words.extend(["-r".to_owned(), "pyproject.toml".to_owned()]);
        files.push("pyproject.toml".to_owned());
        let extras = extras.trim_start_matches('[').trim_end_matches(']');
        for extra in extras.split(',').filter(|extra| !extra.is_empty()) {
            words.extend(["--extra".to_owned(), extra.trim().to_owned()]);
        }
    }
    (!files.is_empty()).then_some((words, files))
}

/// The files that `-r` and `-c` name, those of the environment's folder left out.
fn requirement_files(words: &[&str]) -> Vec<String> {
    let pairs = words.windows(2).filter(|pair| matches!(pair[0], "-r" | "-c" | "--requirement"));
    pairs.map(|pair| pair[1].to_owned()).filter(|file| !file.starts_with("@{")).collect()
}

/// All manifests of these names; `None` where there is none, or one that needs its sources.
fn manifests<'a>(lock: &'a RecipeLock, names: &[&str]) -> Option<Vec<&'a str>> {
    let named = |path: &str| {
        let name = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or(path);
        names.contains(&name)
    };
    let found: Vec<_> = lock.manifests.iter().filter(|m| named(&m.path)).collect();
    let enough = !found.is_empty() && found.iter().all(|m| !m.needs_sources);
    enough.then(|| found.iter().map(|m| m.path.as_str()).collect())
}

/// Exactly these manifests; `None` where one is not there, or needs its sources.
fn manifests_named<'a>(lock: &'a RecipeLock, paths: &[String]) -> Option<Vec<&'a str>> {
    let find = |path: &String| lock.manifests.iter().find(|m| &m.path == path && !m.needs_sources);
    let found: Option<Vec<_>> = paths.iter().map(find).collect();
    let mut found: Vec<&str> = found?.iter().map(|m| m.path.as_str()).collect();
    found.sort_unstable();
    found.dedup();
    (!found.is_empty()).then_some(found)
}
