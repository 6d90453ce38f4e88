//! A plan: what will be run, in which order, why, and what each step proves.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::ecosystem::EcosystemId;
use crate::evidence::Evidence;
use crate::id::StepId;
use crate::phase::Phase;
use crate::probe::HealthProbe;
use crate::requirement::{ServiceRequirement, SystemPackage, ToolchainRequirement};
use crate::rung::Rung;
use crate::test_run::ReportFormat;

/// What will be run. Remedies change it through [`crate::PlanEdit`]s only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunPlan {
    /// Toolchains to put on the PATH.
    pub toolchains: Vec<ToolchainRequirement>,
    /// Operating-system packages to have before the first step.
    pub system_packages: Vec<SystemPackage>,
    /// Databases and brokers to provision before the first step that needs them.
    pub services: Vec<ServiceRequirement>,
    /// Environment of every step.
    pub env: BTreeMap<String, String>,
    /// Folders to put before the PATH of every step, tokens allowed: `@{env}/venv/bin`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// Steps in order.
    pub steps: Vec<Step>,
    /// What is up while the repository runs, in start order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topology: Vec<TopologyNode>,
    /// What was decided and what was left out, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One thing that is up while the repository runs: a database, or a program of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopologyNode {
    /// `postgres`, or the id of a `Start` step.
    pub name: String,
    /// Folder of the unit; none for a database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Names of the nodes that must be up before.
    pub after: Vec<String>,
    /// Port expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How it is seen to be up, in words.
    pub health: String,
    /// Where the order is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Unique in the plan, stable across remedies.
    pub id: StepId,
    /// Which ecosystem made it, and therefore diagnoses it.
    pub ecosystem: EcosystemId,
    /// Unit it belongs to (`""` for the root).
    pub unit: String,
    /// What it does.
    pub kind: StepKind,
    /// One line for people: `install dependencies with uv`.
    pub title: String,
    /// The command.
    pub command: Command,
    /// Folder relative to the workspace, `""` for its root.
    pub cwd: String,
    /// Variables of this step alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Network it needs.
    pub network: NetworkNeed,
    /// Time limit in seconds.
    pub timeout_seconds: u32,
    /// Whether it runs as root inside the sandbox.
    #[serde(default)]
    pub as_root: bool,
    /// Whether its failure leaves later steps meaningful (lint-like, front-end extras).
    #[serde(default)]
    pub optional: bool,
    /// For `Start`: how to see that it is up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<HealthProbe>,
    /// For `Test`: where the outcomes are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestSpec>,
    /// Why this command: the strongest evidence first.
    pub evidence: Vec<Evidence>,
}

/// What a step does. Kinds are in the order in which a plan runs them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Writes configuration (an `.env`), generates code that installs need.
    Configure,
    /// Installs dependencies.
    Install,
    /// Imports or links, to see that what was installed loads.
    Check,
    /// Migrates or seeds a database.
    Migrate,
    /// Builds.
    Build,
    /// Starts a service, runs an entry point, or loads a library.
    Start,
    /// Runs the tests.
    Test,
}

/// Where a test step's outcomes are found and how they are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestSpec {
    /// Runner's name: `pytest`, `cargo-test`, `go-test`, `jest`.
    pub runner: String,
    /// Format of what it writes.
    pub format: ReportFormat,
    /// Where it writes: a path or glob with tokens below `@{reports}`, or `-` for standard output.
    pub report: String,
}

/// What network a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkNeed {
    /// Package registries.
    Registries,
    /// Only the run's own loopback, where its services and databases live.
    Loopback,
}

impl StepKind {
    /// Its word: `install`, `test`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Install => "install",
            Self::Check => "check",
            Self::Migrate => "migrate",
            Self::Build => "build",
            Self::Start => "start",
            Self::Test => "test",
        }
    }

    /// The phase in which steps of this kind run.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            Self::Install | Self::Check => Phase::ManageDependencies,
            Self::Configure | Self::Migrate | Self::Build => Phase::Configure,
            Self::Start => Phase::Execute,
            Self::Test => Phase::RunTests,
        }
    }

    /// The rung that the last step of this kind proves.
    #[must_use]
    pub const fn rung(self) -> Rung {
        match self {
            Self::Configure | Self::Install | Self::Check => Rung::Installed,
            Self::Migrate | Self::Build => Rung::Built,
            Self::Start => Rung::Running,
            Self::Test => Rung::Tested,
        }
    }
}

impl Step {
    /// A step with the usual limits: 1800 s for installs and builds, 120 s for starts, 3600 s
    /// for tests; registries for installs and builds, loopback for the rest.
    pub fn new(
        id: impl Into<String>,
        ecosystem: &EcosystemId,
        unit: &str,
        kind: StepKind,
        title: impl Into<String>,
        command: Command,
    ) -> Self {
        let (network, timeout_seconds) = match kind {
            StepKind::Configure | StepKind::Install | StepKind::Build => {
                (NetworkNeed::Registries, 1800)
            }
            StepKind::Check | StepKind::Migrate => (NetworkNeed::Loopback, 300),
            StepKind::Start => (NetworkNeed::Loopback, 120),
            StepKind::Test => (NetworkNeed::Loopback, 3600),
        };
        Self {
            id: StepId::new(id),
            ecosystem: ecosystem.clone(),
            unit: unit.to_owned(),
            kind,
            title: title.into(),
            command,
            cwd: unit.to_owned(),
            env: BTreeMap::new(),
            network,
            timeout_seconds,
            as_root: false,
            optional: false,
            probe: None,
            test: None,
            evidence: Vec::new(),
        }
    }

    /// The same step with evidence.
    #[must_use]
    pub fn because(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    /// The same step with a variable.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }
}

impl RunPlan {
    /// The step of this id.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| &step.id == id)
    }

    /// The steps of a kind, in order.
    pub fn of_kind(&self, kind: StepKind) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.kind == kind)
    }
}
