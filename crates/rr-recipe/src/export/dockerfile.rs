//! The Dockerfile: base, build, test, and where something starts, a runtime.
//!
//! It needs no particular builder: no heredocs, no mounts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rr_core::Command;
use rr_core::command::quote;

use super::images::{self, Base, Extra};
use super::places::Places;
use super::{ExportFile, dockerfile_text as text, header, layers, recipe};
use crate::lock::{LockedCommand, RecipeLock};

pub(super) const PLACES: Places = Places {
    workspace: "/app",
    home: "/home/app",
    env: "/opt/recipe",
    venv: "/opt/recipe/venv",
    reports: "/tmp/reports",
    tools: "/opt/repo-runner",
    caches: "/home/app/.cache",
};

const OWNER: &str = "app:app";

pub(super) fn files(lock: &RecipeLock) -> Vec<ExportFile> {
    vec![
        ExportFile::text("Dockerfile", dockerfile(lock)),
        ExportFile::text(".dockerignore", ignore(lock)),
    ]
}

fn dockerfile(lock: &RecipeLock) -> String {
    let base = images::base(lock);
    let mut out = header::comment(lock, "#");
    base_stage(&mut out, lock, &base);
    build_stage(&mut out, lock);
    test_stage(&mut out, lock);
    if let Some(service) = recipe::service(lock) {
        runtime_stage(&mut out, lock, &base, service);
    }
    out
}

/// Toolchains, system packages, variables, and a user that is not root.
fn base_stage(out: &mut String, lock: &RecipeLock, base: &Base) {
    if !base.proved {
        out.push_str("# The version in the next line was not proved: no run used it.\n");
    }
    let _infallible = writeln!(out, "FROM {} AS base", base.image);
    let shell = text::SHELL.map(str::to_owned);
    let _infallible = writeln!(out, "SHELL {}", text::array(&shell));
    let extras = images::extras(lock, base);
    packages(out, lock, base, &extras);
    let mut folders = BTreeSet::new();
    for extra in &extras {
        match extra {
            Extra::Copy(image, paths) => {
                for path in paths {
                    let _infallible = writeln!(out, "COPY --from={image} {path} {path}");
                }
                folders.extend(paths.iter().filter_map(|path| bin_folder(path)));
            }
            Extra::Pip(requirement) => {
                let _infallible =
                    writeln!(out, "RUN pip install --no-cache-dir {}", quote(requirement));
            }
            Extra::Npm(package) => {
                let _infallible = writeln!(out, "RUN npm install --global {}", quote(package));
            }
            Extra::Unknown(tool) => {
                let _infallible =
                    writeln!(out, "# {} is needed; add it here.", header::one_line(tool));
            }
            Extra::Apt(_) => {}
        }
    }
    let reports = if uses_reports(lock) { " /tmp/reports" } else { "" };
    let _infallible = writeln!(
        out,
        "RUN useradd --create-home --uid 10001 app \\\n    && install -d -o app -g app /app /opt/recipe{reports}"
    );
    environment(out, lock, &folders);
    out.push_str("USER 10001\nWORKDIR /app\n");
}

fn uses_reports(lock: &RecipeLock) -> bool {
    let names = |command: &LockedCommand| {
        let run = command.run.as_ref().map(ToString::to_string).unwrap_or_default();
        run.contains("@{reports}") || command.environment.values().any(|v| v.contains("@{reports}"))
    };
    lock.commands.iter().any(names)
}

fn bin_folder(path: &str) -> Option<&'static str> {
    match path {
        "/usr/local/go" => Some("/usr/local/go/bin"),
        "/usr/local/cargo" => Some("/usr/local/cargo/bin"),
        "/opt/java/openjdk" => Some("/opt/java/openjdk/bin"),
        _ => None,
    }
}

