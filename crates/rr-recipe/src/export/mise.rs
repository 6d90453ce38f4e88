//! mise: tools with versions, variables, tasks.

use toml::{Table, Value};

use super::places::Places;
use super::{ExportFile, header, recipe, services, version};
use crate::error::RecipeError;
use crate::lock::{LockedCommand, RecipeLock};

const PLACES: Places = Places {
    workspace: "${MISE_PROJECT_ROOT}",
    home: "${HOME}",
    env: "${MISE_PROJECT_ROOT}/.repo-runner/env",
    venv: "${MISE_PROJECT_ROOT}/.venv",
    reports: "${MISE_PROJECT_ROOT}/.repo-runner/reports",
    tools: "${MISE_PROJECT_ROOT}/.repo-runner/tools",
    caches: "${HOME}/.cache",
};

/// In `[env]` mise fills templates.
const IN_ENV: Places = Places {
    workspace: "{{config_root}}",
    home: "{{env.HOME}}",
    env: "{{config_root}}/.repo-runner/env",
    venv: "{{config_root}}/.venv",
    reports: "{{config_root}}/.repo-runner/reports",
    tools: "{{config_root}}/.repo-runner/tools",
    caches: "{{env.HOME}}/.cache",
};

/// What mise's registry calls a tool.
fn tool(name: &str) -> Option<&str> {
    let known = [
        "python",
        "node",
        "go",
        "rust",
        "java",
        "maven",
        "gradle",
        "ruby",
        "php",
        "uv",
        "poetry",
        "pdm",
        "hatch",
        "pnpm",
        "yarn",
        "bun",
        "deno",
        "cmake",
        "ninja",
        "meson",
        "perl",
        "zig",
        "elixir",
        "erlang",
        "lua",
        "dart",
        "flutter",
        "crystal",
        "nim",
        "gleam",
        "julia",
        "scala",
        "sbt",
        "clojure",
        "dotnet",
        "swift",
        "opam",
        "hugo",
        "terraform",
        "just",
        "task",
        "r",
    ];
    known.contains(&name).then_some(name)
}

pub(super) fn file(lock: &RecipeLock) -> Result<ExportFile, RecipeError> {
    let mut root = Table::new();
    root.insert("tools".to_owned(), Value::Table(tools(lock)));
    root.insert("env".to_owned(), Value::Table(environment(lock)));
    root.insert("tasks".to_owned(), Value::Table(tasks(lock)));
    let body = toml::to_string_pretty(&root)
        .map_err(|e| RecipeError::Write { what: "mise.toml".to_owned(), reason: e.to_string() })?;
    let mut text = header::comment(lock, "#");
    for package in &lock.system_packages {
        text += &format!("# Needs the system package {}.\n", header::one_line(&package.name));
    }
    for toolchain in lock.toolchains.iter().filter(|toolchain| tool(&toolchain.tool).is_none()) {
        text +=
            &format!("# Needs {}, which mise does not have.\n", header::one_line(&toolchain.tool));
    }
    for service in &lock.services {
        text += &format!("# Needs {} on loopback: `compose` exports it.\n", service.kind.as_str());
    }
    for name in recipe::required(lock) {
        text += &format!("# Needs the variable {name}: its value is not in the lock.\n");
    }
    Ok(ExportFile::text("mise.toml", format!("{text}\n{body}")))
}

fn tools(lock: &RecipeLock) -> Table {
    let tools = lock.toolchains.iter().filter_map(|toolchain| {
        let name = tool(&toolchain.tool)?;
        let version = version::of(toolchain).unwrap_or_else(|| "latest".to_owned());
        let version = match name {
            // Distributions name versions their own way: the major one is known to all.
            "java" => version::parts(version.strip_prefix("1.").unwrap_or(&version), 1),
            _ => version,
        };
        Some((name.to_owned(), Value::String(version)))
    });
    tools.collect()
}

/// Values are templates: what looks like one is written so that it comes out as it is.
fn literal(value: &str) -> String {
    if value.contains("{{") || value.contains("{%") || value.contains("{#") {
        format!("{{% raw %}}{value}{{% endraw %}}")
    } else {
        value.to_owned()
    }
}

fn environment(lock: &RecipeLock) -> Table {
    let mut table = Table::new();
    for (name, value) in recipe::variables(lock) {
        table.insert(name, Value::String(IN_ENV.expand(&literal(&value))));
    }
    for (name, value) in services::local_variables(lock) {
        table.insert(name, Value::String(literal(&value)));
    }
    let path: Vec<Value> =
        lock.path.iter().map(|folder| Value::String(IN_ENV.expand(folder))).collect();
    if !path.is_empty() {
        let own = Table::from_iter([("path".to_owned(), Value::Array(path))]);
        table.insert("_".to_owned(), Value::Table(own));
    }
    table
}

fn tasks(lock: &RecipeLock) -> Table {
    let mut tasks = Table::new();
    let setup: Vec<&LockedCommand> = recipe::setup(lock).collect();
    if !setup.is_empty() {
        tasks.insert("setup".to_owned(), task("Install, configure and build", &setup));
    }
    let tests: Vec<&LockedCommand> = recipe::tests(lock).collect();
    if !tests.is_empty() {
        tasks.insert("test".to_owned(), task("Run the tests", &tests));
    }
    if let Some(service) = recipe::service(lock) {
        tasks.insert("start".to_owned(), task(&service.title, &[service]));
    }
    tasks
}

fn task(description: &str, commands: &[&LockedCommand]) -> Value {
    let lines = commands.iter().filter_map(|command| script(command));
    let text = format!(
        "#!/usr/bin/env bash\nset -eo pipefail\nmkdir -p {} {}\n{}\n",
        PLACES.double_quoted("@{env}"),
        PLACES.double_quoted("@{reports}"),
        lines.collect::<Vec<_>>().join("\n")
    );
    Value::Table(Table::from_iter([
        ("description".to_owned(), Value::String(header::one_line(description))),
        ("run".to_owned(), Value::String(literal(&text))),
    ]))
}

fn script(command: &LockedCommand) -> Option<String> {
    let run = recipe::own_command(command)?;
    let mut lines =
        vec![format!("cd {}", PLACES.double_quoted(&format!("@{{workspace}}/{}", command.folder)))];
    for (name, value) in recipe::own_variables(command) {
        lines.push(format!("export {name}={}", PLACES.word(&value)));
    }
    lines.push(PLACES.piece(&run));
    let tail = if command.optional { " || true" } else { "" };
    Some(format!("(\n  {}\n){tail}", lines.join("\n  ")))
}
