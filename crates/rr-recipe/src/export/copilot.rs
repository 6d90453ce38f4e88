//! The set-up steps of GitHub's coding agent: the same job, without its tests, under the name that
//! the agent looks for.

use serde_json::json;

use super::yaml::{self, Document};
use super::{ExportFile, recipe, setup_actions};
use crate::error::RecipeError;
use crate::lock::RecipeLock;

pub(super) fn file(lock: &RecipeLock) -> Result<ExportFile, RecipeError> {
    let path = ".github/workflows/copilot-setup-steps.yml";
    let job = Document::new()
        .with("runs-on", "ubuntu-24.04")
        .with("timeout-minutes", 59)
        .with("permissions", json!({ "contents": "read" }))
        .with("env", setup_actions::environment(lock))
        .with("services", setup_actions::services_of_job(lock))
        .with("defaults", json!({ "run": { "shell": "bash" } }))
        .with("steps", setup_actions::steps(lock));
    let document = Document::new()
        .with("name", "Copilot Setup Steps")
        .with("on", json!({ "workflow_dispatch": {}, "push": { "paths": [path] }, "pull_request": { "paths": [path] } }))
        .with("jobs", Document::new().with("copilot-setup-steps", job));
    let remarks =
        yaml::remarks(&recipe::required(lock), "the secrets of the environment `copilot`");
    yaml::file(lock, path, document, &remarks)
}
