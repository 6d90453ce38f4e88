//! Steps of a GitHub job: checkout, toolchains by the usual set-up actions, packages, set-up.

use std::collections::BTreeMap;

use rr_core::Command;
use serde_json::{Value, json};

use super::places::Places;
use super::yaml::Document;
use super::{recipe, services, version};
use crate::lock::{LockedCommand, RecipeLock};

pub(super) const PLACES: Places = Places {
    workspace: "${GITHUB_WORKSPACE}",
    home: "${HOME}",
    env: "${GITHUB_WORKSPACE}/.repo-runner/env",
    venv: "${GITHUB_WORKSPACE}/.venv",
    reports: "${RUNNER_TEMP}/reports",
    tools: "${RUNNER_TEMP}/repo-runner",
    caches: "${HOME}/.cache",
};

/// What a workflow's `env` is: there shells expand nothing, but GitHub does.
const IN_ENV: Places = Places {
    workspace: "${{ github.workspace }}",
    home: "/home/runner",
    env: "${{ github.workspace }}/.repo-runner/env",
    venv: "${{ github.workspace }}/.venv",
    reports: "/tmp/reports",
    tools: "/tmp/repo-runner",
    caches: "/home/runner/.cache",
};

/// Variables of the job.
pub(super) fn environment(lock: &RecipeLock) -> Document {
    let mut all: BTreeMap<String, String> = recipe::variables(lock)
        .into_iter()
        .map(|(name, value)| (name, IN_ENV.expand(&literal(&value))))
        .collect();
    let bound = services::local_variables(lock);
    all.extend(bound.into_iter().map(|(name, value)| (name, literal(&value))));
    for name in recipe::required(lock) {
        all.insert(name.to_owned(), format!("${{{{ secrets.{name} }}}}"));
    }
    all.into_iter().fold(Document::new(), |document, (name, value)| document.with(&name, value))
}

/// Values in which GitHub must not see expressions.
fn literal(value: &str) -> String {
    value.replace("${{", "${{ '${{' }}")
}

/// Steps up to and including set-up.
pub(super) fn steps(lock: &RecipeLock) -> Vec<Value> {
    let mut steps = vec![json!({ "uses": "actions/checkout@v4" })];
    for toolchain in &lock.toolchains {
        steps.extend(tool(lock, &toolchain.tool, version::of(toolchain)));
    }
    steps.extend(packages(lock));
    steps.extend(path(lock));
    for command in recipe::setup(lock) {
        steps.extend(step(command));
    }
    steps
}

fn action(uses: &str, with: &[(&str, &str)]) -> Value {
    let with = with.iter().fold(Document::new(), |all, (key, value)| all.with(key, *value));
    Document::new().with("uses", uses).with("with", with).into()
}

fn tool(lock: &RecipeLock, tool: &str, version: Option<String>) -> Option<Value> {
    let has = |path: &str| lock.manifests.iter().any(|manifest| manifest.path == path);
    let tag = version.as_deref();
    let parts = |count| tag.map(|tag| version::parts(tag, count));
    let step = match tool {
        "python" => action("actions/setup-python@v5", &[("python-version", &parts(2)?)]),
        "uv" => action(
            "astral-sh/setup-uv@v6",
            &[("version", tag.unwrap_or("latest")), ("enable-cache", "true")],
        ),
        "node" => {
            // With a cache the action asks for pnpm and yarn before they are there.
            let cache = has("package-lock.json").then_some(("cache", "npm"));
            let version = [("node-version", tag?)];
            action("actions/setup-node@v4", &version.into_iter().chain(cache).collect::<Vec<_>>())
        }
        "pnpm" => action("pnpm/action-setup@v4", &[("version", tag.unwrap_or("latest"))]),
        "bun" => action("oven-sh/setup-bun@v2", &[("bun-version", tag.unwrap_or("latest"))]),
        "deno" => action("denoland/setup-deno@v2", &[("deno-version", tag.unwrap_or("v2.x"))]),
        "go" => action("actions/setup-go@v5", &[("go-version", tag?)]),
        "rust" => action("dtolnay/rust-toolchain@master", &[("toolchain", tag?)]),
        "java" => {
            let major = version::parts(tag?.strip_prefix("1.").unwrap_or(tag?), 1);
            let cache = if has("pom.xml") { Some(("cache", "maven")) } else { None };
            let with = [("distribution", "temurin"), ("java-version", major.as_str())];
            action("actions/setup-java@v4", &with.into_iter().chain(cache).collect::<Vec<_>>())
        }
        "gradle" => action("gradle/actions/setup-gradle@v4", &[("gradle-version", tag?)]),
        "ruby" => action("ruby/setup-ruby@v1", &[("ruby-version", tag?)]),
        "php" => action("shivammathur/setup-php@v2", &[("php-version", &parts(2)?)]),
        "dotnet" => {
            action("actions/setup-dotnet@v4", &[("dotnet-version", &format!("{}.x", parts(2)?))])
        }
        "poetry" | "pdm" | "hatch" | "pipenv" | "tox" | "nox" | "meson" => {
            let wanted = tag.map_or_else(|| tool.to_owned(), |tag| format!("{tool}=={tag}"));
            json!({ "name": format!("Install {tool}"), "run": format!("pipx install {wanted}") })
        }
        "yarn" => {
            let wanted = tag.map_or_else(|| "yarn".to_owned(), |tag| format!("yarn@{tag}"));
            json!({ "name": "Install yarn", "run": format!("npm install --global {wanted}") })
        }
        // maven, cmake, ninja, perl, make are there.
        _ => return None,
    };
    Some(step)
}

