//! What every ecosystem implements: detect, plan, diagnose. All three are pure.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analysis::{Analysis, Unit};
use crate::diagnosis::{Diagnosis, Remedy};
use crate::environment::EnvironmentReport;
use crate::outcome::Outcome;
use crate::plan::{RunPlan, Step};
use crate::requirement::{SystemPackage, ToolchainRequirement};
use crate::test_run::TestRun;
use crate::view::RepoView;

/// Name of an ecosystem: `python`, `javascript`, `rust`, `go`, `jvm`, `c`, `shell`, `site`, …
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct EcosystemId(pub String);

/// One ecosystem. Implementations hold no state and do no I/O beyond the [`RepoView`].
pub trait Ecosystem: Send + Sync {
    /// The ecosystem's name.
    fn id(&self) -> EcosystemId;

    /// The units of this ecosystem in the tree, with evidence. Must look at relevant files only:
    /// manifests by name, never the whole tree's contents.
    fn detect(&self, repo: &dyn RepoView) -> Vec<Unit>;

    /// The steps for one primary unit: install, check, build, start, test.
    fn plan(&self, repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan;

    /// What is wrong with a step that failed, or a test step that proved nothing. The surest
    /// diagnosis first; empty where no rule matches.
    fn diagnose(&self, repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis>;

    /// Adds or pins dependencies for a failed step, in its manager's syntax. `None` where this
    /// ecosystem adds none without changing a manifest.
    fn add_dependencies(
        &self,
        _repo: &dyn RepoView,
        _failed: &FailedStep<'_>,
        _requirements: &[String],
    ) -> Option<Remedy> {
        None
    }
}

/// What a plan is made from, besides the tree and the unit.
#[derive(Clone, Copy)]
pub struct PlanContext<'a> {
    /// The whole analysis: mined commands, facts, services.
    pub analysis: &'a Analysis,
    /// The host.
    pub environment: &'a EnvironmentReport,
}

/// What an ecosystem asks for one unit; merged into the [`RunPlan`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnitPlan {
    /// Toolchains needed.
    pub toolchains: Vec<ToolchainRequirement>,
    /// Operating-system packages needed.
    pub system_packages: Vec<SystemPackage>,
    /// Environment of every step of the unit.
    pub env: std::collections::BTreeMap<String, String>,
    /// Folders before the PATH.
    pub path: Vec<String>,
    /// Steps in order.
    pub steps: Vec<Step>,
    /// Remarks for people.
    pub notes: Vec<String>,
}

/// A step that failed, with all that is known about it.
#[derive(Clone, Copy)]
pub struct FailedStep<'a> {
    /// The step as it was run.
    pub step: &'a Step,
    /// How it ended.
    pub outcome: &'a Outcome,
    /// Its output: head and tail joined, at most 80 KiB (for test steps, the failing cases'
    /// messages are appended).
    pub output: &'a str,
    /// For test steps: the outcomes that could be read.
    pub tests: Option<&'a TestRun>,
    /// The plan as it stands.
    pub plan: &'a RunPlan,
    /// The analysis.
    pub analysis: &'a Analysis,
    /// The host.
    pub environment: &'a EnvironmentReport,
    /// Signatures already treated in this run, in order; a remedy is never applied twice for one.
    pub treated: &'a [String],
}

impl EcosystemId {
    /// Wraps a name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EcosystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