fn packages(out: &mut String, lock: &RecipeLock, base: &Base, extras: &[Extra]) {
    let mut wanted: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for extra in extras {
        if let Extra::Apt(name) = extra {
            wanted.insert((*name).to_owned(), None);
        }
    }
    for package in &lock.system_packages {
        let version = package.version.as_deref().filter(|_| base.same_release);
        wanted.insert(package.name.clone(), version);
    }
    if wanted.is_empty() {
        return;
    }
    if wanted.values().any(Option::is_none) {
        out.push_str("# No run told the version of every package.\n# hadolint ignore=DL3008\n");
    }
    let words: Vec<String> = wanted
        .iter()
        .map(|(name, version)| {
            quote(&version.map_or_else(|| name.clone(), |v| format!("{name}={v}")))
        })
        .collect();
    let _infallible = writeln!(
        out,
        "RUN apt-get update \\\n    && apt-get install -y --no-install-recommends \\\n        {} \\\n    && rm -rf /var/lib/apt/lists/*",
        words.join(" \\\n        ")
    );
}

fn environment(out: &mut String, lock: &RecipeLock, folders: &BTreeSet<&str>) {
    for (name, value) in recipe::variables(lock) {
        let line = text::env(&name, &PLACES.expand(&value));
        let said = if recipe::is_made_up(lock, &name) { "# A default of ours.\n" } else { "" };
        match line {
            Some(line) => *out += &format!("{said}{line}"),
            None => {
                *out += &format!("# {name} has a value of several lines: give it at run time.\n")
            }
        }
    }
    for name in recipe::required(lock) {
        let _infallible = writeln!(out, "# Give {name} at run time: its value is not in the lock.");
    }
    let mut path: Vec<String> = lock.path.iter().map(|folder| PLACES.expand(folder)).collect();
    path.extend(folders.iter().map(|folder| (*folder).to_owned()));
    if !path.is_empty() {
        let quoted = text::env("PATH", &path.join(":")).unwrap_or_default();
        *out += &quoted.replacen("\"\n", ":$PATH\"\n", 1);
    }
    if folders.contains("/usr/local/cargo/bin") {
        out.push_str("ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/home/app/.cargo\n");
    }
}

/// Dependencies first, from the manifests alone where these are enough; then the sources.
fn build_stage(out: &mut String, lock: &RecipeLock) {
    out.push_str("\nFROM base AS build\n");
    let layers = layers::split(lock);
    let mut by_folder: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in &layers.manifests {
        by_folder
            .entry(path.rsplit_once('/').map_or("", |(folder, _)| folder))
            .or_default()
            .push(path);
    }
    for (folder, paths) in by_folder {
        let target = if folder.is_empty() { "./".to_owned() } else { format!("{folder}/") };
        *out += &text::copy(OWNER, &paths, &target);
    }
    let mut folder = "";
    for early in &layers.early {
        let part = if early.whole { "" } else { ", dependencies alone" };
        let _infallible = writeln!(out, "# {}{part}", header::one_line(&early.command.title));
        step(out, early.command, &early.run, &mut folder);
    }
    go_to(out, "", &mut folder);
    let _infallible = writeln!(out, "COPY --chown={OWNER} . .");
    let done: Vec<&str> = layers
        .early
        .iter()
        .filter(|early| early.whole)
        .map(|early| early.command.id.as_str())
        .collect();
    for command in recipe::image_setup(lock).filter(|command| !done.contains(&command.id.as_str()))
    {
        if let Some(run) = recipe::own_command(command) {
            let optional = if command.optional { " (optional)" } else { "" };
            let _infallible = writeln!(out, "# {}{optional}", header::one_line(&command.title));
            step(out, command, &run, &mut folder);
        }
    }
    go_to(out, "", &mut folder);
}

fn go_to<'a>(out: &mut String, folder: &'a str, current: &mut &'a str) {
    if folder != *current {
        let path = if folder.is_empty() { "/app".to_owned() } else { format!("/app/{folder}") };
        let _infallible = writeln!(out, "WORKDIR {}", literal(&path));
        *current = folder;
    }
}

