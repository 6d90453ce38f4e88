//! The report that a run hands back. Its JSON Schema is `docs/report.schema.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analysis::Analysis;
use crate::cause::CauseClass;
use crate::decision::Decision;
use crate::diagnosis::Diagnosis;
use crate::enforcement::Enforcement;
use crate::environment::EnvironmentReport;
use crate::fix::FixKey;
use crate::id::{RunId, StepId};
use crate::phase::PhaseRecord;
use crate::plan::RunPlan;
use crate::probe::ProbeResult;
use crate::proposal::ModelConsultation;
use crate::rung::Rung;
use crate::source::RepoSource;
use crate::test_run::{TestCase, TestCounts};

/// Everything a run found, did and proved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunReport {
    /// Version of this format.
    pub report_version: u32,
    /// The run.
    pub run_id: RunId,
    /// What the user named.
    pub source: RepoSource,
    /// The commit that was run, or the hash of the tree where there is no git.
    pub commit: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Every rung with its evidence, lowest first.
    pub rungs: Vec<RungRecord>,
    /// The host.
    pub environment: EnvironmentReport,
    /// The analysis.
    pub analysis: Analysis,
    /// The plan as it was in the end, remedies applied.
    pub plan: RunPlan,
    /// Every attempt at every step.
    pub steps: Vec<StepRecord>,
    /// The twelve phases.
    pub phases: Vec<PhaseRecord>,
    /// The tests.
    pub tests: TestReport,
    /// Services that were up.
    pub services: Vec<ServiceRecord>,
    /// Remedies applied.
    pub remedies: Vec<RemedyRecord>,
    /// Failures that remain, each with its cause class.
    pub failures: Vec<FailureRecord>,
    /// Decisions taken.
    pub decisions: Vec<Decision>,
    /// What language models were asked and answered; absent where none was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consultations: Vec<ModelConsultation>,
    /// Isolation reached.
    pub enforcement: Enforcement,
    /// Whether the prepared environment was reused, and why or why not.
    pub prepared: PreparedEnvironment,
    /// Where the time went.
    pub timings: Timings,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The highest rung proved; `None` where not even analysis succeeded.
    pub rung: Option<Rung>,
    /// The rung that was asked for.
    pub asked: Rung,
    /// Whether everything up to the asked rung is proved and no `environment` failure is left.
    pub green: bool,
    /// One sentence.
    pub summary: String,
}

/// One rung with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RungRecord {
    /// Which rung.
    pub rung: Rung,
    /// Whether it was proved.
    pub proved: bool,
    /// What proves it, or what stands against it.
    pub evidence: Vec<String>,
}

/// One attempt at one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepRecord {
    /// Which step.
    pub step: StepId,
    /// Attempt, from 1.
    pub attempt: u32,
    /// The command as shown.
    pub command: String,
    /// Whether it succeeded.
    pub ok: bool,
    /// How it ended: `exit status 0`.
    pub ended: String,
    /// Seconds.
    pub seconds: f64,
    /// Log file, relative to the run's folder.
    pub log: String,
}

/// The tests of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestReport {
    /// Runners that ran, comma-separated.
    pub runner: String,
    /// Counts.
    #[serde(flatten)]
    pub counts: TestCounts,
    /// Whether every runner ran to its end.
    pub complete: bool,
    /// Signs that weaken the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// Tests that failed and passed when they were run again with nothing changed. They count as
    /// failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaky: Vec<String>,
    /// The tests.
    pub cases: Vec<TestCase>,
}

/// A service that was up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceRecord {
    /// Its step's id, or the kind of database.
    pub name: String,
    /// Process id on the host.
    pub pid: u32,
    /// Address from outside, while the run goes on.
    pub url: String,
    /// Port inside the run's network.
    pub port: u16,
    /// What the probe found.
    pub probe: ProbeResult,
    /// Resident bytes when last looked at.
    #[serde(default)]
    pub memory: u64,
    /// Processor seconds that it had taken by then.
    #[serde(default)]
    pub cpu_seconds: f64,
}

/// A remedy that was applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RemedyRecord {
    /// What it treated.
    pub diagnosis: Diagnosis,
    /// What was done.
    pub title: String,
    /// Whether the step got further: succeeded, or failed with another signature.
    pub helped: bool,
    /// Whether it was rolled back.
    pub rolled_back: bool,
    /// Which remedy for which error, as the fix memory keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<FixKey>,
    /// Whether it was tried before the one that the rules would have taken.
    #[serde(default)]
    pub departed: bool,
    /// Seconds that the steps run again for it took.
    #[serde(default)]
    pub seconds: f64,
}

/// A failure that remains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailureRecord {
    /// The step.
    pub step: StepId,
    /// Why.
    pub cause: CauseClass,
    /// Stable name of the error's class, where a rule matched.
    pub signature: String,
    /// One sentence.
    pub explanation: String,
    /// The log line that proves it.
    pub evidence_line: String,
}

/// Whether a prepared environment was reused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PreparedEnvironment {
    /// Hash of the inputs.
    pub key: String,
    /// Whether it was reused.
    pub reused: bool,
    /// Its age in seconds, where reused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// Why it was or was not.
    pub reason: String,
}

/// Where the time went, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timings {
    /// From command to verdict.
    pub total: f64,
    /// What the repository's own install, build, start and tests took, with downloads.
    pub repo: f64,
    /// The rest: ours.
    pub ours: f64,
}
