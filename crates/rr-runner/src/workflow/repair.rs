//! The bounded repair loop: from a failed step to a changed plan, or to a classified failure.

use rr_core::report::{FailureRecord, RemedyRecord};
use rr_core::{CauseClass, Diagnosis, FixKey, Phase, RemedyKind, RunPlan, Step, StepId, StepKind};
use rr_managers::OrchestratorManager;
use rr_workflow::{WorkflowContext, WorkflowContextExt, WorkflowError};

use super::consult::{self, Consulting};
use super::input::{Choose, Diagnose, Timed};
use super::progress::Progress;
use super::steps::Chosen;
use crate::cases::StoredTests;
use crate::request::RepairBudget;

/// Treatment of one run's failures.
#[derive(Default)]
pub(crate) struct Repairs {
    /// Remedies tried, by [`OrchestratorManager::remedy_key`].
    tried: Vec<String>,
    /// The treatment whose effect is not known yet.
    pending: Option<Pending>,
    /// Tests left out because they never end, by step.
    left_out: Vec<(StepId, String)>,
    /// Whether a language model may be asked.
    models: bool,
}

struct Pending {
    step: StepId,
    diagnosis: Diagnosis,
    title: String,
    before: RunPlan,
    snapshot: Option<u64>,
    score: Score,
    /// How many of the tests left out were left out before it.
    left_out: usize,
    /// Which remedy for which error, as the fix memory keeps it.
    fix: Option<FixKey>,
    /// Whether the rules would have taken another one first.
    departed: bool,
    /// How many attempts at steps there were before it.
    attempts: usize,
}

/// How far a step got: more is better, compared field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(crate) struct Score {
    /// Whether a test step proves its rung, or another step succeeded.
    pub proves: bool,
    /// Passed tests.
    passed: u64,
    /// Whether any test ran, whatever came of it.
    ran: bool,
    /// Whether any test was found: a suite of which nothing is left got no further.
    found: bool,
}

impl Score {
    /// The score of a suite.
    pub(crate) fn of(tests: &StoredTests) -> Self {
        let counts = tests.counts;
        Self {
            proves: tests.proves,
            passed: counts.passed,
            ran: counts.passed + counts.failed + counts.skipped > 0,
            found: counts.discovered > 0,
        }
    }

    /// Whether a treatment that brought a step from `before` to this helped. Where the step got no
    /// further and no less far, it did if the failure is `another` one.
    fn is_better(self, before: Self, another: bool) -> bool {
        self > before || another && self == before
    }
}

/// A failed attempt.
pub(crate) struct Failure<'a> {
    pub step: &'a Step,
    pub result: &'a rr_agents::StepResult,
    pub tests_file: Option<String>,
    pub score: Score,
}

/// What the loop decided.
pub(crate) enum Verdict {
    /// Go on from this step with the changed plan.
    Retry(StepId),
    /// Nothing more to try; the surest diagnosis, where there is one.
    GiveUp(Option<Diagnosis>),
}

impl Repairs {
    /// Treatment that may, or may not, ask a language model where the rules know nothing more.
    pub(crate) fn consulting(models: bool) -> Self {
        Self { models, ..Self::default() }
    }

    /// A step succeeded: a treatment that was pending helped.
    pub(crate) fn succeeded(&mut self, step: &StepId, progress: &mut Progress) {
        if let Some(pending) = self.pending.take_if(|p| &p.step == step) {
            pending.record(progress, true, false);
        }
    }

    /// Whether any remedy was applied.
    pub(crate) fn begun(&self) -> bool {
        !self.tried.is_empty()
    }

    /// Tests of a step that are left out.
    pub(crate) fn left_out(&self, step: &StepId) -> Vec<String> {
        let of_step = self.left_out.iter().filter(|(of, _)| of == step);
        of_step.map(|(_, id)| id.clone()).collect()
    }

    /// Every test that is left out, with its step.
    pub(crate) fn all_left_out(&self) -> Vec<(StepId, String)> {
        self.left_out.clone()
    }

