//! What a run knows so far. Rebuilt from recorded results on every replay.

use std::collections::BTreeMap;

use rr_accounts::IndexChoice;
use rr_agents::{Databases, HealthFinding, Indexed, Inventory, Prepared};
use rr_core::clock::rfc3339;
use rr_core::report::{
    FailureRecord, PreparedEnvironment, RemedyRecord, ServiceRecord, StepRecord,
};
use rr_core::{
    Analysis, CauseClass, Decision, EnvironmentReport, FetchedSource, ModelConsultation, Phase,
    PhaseOutcome, PhaseRecord, RunPlan, Step, StepId, StepKind,
};
use rr_recipe::DependencySet;

use super::input::Timed;
use crate::cases::StoredTests;

/// What a run knows so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    pub environment: EnvironmentReport,
    pub fetched: Option<FetchedSource>,
    pub analysis: Analysis,
    pub plan: RunPlan,
    pub prepared: Prepared,
    pub environment_cache: PreparedEnvironment,
    pub index_choice: Option<IndexChoice>,
    pub indexed: Option<Indexed>,
    pub inventory: Option<Inventory>,
    pub databases: Databases,
    /// What the managers resolved.
    pub dependencies: Vec<DependencySet>,
    /// How each step ended at last.
    pub ended: BTreeMap<StepId, StepEnd>,
    pub attempts: Vec<StepRecord>,
    pub services: Vec<ServiceRecord>,
    pub remedies: Vec<RemedyRecord>,
    pub failures: Vec<FailureRecord>,
    pub decisions: Vec<Decision>,
    /// What language models were asked.
    pub consultations: Vec<ModelConsultation>,
    /// Whether repair stopped because its budget was spent.
    pub budget_spent: bool,
    /// Whether the run's time limit is reached: nothing more is begun.
    pub late: bool,
    /// Whether the replay of the recipe gave the same outcomes, and what was seen.
    pub reproduced: Option<(bool, String)>,
    pub notes: Vec<String>,
    phases: BTreeMap<Phase, PhaseSpan>,
    /// Spans in which the repository's own work or downloads ran, in Unix milliseconds.
    repo_spans: Vec<(u64, u64)>,
}

/// How a step ended at last.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StepEnd {
    pub kind: StepKind,
    pub unit: String,
    pub optional: bool,
    pub ok: bool,
    pub detail: String,
    pub tests: Option<StoredTests>,
    pub finding: Option<HealthFinding>,
    /// Whether it was not run because a prepared environment holds its result.
    pub reused: bool,
}

#[derive(Clone, Debug)]
struct PhaseSpan {
    agents: Vec<&'static str>,
    started: u64,
    ended: u64,
    outcome: PhaseOutcome,
    detail: String,
}

impl Progress {
    /// Takes a timed result into the record of its phase and gives the value.
    pub(crate) fn took<T>(&mut self, phase: Phase, agent: &'static str, timed: Timed<T>) -> T {
        let span = self.phases.entry(phase).or_insert_with(|| PhaseSpan {
            agents: Vec::new(),
            started: timed.started,
            ended: timed.ended,
            outcome: PhaseOutcome::Succeeded,
            detail: String::new(),
        });
        self.late |= timed.late;
        span.started = span.started.min(timed.started);
        span.ended = span.ended.max(timed.ended);
        if !span.agents.contains(&agent) {
            span.agents.push(agent);
        }
        timed.value
    }

    /// The same, for the repository's own work and downloads: their time is not ours.
    pub(crate) fn took_repo<T>(&mut self, phase: Phase, agent: &'static str, timed: Timed<T>) -> T {
        self.repo_spans.push((timed.started, timed.ended));
        self.took(phase, agent, timed)
    }

    /// Says how a phase ended.
    pub(crate) fn phase_ended(&mut self, phase: Phase, outcome: PhaseOutcome, detail: &str) {
        if let Some(span) = self.phases.get_mut(&phase) {
            span.outcome = outcome;
            detail.clone_into(&mut span.detail);
        }
    }

