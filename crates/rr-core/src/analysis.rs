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
    /// What every pin says about each toolchain, and what follows from them together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<VersionChoice>,
    /// Which unit needs which other unit of the repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<UnitLink>,
    /// Tools that hold several units together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<WorkspaceTool>,
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
    /// Where it is superseded: which fact rules, and why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub superseded_by: String,
    /// What else is known of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<FactMark>,
}

/// What is known of a fact besides its value.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FactMark {
    /// A variable that holds something private, by its name.
    Secret,
    /// A variable without which the code that reads it fails.
    Required,
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
    /// A toolchain's version or range as a manifest or a pin file has it.
    DeclaredVersion(String),
    /// What must be up before the unit: a database, or `./FOLDER` of another unit.
    StartsAfter,
    /// A command that the program offers at the command line.
    CliCommand,
    /// A driver or an address of a database in the code; passwords are hidden.
    Database,
    /// A model that the code downloads.
    Model,
    /// Use of a graphics processor.
    Gpu,
    /// A module that the code imports and no manifest declares.
    MissingDependency,
    /// A dependency that a manifest declares and no code imports.
    UnusedDependency,
}

/// What the pins of one toolchain say together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionChoice {
    /// Unit it belongs to (`""` for the root).
    pub unit: String,
    /// `python`, `node`.
    pub tool: String,
    /// What rules, as it is written.
    pub chosen: String,
    /// Why: the source that rules and the ranges that it satisfies.
    pub reason: String,
    /// Every pin with its place, the ruling one first.
    pub pins: Vec<VersionPin>,
    /// Pins that contradict what was chosen, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<String>,
}

/// One pin: a version, or a range of versions, as a file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionPin {
    /// The text: `3.12.1`, `>=3.8,<3.13`, `^18 || >=20`.
    pub text: String,
    /// Where it stands.
    pub evidence: Evidence,
}

/// A unit that needs another unit of the same repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitLink {
    /// Folder of the unit that needs the other.
    pub from: String,
    /// Folder of the unit that is needed.
    pub to: String,
    /// How it is said: `workspace:*`, `path = "../core"`.
    pub by: String,
    /// Where it stands.
    pub evidence: Evidence,
}

/// A tool that holds several units together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceTool {
    /// `pnpm`, `turbo`, `cargo`, `go`, `maven`, …
    pub tool: String,
    /// Folder it rules.
    pub folder: String,
    /// What its file says the members are, as it is written there.
    pub members: Vec<String>,
    /// Where it stands.
    pub evidence: Evidence,
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

impl Fact {
    /// A fact that nothing supersedes.
    pub fn new(
        key: FactKey,
        unit: impl Into<String>,
        value: impl Into<String>,
        evidence: Evidence,
    ) -> Self {
        Self {
            key,
            unit: unit.into(),
            value: value.into(),
            evidence,
            superseded: false,
            superseded_by: String::new(),
            marks: Vec::new(),
        }
    }
}

impl FactKey {
    /// What the fact is about, for people: `version of python`, `port`.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Version(tool) => format!("version of {tool}"),
            Self::DeclaredVersion(tool) => format!("declared version of {tool}"),
            Self::Manager => "package manager".to_owned(),
            Self::Port => "port".to_owned(),
            Self::HealthPath => "health path".to_owned(),
            Self::Variable(name) => format!("variable {name}"),
            Self::Service => "service".to_owned(),
            Self::SystemPackage => "system package".to_owned(),
            Self::EntryPoint => "entry point".to_owned(),
            Self::Script(name) => format!("script {name}"),
            Self::StartsAfter => "starts after".to_owned(),
            Self::CliCommand => "command line".to_owned(),
            Self::Database => "database".to_owned(),
            Self::Model => "model".to_owned(),
            Self::Gpu => "graphics processor".to_owned(),
            Self::MissingDependency => "missing dependency".to_owned(),
            Self::UnusedDependency => "unused dependency".to_owned(),
        }
    }
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
