//! A GitHub Actions workflow: toolchains, services, set-up, build, tests.

use serde_json::{Value, json};

use super::yaml::{self, Document};
use super::{ExportFile, recipe, setup_actions};
use crate::error::RecipeError;
use crate::lock::RecipeLock;

pub(super) fn file(lock: &RecipeLock) -> Result<ExportFile, RecipeError> {
    let mut steps = setup_actions::steps(lock);
    steps.extend(recipe::tests(lock).filter_map(setup_actions::step));
    let job = Document::new()
        .with("runs-on", "ubuntu-24.04")
        .with("timeout-minutes", 60)
        .with("env", setup_actions::environment(lock))
        .with("services", setup_actions::services_of_job(lock))
        .with("defaults", json!({ "run": { "shell": "bash" } }))
        .with("steps", steps);
    let document = Document::new()
        .with("name", "Tests")
        .with("on", on())
        .with("permissions", json!({ "contents": "read" }))
        .with("jobs", Document::new().with("tests", job));
    let remarks = yaml::remarks(&recipe::required(lock), "the repository's secrets");
    yaml::file(lock, ".github/workflows/tests.yml", document, &remarks)
}

fn on() -> Value {
    json!({ "push": { "branches": ["main", "master"] }, "pull_request": {}, "workflow_dispatch": {} })
}
