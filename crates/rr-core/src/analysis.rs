//! What analysis found out about a repository.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::MinedCommand;
use crate::ecosystem::EcosystemId;
use crate::evidence::Evidence;
use crate::overrides::Override;
use crate::requirement::{ServiceRequirement, SystemPackage, ToolchainRequirement};

/// Everything analysis found. Pure function of the tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Analysis {
    /// Units, the primary ones first, then by path.
    pub units: Vec<Unit>,
    /// Languages by share of source bytes, largest first.
    pub languages: Vec<LanguageShare>,
    /// Facts with their evidence; superseded ones stay visible.
    pub facts: Vec<Fact>,
    /// Commands mined from the repository, classified.
    pub commands: Vec<MinedCommand>,
    /// Databases and brokers needed.
    pub services: Vec<ServiceRequirement>,
    /// Operating-system packages that the repository's own files name.
    pub system_packages: Vec<SystemPackage>,
    /// What `repo-runner.toml` changes, in the order in which it is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// Date of the commit, `YYYY-MM-DD`, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_date: Option<String>,
    /// Remarks: what was skipped, capped, or contradictory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A buildable part of the repository: a package, a crate, a module, a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unit {
    /// Folder relative to the root, `""` for the root.
    pub path: String,
    /// Which ecosystem claims it.
    pub ecosystem: EcosystemId,
    /// The package's own name, or the folder's.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// Its place in the repository.
    pub role: UnitRole,
    /// Package and build managers, the ruling one first: `uv`, `pnpm`, `cargo`, `maven`.
    pub managers: Vec<String>,
    /// Toolchains it needs.
    pub toolchains: Vec<ToolchainRequirement>,
    /// Frameworks and test runners recognised: `flask`, `pytest`.
    pub frameworks: Vec<String>,
    /// How strongly this unit is the repository's own main thing, 0 to 100.
    pub weight: u8,
    /// Why we think so.
    pub evidence: Vec<Evidence>,
}

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// Used by other code.
    Library,
    /// A command-line program.
    Cli,
    /// Listens on a socket.
    Service,
    /// A web page or site.
    Site,
    /// A root that only holds members.
    Workspace,
}

/// A unit's place in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitRole {
    /// Gets a plan by default.
    Primary,
    /// Member of a workspace whose root has the plan.
    Member,
    /// A front end that the primary embeds or serves.
    Frontend,
    /// An example or demonstration.
    Example,
    /// Test data.
    Fixture,
    /// Documentation.
    Docs,
    /// Developer tooling, CI images, benchmarks.
    Tooling,
}

/// One fact with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// What the fact is about.
    pub key: FactKey,
    /// Unit it belongs to (`""` for the root).
    pub unit: String,
    /// Its value as text.
    pub value: String,
    /// Where it stands.
    pub evidence: Evidence,
    /// Whether a stronger fact of the same key rules instead.
    #[serde(default)]
    pub superseded: bool,
}

/// What a fact is about.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FactKey {
    /// A toolchain's version: `python`.
    Version(String),
    /// The package manager.
    Manager,
    /// A port the application listens on.
    Port,
    /// A path that answers a health probe.
    HealthPath,
    /// An environment variable that the code or its files name; the value is the default.
    Variable(String),
    /// A database or broker.
    Service,
    /// An operating-system package.
    SystemPackage,
    /// An application object, module or main class.
    EntryPoint,
    /// A script of a task runner: name and command.
    Script(String),
}

/// A language's share of the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LanguageShare {
    /// The language's name: `Python`.
    pub language: String,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Analysis {
    /// The units that get a plan.
    pub fn primary_units(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter().filter(|unit| unit.role == UnitRole::Primary)
    }

    /// The ruling fact of a key for a unit: not superseded, strongest source first.
    #[must_use]
    pub fn fact(&self, unit: &str, key: &FactKey) -> Option<&Fact> {
        self.facts
            .iter()
            .filter(|f| !f.superseded && f.unit == unit && &f.key == key)
            .max_by_key(|f| f.evidence.trust)
    }
}