    /// Nothing will show any more whether a pending treatment helps.
    pub(crate) fn abandon(&mut self, progress: &mut Progress) {
        if let Some(pending) = self.pending.take() {
            pending.record(progress, false, false);
        }
    }

    /// Diagnoses a failure, takes back a treatment that did not help, and chooses the next.
    pub(crate) fn treat(
        &mut self,
        context: &dyn WorkflowContext,
        progress: &mut Progress,
        budget: RepairBudget,
        failure: &Failure<'_>,
    ) -> Result<Verdict, WorkflowError> {
        let diagnoses = self.diagnose(context, progress, failure)?;
        let unexplained = consult::unexplained(failure.step, failure.result);
        let seen: Vec<&Diagnosis> = diagnoses.iter().chain([&unexplained]).collect();
        self.settle(context, progress, failure, &seen)?;
        // What a memory cost is not taken from what the rules may try.
        let departures = departures(progress, None);
        let used = (self.tried.len() as u32).saturating_sub(departures);
        let of_step = progress.remedies.iter().filter(|r| r.diagnosis.step == failure.step.id);
        let of_step = of_step.count() as u32 - self::departures(progress, Some(&failure.step.id));
        let again = seconds_of_repeats(progress, &failure.step.id);
        let spent =
            used >= budget.remedies || of_step >= budget.per_step || again >= budget.seconds as f64;
        if spent {
            progress.budget_spent |= diagnoses.iter().any(|d| !d.remedies.is_empty());
            return self.give_up(context, progress, failure, diagnoses);
        }
        let chosen: Timed<Option<Chosen>> = context.step(
            "choose-remedy",
            &Choose {
                ecosystem: failure.step.ecosystem.to_string(),
                diagnoses: diagnoses.clone(),
                tried: self.tried.clone(),
                number: used + 1,
                budget: budget.remedies,
                departures,
            },
        )?;
        match progress.took(Phase::ResolveErrors, "FixerAgent", chosen) {
            Some(chosen) => self.apply(context, progress, failure, chosen),
            None => match self.consult(context, progress, failure, &diagnoses, &unexplained)? {
                Some(chosen) => self.apply(context, progress, failure, chosen),
                None => self.give_up(context, progress, failure, diagnoses),
            },
        }
    }

    /// Asks a language model, where one may be asked and the failure is one that it may cure.
    fn consult(
        &self,
        context: &dyn WorkflowContext,
        progress: &mut Progress,
        failure: &Failure<'_>,
        diagnoses: &[Diagnosis],
        unexplained: &Diagnosis,
    ) -> Result<Option<Chosen>, WorkflowError> {
        let asked = self.models && context.version() >= consult::SINCE;
        if !asked || !consult::is_worth_it(progress, failure, diagnoses) {
            return Ok(None);
        }
        let diagnosis = diagnoses.first().unwrap_or(unexplained);
        let input = consult::input(progress, failure, diagnosis, &self.tried);
        let answer: Timed<Consulting> = context.step("consult-model", &input)?;
        let answer = progress.took(Phase::ResolveErrors, "FixerAgent", answer);
        progress.consultations.push(answer.consultation);
        Ok(answer.chosen)
    }

    /// Nothing is left to try for this step. Where it was reached only because a treatment of a
    /// later step sent the run back, that treatment is taken back instead, and its step is tried
    /// again as it was.
    fn give_up(
        &mut self,
        context: &dyn WorkflowContext,
        progress: &mut Progress,
        failure: &Failure<'_>,
        diagnoses: Vec<Diagnosis>,
    ) -> Result<Verdict, WorkflowError> {
        let Some(pending) = self.pending.take_if(|p| p.step != failure.step.id) else {
            return Ok(Verdict::GiveUp(diagnoses.into_iter().next()));
        };
        progress.plan = pending.before.clone();
        self.left_out.truncate(pending.left_out);
        let mut from = progress.plan.steps.first().map_or(pending.step.clone(), |s| s.id.clone());
        if let Some(snapshot) = pending.snapshot {
            let done: Timed<bool> = context.step("rollback", &snapshot)?;
            if progress.took(Phase::ResolveErrors, "FixerAgent", done) {
                from.clone_from(&pending.step);
            }
        }
        pending.record(progress, false, true);
        Ok(Verdict::Retry(from))
    }

