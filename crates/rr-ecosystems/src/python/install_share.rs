//! How much of a mined install command concerns the tests.

use rr_core::{MinedCommand, Trust};

/// How much of an install command is taken over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// All of it.
    All,
    /// Files, extras and groups, but no single packages.
    Declared,
    /// Nothing: it is for docs, linting, publishing or users.
    Nothing,
}

/// Words in the names of jobs and targets that are not about running tests.
const ASIDE: &[&str] = &[
    "doc",
    "lint",
    "publish",
    "release",
    "wheel",
    "deploy",
    "style",
    "mypy",
    "typing",
    "typecheck",
    "type-check",
    "bench",
    "format",
    "sphinx",
    "audit",
    "security",
    "pre-commit",
    "sdist",
    "upload",
    "stubs",
    "binary",
    "image",
];

/// What of an install command concerns the tests: in CI the job that also runs them.
pub(super) fn share(command: &MinedCommand, tests: &[(String, String)]) -> Share {
    let context = command.context.to_lowercase();
    let path = command.evidence.path.as_str();
    let beside = tests.iter().any(|(p, c)| p == path && *c == command.context);
    if !beside && ASIDE.iter().any(|word| context.contains(word)) {
        return Share::Nothing;
    }
    match command.evidence.trust {
        Trust::User | Trust::Configuration => Share::All,
        Trust::Ci if path.starts_with(".github/") => {
            if beside {
                Share::All
            } else {
                Share::Nothing
            }
        }
        Trust::Ci => {
            if tests.iter().any(|(p, _)| p == path) {
                Share::All
            } else {
                Share::Nothing
            }
        }
        // tox and nox are read by their own rules below.
        Trust::TaskRunner if context.starts_with("tox:") || context.starts_with("nox:") => {
            Share::Nothing
        }
        Trust::TaskRunner => {
            let named =
                ["install", "dev", "test", "dep", "setup", "venv", "init", "bootstrap", "require"];
            if beside || named.iter().any(|word| context.contains(word)) {
                Share::All
            } else {
                Share::Nothing
            }
        }
        Trust::Readme
            if ["test", "develop", "contribut"].iter().any(|word| context.contains(word)) =>
        {
            Share::Declared
        }
        _ => Share::Nothing,
    }
}
