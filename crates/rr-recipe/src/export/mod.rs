//! Exports: each form is a function of the lock alone.

mod compose;
mod copilot;
mod devcontainer;
mod dockerfile;
mod dockerfile_text;
mod github_actions;
mod gitlab_ci;
mod header;
mod images;
mod layers;
mod mise;
mod nix;
mod places;
mod plain_shell;
mod recipe;
mod script;
mod services;
mod setup_actions;
mod version;
mod yaml;

use std::fmt;
use std::str::FromStr;

use crate::error::RecipeError;
use crate::lock::RecipeLock;

pub use header::HEADER_MARK;
pub use script::{SCRIPT_PLACES, script_has, script_variables};

/// A form in which a recipe can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportForm {
    /// A multi-stage Dockerfile with its ignore file.
    Dockerfile,
    /// A compose file with the databases, over the Dockerfile.
    Compose,
    /// A development container.
    Devcontainer,
    /// A GitHub Actions workflow.
    GithubActions,
    /// A GitLab CI pipeline.
    GitlabCi,
    /// Tools, variables and tasks for mise.
    Mise,
    /// A shell script.
    Script,
    /// The set-up steps of GitHub's coding agent.
    CopilotSetupSteps,
    /// A Nix flake with a development shell.
    Nix,
    /// The lock itself.
    Lock,
}

/// What an export consists of; the main file first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The files.
    pub files: Vec<ExportFile>,
}

/// One file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFile {
    /// Path relative to the repository's root.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Whether it is a program.
    pub executable: bool,
}

/// Writes a lock in a form.
///
/// # Errors
/// Where a document cannot be serialised.
pub fn export(lock: &RecipeLock, form: ExportForm) -> Result<Export, RecipeError> {
    let files = match form {
        ExportForm::Dockerfile => dockerfile::files(lock),
        ExportForm::Compose => compose::files(lock)?,
        ExportForm::Devcontainer => devcontainer::files(lock)?,
        ExportForm::GithubActions => vec![github_actions::file(lock)?],
        ExportForm::GitlabCi => vec![gitlab_ci::file(lock)?],
        ExportForm::Mise => vec![mise::file(lock)?],
        ExportForm::Script => vec![script::file(lock)],
        ExportForm::CopilotSetupSteps => vec![copilot::file(lock)?],
        ExportForm::Nix => vec![nix::file(lock)],
        ExportForm::Lock => vec![ExportFile::text(crate::LOCK_FILE, lock.to_toml()?)],
    };
    Ok(Export { files })
}

impl ExportForm {
    /// All forms.
    pub const ALL: [Self; 10] = [
        Self::Dockerfile,
        Self::Compose,
        Self::Devcontainer,
        Self::GithubActions,
        Self::GitlabCi,
        Self::Mise,
        Self::Script,
        Self::CopilotSetupSteps,
        Self::Nix,
        Self::Lock,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dockerfile => "dockerfile",
            Self::Compose => "compose",
            Self::Devcontainer => "devcontainer",
            Self::GithubActions => "github-actions",
            Self::GitlabCi => "gitlab-ci",
            Self::Mise => "mise",
            Self::Script => "script",
            Self::CopilotSetupSteps => "copilot-setup-steps",
            Self::Nix => "nix",
            Self::Lock => "lock",
        }
    }
}

impl fmt::Display for ExportForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ExportForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|form| form.as_str() == text).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|form| form.as_str()).collect();
            format!("unknown form `{text}`: use one of {}", known.join(", "))
        })
    }
}

impl ExportFile {
    fn text(path: &str, text: String) -> Self {
        Self { path: path.to_owned(), text, executable: false }
    }
}
