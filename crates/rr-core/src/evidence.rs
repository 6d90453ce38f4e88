//! Where a fact comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a source of facts is trusted, least first: the order of competing facts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// A detector's own default.
    Default,
    /// The ecosystem's manifest or lockfile.
    Manifest,
    /// A code block of the README or CONTRIBUTING.
    Readme,
    /// Makefile, justfile, Taskfile, tox, nox, package scripts.
    TaskRunner,
    /// Dockerfile, compose, devcontainer.
    Container,
    /// A continuous-integration workflow.
    Ci,
    /// The repository's own `repo-runner.toml`.
    Configuration,
    /// The user said so on the command line or in a configuration they granted.
    User,
}

impl Trust {
    /// The kind of source, for people.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Default => "a default of ours",
            Self::Manifest => "manifest or code",
            Self::Readme => "README",
            Self::TaskRunner => "task runner",
            Self::Container => "container file",
            Self::Ci => "CI",
            Self::Configuration => "repo-runner.toml",
            Self::User => "the user",
        }
    }
}

/// One piece of evidence: a place in the repository and the rule that read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Path relative to the repository's root, `/`-separated. Empty for "the tree itself".
    pub path: String,
    /// Line, counted from 1, where one line holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The rule that produced the fact: `python.requires-python`.
    pub rule: String,
    /// How far the source is trusted.
    pub trust: Trust,
    /// The text found there, at most 200 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub excerpt: String,
}

impl Evidence {
    /// Evidence at a path, without a line.
    pub fn at(path: impl Into<String>, rule: impl Into<String>, trust: Trust) -> Self {
        Self { path: path.into(), line: None, rule: rule.into(), trust, excerpt: String::new() }
    }

    /// The place for people: `ci.yml:12 (github.run)`.
    #[must_use]
    pub fn place(&self) -> String {
        let path = if self.path.is_empty() { "the tree" } else { &self.path };
        let line = self.line.map_or(String::new(), |line| format!(":{line}"));
        format!("{path}{line} ({})", self.rule)
    }

    /// The same evidence with its line (from 1) and the text found there.
    #[must_use]
    pub fn with_line(mut self, line: u32, excerpt: &str) -> Self {
        self.line = Some(line);
        self.excerpt = excerpt.trim().chars().take(200).collect();
        self
    }
}