/// `WORKDIR` takes the rest of its line, in which variables expand.
fn literal(path: &str) -> String {
    header::one_line(path).replace('\\', "\\\\").replace('$', "\\$")
}

fn step<'a>(out: &mut String, command: &'a LockedCommand, run: &Command, folder: &mut &'a str) {
    go_to(out, &command.folder, folder);
    let mut line = with_variables(command, run);
    if command.optional {
        line = format!("({line}) || echo 'went on without it'");
    }
    if command.as_root {
        out.push_str("USER root\n");
    }
    *out += &text::run(&line);
    if command.as_root {
        out.push_str("USER 10001\n");
    }
}

/// Shell text of a command with its own variables in front.
pub(super) fn with_variables(command: &LockedCommand, run: &Command) -> String {
    let line = PLACES.shell(run);
    let own = recipe::own_variables(command);
    let words: Vec<String> =
        own.iter().map(|(name, value)| format!("{name}={}", PLACES.word(value))).collect();
    match (words.is_empty(), run) {
        (true, _) => line,
        (false, Command::Argv(_)) => format!("{} {line}", words.join(" ")),
        (false, Command::Shell(_)) => format!("export {}\n{line}", words.join(" ")),
    }
}

fn test_stage(out: &mut String, lock: &RecipeLock) {
    let mut tests = recipe::tests(lock).peekable();
    if tests.peek().is_none() {
        return;
    }
    out.push_str("\nFROM build AS test\n");
    if !lock.services.is_empty() {
        let names: Vec<&str> = lock.services.iter().map(|s| s.kind.as_str()).collect();
        let _infallible =
            writeln!(out, "# Needs {}: the compose export brings it up.", names.join(", "));
    }
    if recipe::tests(lock).any(|test| test.as_root) {
        out.push_str("# The tests want to be root.\n# hadolint ignore=DL3002\nUSER root\n");
    }
    let _infallible = writeln!(out, "CMD {}", test_command(lock));
}

/// One plain command as it is; several, or one with more to it, in a shell that runs all of them.
pub(super) fn test_command(lock: &RecipeLock) -> String {
    let all: Vec<&LockedCommand> = recipe::migrations(lock).chain(recipe::tests(lock)).collect();
    if let [only] = all.as_slice()
        && let Some(Command::Argv(words)) = recipe::own_command(only)
        && only.folder.is_empty()
        && recipe::own_variables(only).is_empty()
    {
        let words: Vec<String> = words.iter().map(|word| PLACES.expand(word)).collect();
        return text::array(&words);
    }
    if let [only] = all.as_slice()
        && let Some(run) = recipe::own_command(only)
    {
        return text::shell_array(&body(only, &run));
    }
    text::shell_array(&suites(&all))
}

/// A command in its folder.
fn body(command: &LockedCommand, run: &Command) -> String {
    let line = with_variables(command, run);
    if command.folder.is_empty() {
        return line;
    }
    format!("cd {}\n{line}", quote(&format!("/app/{}", command.folder)))
}

/// Migrations, then every suite; the status is that of the last suite that failed.
fn suites(commands: &[&LockedCommand]) -> String {
    let mut out = String::from("status=0\n");
    for command in commands {
        let Some(run) = recipe::own_command(command) else { continue };
        let body = body(command, &run);
        // `set -e` is off in what stands before `||`: a shell of its own keeps it.
        let _infallible = writeln!(out, "bash -eo pipefail -c {} || status=$?", quote(&body));
    }
    out + "exit $status"
}