    /// The twelve phases; those never entered are skipped at the time of the one before.
    pub(crate) fn phase_records(&self, began: u64) -> Vec<PhaseRecord> {
        let mut last = began;
        let mut records = Vec::new();
        for phase in Phase::ALL {
            let record = match self.phases.get(&phase) {
                Some(span) => {
                    last = span.ended;
                    PhaseRecord {
                        name: phase,
                        agent: span.agents.join(", "),
                        started: rfc3339(span.started),
                        ended: rfc3339(span.ended),
                        outcome: span.outcome,
                        detail: span.detail.clone(),
                    }
                }
                None => PhaseRecord {
                    name: phase,
                    agent: String::new(),
                    started: rfc3339(last),
                    ended: rfc3339(last),
                    outcome: PhaseOutcome::Skipped,
                    detail: String::new(),
                },
            };
            records.push(record);
        }
        records
    }

    /// Seconds in which the repository's own work or downloads ran; spans may overlap.
    pub(crate) fn repo_seconds(&self) -> f64 {
        let mut spans = self.repo_spans.clone();
        spans.sort_unstable();
        let (mut total, mut end) = (0u64, 0u64);
        for (from, to) in spans {
            total += to.saturating_sub(from.max(end));
            end = end.max(to);
        }
        total as f64 / 1000.0
    }

    /// Which attempt at a step comes next, from 1.
    pub(crate) fn next_attempt(&self, step: &StepId) -> u32 {
        1 + self.attempts.iter().filter(|a| &a.step == step).count() as u32
    }

    /// Steps of the plan that must have succeeded for a rung, by kind.
    pub(crate) fn ends_of(&self, kinds: &[StepKind]) -> Vec<(&StepId, &StepEnd)> {
        self.ended.iter().filter(|(_, end)| kinds.contains(&end.kind)).collect()
    }

    /// Where something failed and a service that the repository names could not be had, that is the
    /// first failure: what else failed may only follow from it.
    pub(crate) fn blame_missing_services(&mut self) {
        let bad = |end: &StepEnd| {
            let tests = end.tests.as_ref().map_or(0, |t| t.counts.failed + t.counts.errored);
            !end.ok && !end.optional || tests > 0
        };
        if !self.ended.values().any(bad) {
            return;
        }
        let missing = self.databases.missing.iter().map(|service| {
            let name = service.kind.as_str();
            FailureRecord {
                step: StepId::new(format!("service:{name}")),
                cause: CauseClass::Environment,
                signature: format!("service.missing:{name}"),
                explanation: format!("{name}, which the repository names, could not be provided"),
                evidence_line: service.reason.clone(),
            }
        });
        let missing: Vec<FailureRecord> = missing.collect();
        self.failures.splice(0..0, missing);
    }

    /// Notes how a step ended.
    pub(crate) fn end(&mut self, step: &Step, ok: bool, detail: String) -> &mut StepEnd {
        let end = StepEnd {
            kind: step.kind,
            unit: step.unit.clone(),
            optional: step.optional,
            ok,
            detail,
            tests: None,
            finding: None,
            reused: false,
        };
        let slot = self.ended.entry(step.id.clone()).or_insert_with(|| end.clone());
        *slot = end;
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_service_is_to_blame_only_where_something_failed() {
        let step = |id: &str, kind| {
            let command = rr_core::Command::argv(["x"]);
            Step::new(id, &rr_core::EcosystemId::new("e"), "", kind, "t", command)
        };
        let mut progress = Progress::default();
        let reason = "no server of that kind can be had".to_owned();
        let missing = rr_agents::ServiceMissing { kind: rr_core::ServiceKind::Mongodb, reason };
        progress.databases.missing.push(missing);
        progress.end(&step("a", StepKind::Build), true, String::new());
        progress.blame_missing_services();
        assert!(progress.failures.is_empty());
        progress.end(&step("b", StepKind::Start), false, String::new());
        progress.blame_missing_services();
        assert_eq!(progress.failures[0].signature, "service.missing:mongodb");
        assert_eq!(progress.failures[0].cause, CauseClass::Environment);
    }

    #[test]
    fn overlapping_spans_count_once() {
        let mut progress = Progress::default();
        for (started, ended) in [(0, 1000), (500, 1500), (3000, 4000)] {
            progress.took_repo(
                Phase::Configure,
                "SetupAgent",
                Timed { value: (), started, ended, late: false },
            );
        }
        assert!((progress.repo_seconds() - 2.5).abs() < 1e-9);
    }
}
