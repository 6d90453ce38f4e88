//! Inputs and results of the workflow's steps, as the journal keeps them.

use std::path::PathBuf;

use rr_agents::{HealthFinding, StepResult};
use rr_core::{
    Analysis, Diagnosis, FetchedSource, IndexKind, RunPlan, ServiceRequirement, Step,
    SystemPackage, Tier, ToolchainRequirement,
};
use serde::{Deserialize, Serialize};

use crate::cases::StoredTests;

/// A step's result with the time it took. Replays show the time of the first play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timed<T> {
    pub value: T,
    /// Milliseconds since the Unix epoch.
    pub started: u64,
    pub ended: u64,
    /// Whether the run's time limit was reached when it ended.
    #[serde(default)]
    pub late: bool,
}

/// Phase 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Authenticated {
    pub user: String,
    pub tier: Tier,
}

/// Input of `analyze`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Analyze {
    pub fetched: FetchedSource,
}

/// Input of `plan`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MakePlan {
    pub analysis: Analysis,
}

/// Input of `prepare`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Prepare {
    pub toolchains: Vec<ToolchainRequirement>,
    pub packages: Vec<SystemPackage>,
    pub services: Vec<ServiceRequirement>,
}

/// Input of `list-dependencies`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ListDependencies {
    pub plan: RunPlan,
}

/// Input of `look-up-prepared`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LookUp {
    pub commit: String,
    pub plan: RunPlan,
}

/// Whether a prepared environment was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub key: String,
    pub hit: Option<Hit>,
    pub reason: String,
}

/// A prepared environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hit {
    pub path: PathBuf,
    pub age_seconds: u64,
    /// The plan that prepared it, remedies applied.
    pub plan: RunPlan,
    /// Diagnoses treated on the way, for the record.
    pub remedies: Vec<String>,
}

/// Input of `keep-prepared`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Keep {
    pub key: String,
    pub commit: String,
    /// The plan as it was made, which the key was made from.
    pub planned: RunPlan,
    /// The plan that was carried out.
    pub plan: RunPlan,
    pub remedies: Vec<String>,
}

/// Input of `run-step`, `start-service`, `run-tests`: the rest is the run's setting.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub step: Step,
    pub attempt: u32,
    /// Tests that a remedy left out because they never end: they are reported as errored.
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// Result of `start-service`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Started {
    pub result: StepResult,
    pub finding: Option<HealthFinding>,
    pub pid: u32,
    pub url: String,
}

/// Result of `run-tests`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tested {
    pub result: StepResult,
    pub tests: StoredTests,
}

/// Input of `rerun-failures`: a suite as it ended, with tests that failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rerun {
    /// The step with which only the failures are run again, where its runner can; else all of it.
    pub attempt: Attempt,
    /// What the suite gave at first.
    pub first: StoredTests,
}

/// Input of `diagnose`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Diagnose {
    pub step: Step,
    pub result: StepResult,
    pub tests_file: Option<String>,
    pub plan: RunPlan,
    pub analysis: Analysis,
    pub treated: Vec<String>,
}

/// Input of `choose-remedy`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Choose {
    pub ecosystem: String,
    pub diagnoses: Vec<Diagnosis>,
    pub tried: Vec<String>,
    pub number: u32,
    pub budget: u32,
    /// Remedies that the rules would not have taken first and that did not help.
    #[serde(default)]
    pub departures: u32,
}

/// Input of `index`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Index {
    pub kind: IndexKind,
}
