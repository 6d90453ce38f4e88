//! What a run tells those who watch it, as it happens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::id::StepId;
use crate::phase::{Phase, PhaseOutcome};
use crate::rung::Rung;
use crate::test_run::TestCounts;

/// One event of a run. `--output jsonl` prints one per line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "fields are named after the types they carry")]
pub enum RunEvent {
    RunStarted { run_id: String, source: String },
    PhaseStarted { phase: Phase },
    PhaseEnded { phase: Phase, outcome: PhaseOutcome, detail: String },
    Found { phase: Phase, text: String },
    StepStarted { step: StepId, phase: Phase, title: String, command: String, attempt: u32 },
    Output { step: StepId, line: String },
    StepEnded { step: StepId, ok: bool, detail: String, seconds: f64 },
    Decided { decision: Decision },
    Diagnosed { step: StepId, signature: String, explanation: String, evidence_line: String },
    RemedyApplied { step: StepId, title: String, number: u32, budget: u32 },
    RemedyRolledBack { step: StepId, title: String },
    ServiceUp { name: String, url: String, port: u16 },
    TestsFinished { runner: String, counts: TestCounts },
    RungProved { rung: Rung, evidence: String },
    Note { text: String },
    RunEnded { rung: Option<Rung>, green: bool, summary: String },
}

/// Watches a run. Must be quick and must not fail.
pub trait Observer: Send + Sync {
    /// Takes one event.
    fn on_event(&self, event: &RunEvent);
}

/// An observer that looks away.
#[derive(Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn on_event(&self, _event: &RunEvent) {}
}
