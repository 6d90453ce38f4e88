//! Commands: as a plan runs them, and as they were found in the repository.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;

/// A command of a plan. Paths in it may hold the tokens `@{workspace}`, `@{home}`, `@{env}`,
/// `@{reports}`, `@{tools}` and `@{caches}`, which the executor replaces by guest paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// Program and arguments, no shell.
    Argv(Vec<String>),
    /// A line for `bash -euo pipefail -c`.
    Shell(String),
}

impl Command {
    /// Builds an argument vector from words.
    pub fn argv<I, S>(words: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        Self::Argv(words.into_iter().map(Into::into).collect())
    }

    /// Builds a shell line.
    pub fn shell(line: impl Into<String>) -> Self {
        Self::Shell(line.into())
    }

    /// The argument vector that a process is started with.
    #[must_use]
    pub fn to_argv(&self) -> Vec<String> {
        match self {
            Self::Argv(words) => words.clone(),
            Self::Shell(line) => {
                ["bash", "-euo", "pipefail", "-c", line].iter().map(|&s| s.to_owned()).collect()
            }
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shell(line) => f.write_str(line),
            Self::Argv(words) => {
                let quoted: Vec<String> = words.iter().map(|w| quote(w)).collect();
                f.write_str(&quoted.join(" "))
            }
        }
    }
}

/// Quotes one word for a POSIX shell, where it needs it.
#[must_use]
pub fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./=:,@%+{}".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// What a command found in a repository does. Unclassified commands are never run.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum CommandClass {
    /// Installs system packages.
    System,
    /// Installs dependencies.
    Install,
    /// Generates or copies configuration.
    Configure,
    /// Migrates or seeds a database.
    Migrate,
    /// Builds.
    Build,
    /// Runs tests.
    Test,
    /// Starts the application.
    Start,
    /// Formats, lints, type-checks.
    Lint,
    /// Deploys.
    Deploy,
    /// Publishes a release.
    Publish,
    /// Deletes or overwrites outside the build.
    Destructive,
    /// None of the above.
    Unknown,
}

/// A command found in the repository's own files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MinedCommand {
    /// The command line as found, one simple command or an `&&` chain.
    pub line: String,
    /// What it does.
    pub class: CommandClass,
    /// Folder it runs in, relative to the root (`""` for the root).
    pub cwd: String,
    /// Variables set for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Job, target or section it stands in: `tests`, `tests-3.12`.
    pub context: String,
    /// Where it stands.
    pub evidence: Evidence,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argv_prints_as_a_shell_would_read_it() {
        let command = Command::argv(["echo", "it's", "", "a b", "x=1"]);
        assert_eq!(command.to_string(), r"echo 'it'\''s' '' 'a b' x=1");
    }
}