    fn diagnose(
        &self,
        context: &dyn WorkflowContext,
        progress: &mut Progress,
        failure: &Failure<'_>,
    ) -> Result<Vec<Diagnosis>, WorkflowError> {
        let treated = self.tried.iter().filter_map(|key| key.split(" -> ").next());
        let diagnoses: Timed<Vec<Diagnosis>> = context.step(
            "diagnose",
            &Diagnose {
                step: failure.step.clone(),
                result: failure.result.clone(),
                tests_file: failure.tests_file.clone(),
                plan: progress.plan.clone(),
                analysis: progress.analysis.clone(),
                treated: treated.map(str::to_owned).collect(),
            },
        )?;
        Ok(progress.took(Phase::ResolveErrors, "FixerAgent", diagnoses))
    }

    /// Judges the pending treatment by this failure. One that brought the step no further is
    /// taken back: plan and files are as they were before it.
    fn settle(
        &mut self,
        context: &dyn WorkflowContext,
        progress: &mut Progress,
        failure: &Failure<'_>,
        diagnoses: &[&Diagnosis],
    ) -> Result<(), WorkflowError> {
        let Some(pending) = self.pending.take_if(|p| p.step == failure.step.id) else {
            return Ok(());
        };
        let same = diagnoses.iter().any(|d| d.signature == pending.diagnosis.signature);
        let helped = failure.score.is_better(pending.score, !same);
        if !helped {
            progress.plan = pending.before.clone();
            self.left_out.truncate(pending.left_out);
            if let Some(snapshot) = pending.snapshot {
                let done: Timed<bool> = context.step("rollback", &snapshot)?;
                progress.took(Phase::ResolveErrors, "FixerAgent", done);
            }
        }
        pending.record(progress, helped, !helped);
        Ok(())
    }

    fn apply(
        &mut self,
        context: &dyn WorkflowContext,
        progress: &mut Progress,
        failure: &Failure<'_>,
        chosen: Chosen,
    ) -> Result<Verdict, WorkflowError> {
        let snapshot: Timed<Option<u64>> = context.step("snapshot", &())?;
        let snapshot = progress.took(Phase::ResolveErrors, "FixerAgent", snapshot);
        self.tried.push(OrchestratorManager::remedy_key(&chosen.diagnosis, &chosen.remedy));
        progress.decisions.push(chosen.decision);
        let before = progress.plan.clone();
        let left_out = self.left_out.len();
        if let RemedyKind::SelectTests { without } = &chosen.remedy.kind {
            let step = &failure.step.id;
            self.left_out.extend(without.iter().map(|id| (step.clone(), id.clone())));
        }
        for edit in &chosen.remedy.edits {
            edit.apply(&mut progress.plan);
        }
        self.pending = Some(Pending {
            step: failure.step.id.clone(),
            diagnosis: chosen.diagnosis,
            title: chosen.remedy.title,
            before,
            snapshot,
            score: failure.score,
            left_out,
            fix: chosen.fix,
            departed: chosen.departed,
            attempts: progress.attempts.len(),
        });
        let from = chosen.remedy.resume_at.unwrap_or_else(|| failure.step.id.clone());
        Ok(Verdict::Retry(first_changed(progress, &from, &chosen.remedy.edits)))
    }
}

impl Pending {
    /// Records what it did.
    fn record(self, progress: &mut Progress, helped: bool, rolled_back: bool) {
        let again = progress.attempts.iter().skip(self.attempts);
        let seconds = again.map(|attempt| attempt.seconds).sum();
        progress.remedies.push(RemedyRecord {
            diagnosis: self.diagnosis,
            title: self.title,
            helped,
            rolled_back,
            fix: self.fix,
            departed: self.departed,
            seconds,
        });
    }
}

