//! What a `repo-runner.toml` says: changes to what analysis found, each with its place.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::plan::StepKind;

/// A configuration file that the user named on the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigFile {
    /// Its path, as the user wrote it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// One change: a field, what is done to it, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Override {
    /// What is changed.
    pub field: OverrideField,
    /// How.
    pub operation: OverrideOperation,
    /// The values, in the file's order. A variable with a secret's name has
    /// [`Override::HIDDEN`] in place of its value.
    pub values: Vec<String>,
    /// The place of each value; the first is the place of the change.
    pub evidence: Vec<Evidence>,
}

/// What an override changes.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum OverrideField {
    /// Which units get a plan, by path or name.
    Packages,
    /// Folder in which all commands run.
    Folder,
    /// Versions of one toolchain.
    Toolchain(String),
    /// Packages of the operating system.
    SystemPackages,
    /// Databases and brokers, `postgres` or `postgres:16`.
    Services,
    /// One environment variable.
    Variable(String),
    /// Ports that the application listens on.
    Ports,
    /// The path that answers a health probe.
    HealthPath,
    /// The commands of a kind.
    Commands(StepKind),
    /// Folder in which the commands of a kind run.
    CommandFolder(StepKind),
    /// Tests to run, of all there are.
    SelectTests,
    /// Tests to leave out.
    ExcludeTests,
}

/// How an override changes its field.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum OverrideOperation {
    /// In addition to what was found.
    Append,
    /// In place of what was found.
    Replace,
    /// Taken out of what was found.
    Remove,
}

impl Override {
    /// Stands where a secret's value is not shown.
    pub const HIDDEN: &'static str = "(hidden)";
    /// The rule of all evidence that overrides bring.
    pub const RULE: &'static str = "override";

    /// The values with the place of each.
    pub fn items(&self) -> impl Iterator<Item = (&str, &Evidence)> {
        self.values.iter().map(String::as_str).zip(&self.evidence)
    }
}

impl OverrideOperation {
    /// Its word in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }
}

impl fmt::Display for OverrideField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packages => f.write_str("packages"),
            Self::Folder => f.write_str("folder"),
            Self::Toolchain(tool) => write!(f, "toolchains.{tool}"),
            Self::SystemPackages => f.write_str("system-packages"),
            Self::Services => f.write_str("services"),
            Self::Variable(name) => write!(f, "env.{name}"),
            Self::Ports => f.write_str("ports"),
            Self::HealthPath => f.write_str("health-path"),
            Self::Commands(kind) => f.write_str(kind.as_str()),
            Self::CommandFolder(kind) => write!(f, "{}.folder", kind.as_str()),
            Self::SelectTests => f.write_str("test.select"),
            Self::ExcludeTests => f.write_str("test.exclude"),
        }
    }
}
