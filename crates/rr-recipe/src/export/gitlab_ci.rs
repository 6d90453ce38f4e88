//! A GitLab CI pipeline: one job in the Dockerfile's base image, with its services.

use std::collections::BTreeMap;

use rr_core::command::quote;
use serde_json::{Value, json};

use super::images::{self, Extra};
use super::places::Places;
use super::yaml::{self, Document};
use super::{ExportFile, recipe, services};
use crate::error::RecipeError;
use crate::lock::{LockedCommand, RecipeLock};

const PLACES: Places = Places {
    workspace: "${CI_PROJECT_DIR}",
    home: "${HOME}",
    env: "${CI_PROJECT_DIR}/.repo-runner/env",
    venv: "${CI_PROJECT_DIR}/.venv",
    reports: "${CI_PROJECT_DIR}/.repo-runner/reports",
    tools: "${CI_PROJECT_DIR}/.repo-runner/tools",
    caches: "${CI_PROJECT_DIR}/.cache",
};

pub(super) fn file(lock: &RecipeLock) -> Result<ExportFile, RecipeError> {
    let base = images::base(lock);
    let mut before = preparation(lock, &images::extras(lock, &base));
    before.extend(recipe::setup(lock).filter_map(script));
    let tests: Vec<String> = recipe::tests(lock).filter_map(script).collect();
    let script = if tests.is_empty() { vec!["true".to_owned()] } else { tests };
    let job = Document::new()
        .with("image", base.image.clone())
        .with("timeout", "1h")
        .with("variables", variables(lock))
        .with("services", json!(databases(lock)))
        .with("cache", cache(lock))
        .with("before_script", before)
        .with("script", script);
    let document = Document::new().with("tests", job);
    let remarks = yaml::remarks(&recipe::required(lock), "the project's CI/CD variables");
    yaml::file(lock, ".gitlab-ci.yml", document, &remarks)
}

fn preparation(lock: &RecipeLock, extras: &[Extra]) -> Vec<String> {
    let mut packages: Vec<String> = lock.system_packages.iter().map(|p| quote(&p.name)).collect();
    let mut lines = Vec::new();
    for extra in extras {
        match extra {
            Extra::Apt(name) => packages.push((*name).to_owned()),
            Extra::Pip(requirement) => lines.push(format!("pip install {}", quote(requirement))),
            Extra::Npm(package) => lines.push(format!("npm install --global {}", quote(package))),
            Extra::Copy(image, _) => {
                lines.push(format!("echo {}", quote(&format!("add what {image} has"))))
            }
            Extra::Unknown(tool) => {
                lines.push(format!("echo {}", quote(&format!("{tool} is needed"))))
            }
        }
    }
    packages.sort();
    packages.dedup();
    if !packages.is_empty() {
        let line = format!(
            "apt-get update && apt-get install -y --no-install-recommends {}",
            packages.join(" ")
        );
        lines.insert(0, line);
    }
    lines.push(
        "mkdir -p \"$CI_PROJECT_DIR/.repo-runner/env\" \"$CI_PROJECT_DIR/.repo-runner/reports\""
            .to_owned(),
    );
    let path: Vec<String> = lock.path.iter().map(|folder| PLACES.double_quoted(folder)).collect();
    if !path.is_empty() {
        lines.push(format!("export PATH={}:\"$PATH\"", path.join(":")));
    }
    lines
}

/// Each command in a subshell: its folder and its variables end with it.
fn script(command: &LockedCommand) -> Option<String> {
    let run = recipe::own_command(command)?;
    let mut lines =
        vec![format!("cd {}", PLACES.double_quoted(&format!("@{{workspace}}/{}", command.folder)))];
    for (name, value) in recipe::own_variables(command) {
        lines.push(format!("export {name}={}", PLACES.word(&value)));
    }
    let whole = PLACES.piece(&run);
    let simple = lines.len() == 1 && command.folder.is_empty() && !command.optional;
    if simple {
        return Some(whole);
    }
    lines.push(whole);
    let tail = if command.optional { " || true" } else { "" };
    Some(format!("(\n{}\n){tail}", lines.join("\n")))
}

/// GitLab expands `$` in values: `$$` is a dollar sign.
fn variables(lock: &RecipeLock) -> Document {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for service in &lock.services {
        let image = services::image_variables(service);
        all.extend(
            image.into_iter().map(|(name, value)| (name.to_owned(), value.replace('$', "$$"))),
        );
    }
    let own = recipe::variables(lock);
    all.extend(
        own.into_iter().map(|(name, value)| (name, PLACES.expand(&value.replace('$', "$$")))),
    );
    let bound = services::bound(lock, |s| s.kind.as_str().to_owned(), |s| services::port(s.kind));
    all.extend(bound.into_iter().map(|(name, value)| (name, value.replace('$', "$$"))));
    all.into_iter().fold(Document::new(), |document, (name, value)| document.with(&name, value))
}

fn databases(lock: &RecipeLock) -> Vec<Value> {
    let service = |service: &crate::LockedService| json!({ "name": services::image(service), "alias": service.kind.as_str() });
    lock.services.iter().map(service).collect()
}

fn cache(lock: &RecipeLock) -> Value {
    let locks = [
        "uv.lock",
        "poetry.lock",
        "package-lock.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "Cargo.lock",
        "go.sum",
        "pom.xml",
    ];
    let files: Vec<&str> = lock
        .manifests
        .iter()
        .map(|m| m.path.as_str())
        .filter(|p| locks.contains(p))
        .take(2)
        .collect();
    if files.is_empty() {
        return Value::Null;
    }
    json!({ "key": { "files": files }, "paths": [".cache/"] })
}