fn runtime_stage(out: &mut String, lock: &RecipeLock, base: &Base, service: &LockedCommand) {
    let Some(run) = recipe::own_command(service) else { return };
    let run = reachable(run);
    let built = built_program(&run);
    match (&base.runtime, built) {
        (Some(image), Some(program)) => {
            let _infallible = writeln!(out, "\nFROM {image} AS runtime");
            out.push_str("RUN useradd --create-home --uid 10001 app\n");
            environment(out, lock, &BTreeSet::new());
            out.push_str("USER 10001\nWORKDIR /app\n");
            let _infallible = writeln!(out, "COPY --chown={OWNER} . .");
            let _infallible =
                writeln!(out, "COPY --from=build --chown={OWNER} {program} {program}");
        }
        _ => out.push_str("\nFROM build AS runtime\n"),
    }
    go_to(out, &service.folder, &mut "");
    if let Some(port) = recipe::port(service) {
        let _infallible = writeln!(out, "EXPOSE {port}");
        *out += &health_check(service, port);
    }
    let own = recipe::own_variables(service);
    let command = match (&run, own.is_empty()) {
        (Command::Argv(words), true) => {
            text::array(&words.iter().map(|word| PLACES.expand(word)).collect::<Vec<_>>())
        }
        _ => text::shell_array(&with_variables(service, &run)),
    };
    let _infallible = writeln!(out, "CMD {command}");
}

/// A run reaches a service on the loopback of its own network; a container is reached from
/// outside, where a server that listens on loopback is not heard.
fn reachable(run: Command) -> Command {
    let open = |text: &str| {
        let options =
            ["--host ", "--host=", "--bind ", "--bind=", "-b ", "-H ", "--address ", "HOST="];
        options.iter().fold(text.to_owned(), |text, option| {
            text.replace(&format!("{option}127.0.0.1"), &format!("{option}0.0.0.0"))
        })
    };
    match run {
        Command::Shell(text) => Command::Shell(open(&text)),
        Command::Argv(words) => {
            let option = |word: &str| ["--host", "--bind", "-b", "-H", "--address"].contains(&word);
            let before = std::iter::once("").chain(words.iter().map(String::as_str));
            let opened = before.zip(&words).map(|(before, word)| {
                let value = option(before) && word.starts_with("127.0.0.1");
                if value { word.replacen("127.0.0.1", "0.0.0.0", 1) } else { open(word) }
            });
            Command::Argv(opened.collect())
        }
    }
}

/// A program that a build made, where the start command is nothing but it: it needs no toolchain.
fn built_program(run: &Command) -> Option<String> {
    let Command::Argv(words) = run else { return None };
    let first = words.first()?;
    let path = match first.strip_prefix("@{env}/") {
        Some(rest) => format!("{}/{rest}", PLACES.env),
        None if first.starts_with("target/") => format!("{}/{first}", PLACES.workspace),
        None => return None,
    };
    path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b)).then_some(path)
}

/// Any answer below 500 is life, as for a run's own probe. The shell asks: images without curl
/// have it too.
fn health_check(service: &LockedCommand, port: u16) -> String {
    let ask = match recipe::health_path(service) {
        Some(path) => format!(
            "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET %s HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' {} >&3; \
             read -r _ status _ <&3; [ \"${{status:-500}}\" -lt 500 ]",
            quote(&path)
        ),
        None => format!("exec 3<>/dev/tcp/127.0.0.1/{port}"),
    };
    let words = ["/bin/bash", "-ec", ask.as_str()].map(str::to_owned);
    format!(
        "HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD {}\n",
        text::array(&words)
    )
}

fn ignore(lock: &RecipeLock) -> String {
    let mut out = header::comment(lock, "#");
    out.push_str(
        ".git\n.repo-runner\n.venv\n**/__pycache__\n**/*.pyc\n**/node_modules\n.env\n.env.local\n",
    );
    let has = |tool: &str| lock.toolchain(tool).is_some();
    if has("rust") || has("maven") {
        out.push_str("**/target\n");
    }
    if has("gradle") {
        out.push_str("**/.gradle\n");
    }
    out.push_str("Dockerfile\n.dockerignore\ncompose.yaml\nrepo-runner.lock\n");
    out
}