/// Remedies that the rules would not have taken first and that did not help, of one step or all.
fn departures(progress: &Progress, step: Option<&StepId>) -> u32 {
    let in_vain = progress.remedies.iter().filter(|r| r.departed && r.rolled_back);
    in_vain.filter(|r| step.is_none_or(|step| &r.diagnosis.step == step)).count() as u32
}

/// Seconds that a step's attempts took after its first.
fn seconds_of_repeats(progress: &Progress, step: &StepId) -> f64 {
    progress.attempts.iter().filter(|a| &a.step == step).skip(1).map(|a| a.seconds).sum()
}

/// The earliest step that must run again: the one to resume at, or a new one before it.
fn first_changed(progress: &Progress, from: &StepId, edits: &[rr_core::PlanEdit]) -> StepId {
    let at = |id: &StepId| progress.plan.steps.iter().position(|s| &s.id == id);
    let inserted = edits.iter().filter_map(|edit| match edit {
        rr_core::PlanEdit::InsertBefore { step, .. } => at(&step.id),
        _ => None,
    });
    let first = inserted.chain(at(from)).min();
    first.map_or_else(|| from.clone(), |at| progress.plan.steps[at].id.clone())
}

/// The record of a failure that remains.
pub(crate) fn classify(
    step: &Step,
    result: &rr_agents::StepResult,
    diagnosis: Option<Diagnosis>,
    detail: &str,
) -> FailureRecord {
    use rr_core::Exit;
    if let Some(diagnosis) = diagnosis {
        return FailureRecord {
            step: step.id.clone(),
            cause: diagnosis.cause,
            signature: diagnosis.signature,
            explanation: diagnosis.explanation,
            evidence_line: diagnosis.evidence_line,
        };
    }
    let (cause, signature) = match (result.outcome.exit, step.kind) {
        (Exit::TimedOut, _) => (CauseClass::Timeout, "timeout"),
        (Exit::OutOfMemory, _) => (CauseClass::NeedsHardware, "out-of-memory"),
        (_, StepKind::Configure | StepKind::Install | StepKind::Check | StepKind::Migrate) => {
            (CauseClass::Environment, "unexplained")
        }
        // Code that builds, starts or tests itself and fails without any sign of the
        // environment fails for its authors too.
        _ => (CauseClass::Intrinsic, "unexplained"),
    };
    FailureRecord {
        step: step.id.clone(),
        cause,
        signature: signature.to_owned(),
        explanation: detail.to_owned(),
        evidence_line: last_telling_line(result),
    }
}

/// The last line that speaks of an error, else the last line.
pub(crate) fn last_telling_line(result: &rr_agents::StepResult) -> String {
    let lines = || result.outcome.tail.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    let telling = |line: &&str| {
        let low = line.to_lowercase();
        low.contains("error") || low.contains("fail") || low.contains("fatal")
    };
    lines().find(telling).or_else(|| lines().next()).unwrap_or_default().chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use rr_core::TestCounts;

    use super::*;

    fn suite(proves: bool, passed: u64, failed: u64, errored: u64) -> Score {
        let discovered = passed + failed + errored;
        let counts = TestCounts { discovered, passed, failed, errored, skipped: 0 };
        let (file, doubts) = (String::new(), Vec::new());
        Score::of(&StoredTests { file, counts, proves, environment_failures: 0, doubts })
    }

    #[test]
    fn another_failure_is_progress_but_a_suite_of_which_nothing_is_left_is_not() {
        let none = suite(false, 0, 0, 0);
        for before in [suite(false, 0, 0, 3), suite(false, 0, 3, 0), suite(true, 1, 2, 0)] {
            assert!(!none.is_better(before, true), "{before:?}");
            assert!(before.is_better(none, false), "{before:?}");
        }
        assert!(suite(false, 0, 0, 2).is_better(suite(false, 0, 0, 3), true));
        assert!(!suite(false, 0, 0, 3).is_better(suite(false, 0, 0, 3), false));
        assert!(!suite(false, 0, 0, 3).is_better(suite(false, 0, 3, 0), true), "they ran before");
        assert!(Score::default().is_better(Score::default(), true), "an install fails elsewhere");
    }
}