/// Versions hold for another release than the runner's: only the names are taken.
fn packages(lock: &RecipeLock) -> Option<Value> {
    let names: Vec<String> =
        lock.system_packages.iter().map(|package| rr_core::command::quote(&package.name)).collect();
    let line = format!(
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends {}",
        names.join(" ")
    );
    (!names.is_empty()).then(|| json!({ "name": "Install system packages", "run": line }))
}

fn path(lock: &RecipeLock) -> Option<Value> {
    let lines = lock
        .path
        .iter()
        .map(|folder| format!("echo {} >> \"$GITHUB_PATH\"", PLACES.double_quoted(folder)));
    let mut lines: Vec<String> = lines.collect();
    if uses_env(lock) {
        lines.insert(0, "mkdir -p \"$GITHUB_WORKSPACE/.repo-runner/env\"".to_owned());
    }
    (!lines.is_empty()).then(|| json!({ "name": "Prepare folders", "run": lines.join("\n") }))
}

fn uses_env(lock: &RecipeLock) -> bool {
    let mentions = |command: &LockedCommand| {
        command.run.as_ref().is_some_and(|run| {
            let text = run.to_string();
            text.replace("@{env}/venv", "").contains("@{env}") || text.contains("@{env}/venv-")
        })
    };
    lock.commands.iter().any(mentions)
}

/// A command as a step. GitHub expands `${{ … }}` before the shell sees anything.
pub(super) fn step(command: &LockedCommand) -> Option<Value> {
    let run = recipe::own_command(command)?;
    let mut text = PLACES.shell(&run);
    if matches!(&run, Command::Shell(_) | Command::Argv(_)) && text.contains("@{reports}") {
        text = PLACES.expand(&text);
    }
    if text.contains("${RUNNER_TEMP}/reports") {
        text = format!("mkdir -p \"$RUNNER_TEMP/reports\"\n{text}");
    }
    let own =
        recipe::own_variables(command).into_iter().fold(Document::new(), |all, (name, value)| {
            all.with(&name, IN_ENV.expand(&literal(&value)))
        });
    let folder =
        if command.folder.is_empty() { Value::Null } else { json!(literal(&command.folder)) };
    let goes_on = if command.optional { json!(true) } else { Value::Null };
    let step = Document::new()
        .with("name", literal(&sentence(&command.title)))
        .with("working-directory", folder)
        .with("env", own)
        .with("continue-on-error", goes_on)
        .with("run", literal(&text));
    Some(step.into())
}

fn sentence(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Databases as services of the job, on the host's loopback.
pub(super) fn services_of_job(lock: &RecipeLock) -> Document {
    lock.services.iter().fold(Document::new(), |all, service| {
        let inside = services::port(service.kind);
        let outside = service.port.unwrap_or(inside);
        let environment = services::image_variables(service)
            .into_iter()
            .fold(Document::new(), |all, (name, value)| all.with(name, literal(&value)));
        let options = services::health(service).map(|words| {
            let ask: Vec<String> = words.iter().map(|word| rr_core::command::quote(word)).collect();
            let ask = ask.join(" ").replace('\\', "\\\\").replace('"', "\\\"");
            format!("--health-cmd \"{ask}\" --health-interval 2s --health-timeout 5s --health-retries 30")
        });
        let service_of_job = Document::new()
            .with("image", services::image(service))
            .with("env", environment)
            .with("ports", json!([format!("{outside}:{inside}")]))
            .with("options", options.map_or(Value::Null, |options| json!(literal(&options))));
        all.with(service.kind.as_str(), service_of_job)
    })
}
