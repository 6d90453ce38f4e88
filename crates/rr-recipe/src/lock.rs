//! The lock: everything that set-up and tests of a repository need, in versions, as one document.
//!
//! It is data. Values of secrets never stand in it: a variable that looks like one has its name
//! alone.

use std::collections::BTreeMap;

use rr_core::{
    Command, EnvBinding, Evidence, HealthProbe, NetworkNeed, Rung, ServiceKind, StepKind,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::RecipeError;

/// Version of the lock's format.
pub const LOCK_VERSION: u32 = 1;
/// The lock's usual file name.
pub const LOCK_FILE: &str = "repo-runner.lock";

/// A recipe, locked. TOML; its JSON Schema is `docs/recipe.schema.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RecipeLock {
    /// Version of this format.
    pub lock_version: u32,
    /// Which program wrote it, with its version.
    pub generator: String,
    /// Folders that commands want before the PATH; tokens as in [`Command`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// Remarks for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was locked.
    pub source: LockedSource,
    /// How far it was proved.
    pub proof: Proof,
    /// Where it was proved, and therefore for what the package versions hold.
    pub platform: Platform,
    /// Toolchains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub toolchains: Vec<LockedToolchain>,
    /// Packages of the operating system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub system_packages: Vec<LockedPackage>,
    /// Databases and brokers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<LockedService>,
    /// Environment variables of all commands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<LockedVariable>,
    /// Manifests and lockfiles that decide what an install brings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<LockedManifest>,
    /// Commands, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<LockedCommand>,
    /// What the managers resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<DependencySet>,
}

/// Where the files come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LockedSource {
    /// As the user named it, credentials taken out.
    pub repository: String,
    /// Commit, or `tree:` and a hash where there is no git; empty where nothing was fetched.
    pub commit: String,
    /// Day of the commit, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_date: Option<String>,
}

/// How far a lock was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Proof {
    /// The highest rung that a run proved. A lock made from analysis alone says `analyzed`;
    /// absent where a run proved nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved_up_to: Option<Rung>,
    /// The run; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Its verdict in one sentence.
    pub summary: String,
}

/// Where it was proved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Platform {
    /// Operating system and release.
    pub os: String,
    /// Distribution's id: `debian`.
    pub distribution: String,
    /// Its codename: `bookworm`.
    pub codename: String,
    /// Machine architecture.
    pub arch: String,
}

/// A toolchain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LockedToolchain {
    /// Its name: `python`.
    pub tool: String,
    /// The version that was used; absent where nothing ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The versions that the repository asks for, in its own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub requested: String,
    /// Where the used one came from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provenance: String,
    /// Where the need was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// A package of the operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LockedPackage {
    /// Debian's name.
    pub name: String,
    /// Its version on the platform; absent where nothing was installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where the need was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// A database or broker. User and password are those of a throw-away database on loopback: what
/// the repository itself publishes for its tests, or our default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LockedService {
    /// Which kind.
    pub kind: ServiceKind,
    /// Version that the repository names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<String>,
    /// Version that was up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Port that the code has hard-wired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// User.
    pub user: String,
    /// Throw-away password.
    pub password: String,
    /// Whether user and password are our default rather than the repository's own.
    pub ours: bool,
    /// Databases; the first is the one in the URL.
    pub databases: Vec<String>,
    /// Extensions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
    /// Variables by which the code finds it.
    pub bindings: Vec<EnvBinding>,
    /// Where the need was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// An environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LockedVariable {
    /// Its name.
    pub name: String,
    /// Its value; absent for secrets and for what the user gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Who says it.
    pub origin: VariableOrigin,
}

/// Who says a variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VariableOrigin {
    /// The repository or its ecosystem's conventions.
    Plan,
    /// A default of ours.
    Ours,
    /// The user, for the run: its value is not in the lock.
    User,
}

/// A file that decides what an install brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LockedManifest {
    /// Path relative to the root.
    pub path: String,
    /// Whether an install that reads it looks at the sources beside it too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_sources: bool,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LockedCommand {
    /// Its step's id.
    pub id: String,
    /// What it does.
    pub kind: StepKind,
    /// The rung it helps to prove.
    pub rung: Rung,
    /// One line for people.
    pub title: String,
    /// Folder relative to the root, `""` for the root.
    pub folder: String,
    /// How it ended in the run: whether with success; absent where it was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<bool>,
    /// Whether set-up goes on where it fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Whether it runs as root.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_root: bool,
    /// Network it needs.
    pub network: NetworkNeed,
    /// The command as a person would give it. Absent where only our own tools can do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Command>,
    /// Variables of this command alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// The same with our recorders, which tell outcomes test by test; only where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Recorded>,
    /// How a service is asked whether it is up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<LockedProbe>,
    /// For tests: what came out, by test id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// Why this command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// A command with our recorders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Recorded {
    /// The command.
    pub run: Command,
    /// Its variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
}

/// A service's probe, and what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LockedProbe {
    /// Port that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Path that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it answered in the run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answered: String,
    /// What is asked.
    pub asks: HealthProbe,
}

/// Test outcomes, each test's id under its outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Expected {
    /// Passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<String>,
    /// Failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// Skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
    /// Could not run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errored: Vec<String>,
}

/// What one manager resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct DependencySet {
    /// The manager: `uv`, `npm`, `cargo`.
    pub manager: String,
    /// Where it was read: a file of the repository, or what was installed.
    pub read_from: String,
    /// Whether it is what was installed, rather than what a file asks for.
    pub installed: bool,
    /// The packages, by name.
    pub packages: Vec<Dependency>,
}

/// A resolved dependency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Hash as the manager writes it: of the source artifact, else of the first one listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

impl RecipeLock {
    /// The lock as text.
    ///
    /// # Errors
    /// Where it cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        let head = "# The environment of a repository, locked by repo-runner. It is made anew by a run: do not\n\
                    # edit it. `repo-runner export FORM repo-runner.lock` writes a Dockerfile and others from it.\n\n";
        let body = toml::to_string_pretty(self).map_err(|e| RecipeError::Write {
            what: LOCK_FILE.to_owned(),
            reason: e.to_string(),
        })?;
        Ok(format!("{head}{body}"))
    }

    /// Reads a lock.
    ///
    /// # Errors
    /// Where the text is no lock, or one of a newer version.
    pub fn from_toml(text: &str) -> Result<Self, RecipeError> {
        let lock: Self = toml::from_str(text).map_err(|e| RecipeError::Read(e.to_string()))?;
        if lock.lock_version > LOCK_VERSION {
            return Err(RecipeError::Newer { found: lock.lock_version, known: LOCK_VERSION });
        }
        Ok(lock)
    }

    /// The commands of a kind.
    pub fn of_kind(&self, kind: StepKind) -> impl Iterator<Item = &LockedCommand> {
        self.commands.iter().filter(move |command| command.kind == kind)
    }

    /// The toolchain of this name.
    #[must_use]
    pub fn toolchain(&self, tool: &str) -> Option<&LockedToolchain> {
        self.toolchains.iter().find(|toolchain| toolchain.tool == tool)
    }
}

/// The lock's JSON Schema.
#[must_use]
pub fn lock_schema() -> serde_json::Value {
    schemars::schema_for!(RecipeLock).to_value()
}
