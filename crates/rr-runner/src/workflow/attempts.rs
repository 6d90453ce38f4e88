//! One attempt at a step: how it is run, judged, recorded, and treated where it failed.

use rr_agents::StepResult;
use rr_core::{CauseClass, Diagnosis, Exit, Phase, PhaseOutcome, Step, StepId, StepKind};
use rr_workflow::{WorkflowContextExt, WorkflowError};

use super::body::{Play, RUNS_FAILURES_AGAIN};
use super::input::{Attempt, Rerun, Timed};
use super::repair::{Failure, Score, Verdict, classify, last_telling_line};
use super::steps::agent_of;
use super::time_limit::TimeLimit;
use super::{finish, rerun};

/// Where the run goes on after an attempt.
pub(super) enum Next {
    Forward,
    Retry(StepId),
    Stop,
}

impl Play<'_> {
    /// Tries a step once.
    pub(super) fn attempt(&mut self, step: &Step) -> Result<Next, WorkflowError> {
        if step.kind > StepKind::Check {
            self.bring_up_databases()?;
        }
        self.settle();
        let attempt = self.progress.next_attempt(&step.id);
        let left_out = self.repairs.left_out(&step.id);
        let input = Attempt { step: step.clone(), attempt, left_out };
        match step.kind {
            StepKind::Start => self.attempt_start(step, &input),
            StepKind::Test => self.attempt_test(step, &input),
            _ => self.attempt_plain(step, &input),
        }
    }

    fn attempt_plain(&mut self, step: &Step, input: &Attempt) -> Result<Next, WorkflowError> {
        let timed: Timed<StepResult> = self.context.step("run-step", input)?;
        let result = self.progress.took_repo(step.kind.phase(), agent_of(step.kind), timed);
        let ok = result.outcome.exit.success();
        self.record(input, &result, ok);
        if ok {
            self.repairs.succeeded(&step.id, &mut self.progress);
            self.progress.end(step, true, result.outcome.exit.to_string());
            return Ok(Next::Forward);
        }
        let detail = result.outcome.exit.to_string();
        let failure = Failure { step, result: &result, tests_file: None, score: Score::default() };
        self.treat(&failure, &detail)
    }

    fn attempt_start(&mut self, step: &Step, input: &Attempt) -> Result<Next, WorkflowError> {
        let timed: Timed<super::input::Started> = self.context.step("start-service", input)?;
        let started = self.progress.took_repo(Phase::Execute, "RunnerAgent", timed.clone());
        if started.finding.is_some() {
            self.progress.took(Phase::MonitorHealth, "HealthAgent", timed);
        }
        let (ok, detail) = match &started.finding {
            Some(finding) => (finding.result.healthy, finding.result.detail.clone()),
            None => {
                (started.result.outcome.exit.success(), started.result.outcome.exit.to_string())
            }
        };
        self.record(input, &started.result, ok);
        if let Some(finding) = &started.finding {
            let outcome = if ok { PhaseOutcome::Succeeded } else { PhaseOutcome::Failed };
            self.progress.phase_ended(Phase::MonitorHealth, outcome, &detail);
            // A program that ran to its end, or works without listening, is no service.
            let served = !matches!(finding.result.protocol.as_str(), "exit" | "alive");
            if ok && served {
                self.progress.services.push(finish::service_record(step, &started, finding));
            }
        }
        if ok {
            self.repairs.succeeded(&step.id, &mut self.progress);
            self.progress.end(step, true, detail).finding = started.finding;
            return Ok(Next::Forward);
        }
        let result = &started.result;
        let failure = Failure { step, result, tests_file: None, score: Score::default() };
        self.treat(&failure, &detail)
    }

    fn attempt_test(&mut self, step: &Step, input: &Attempt) -> Result<Next, WorkflowError> {
        let timed: Timed<super::input::Tested> = self.context.step("run-tests", input)?;
        let tested = self.progress.took_repo(Phase::RunTests, "RunnerAgent", timed);
        let counts = tested.tests.counts;
        let bad = counts.failed + counts.errored;
        let proves = tested.tests.proves;
        let score = Score::of(&tested.tests);
        self.record(input, &tested.result, proves);
        let detail = format!(
            "{} passed, {} failed, {} skipped, {} errored ({})",
            counts.passed,
            counts.failed,
            counts.skipped,
            counts.errored,
            tested.result.outcome.exit
        );
        let best = self.progress.ended.get(&step.id).and_then(|end| end.tests.clone());
        let improves = best.is_none_or(|best| score >= Score::of(&best));
        if improves {
            self.progress.end(step, proves, detail.clone()).tests = Some(tested.tests.clone());
        }
        if proves && bad == 0 {
            self.repairs.succeeded(&step.id, &mut self.progress);
            return Ok(Next::Forward);
        }
        let tests_file = Some(tested.tests.file.clone());
        let failure = Failure { step, result: &tested.result, tests_file, score };
        self.treat(&failure, &detail)
    }

    /// Repairs, or records what remains.
    fn treat(&mut self, failure: &Failure<'_>, detail: &str) -> Result<Next, WorkflowError> {
        if let Some(limit) = self.live.limit.filter(|_| self.progress.late) {
            return Ok(self.cut_off(failure, detail, limit));
        }
        let budget = self.live.request.budget;
        let verdict = self.repairs.treat(self.context, &mut self.progress, budget, failure)?;
        let diagnosis = match verdict {
            Verdict::Retry(step) => return Ok(Next::Retry(step)),
            Verdict::GiveUp(diagnosis) => diagnosis,
        };
        let step = failure.step;
        let kept = self.progress.ended.get(&step.id).is_some_and(|end| end.ok);
        if step.kind == StepKind::Test && kept {
            // The suite ran to its end; what failed in it stands with its own cause, unless a cure
            // for the set-up is known and only the budget forbids it.
            self.run_failures_again(step)?;
            let ours = |d: &Diagnosis| d.cause == CauseClass::Environment && !d.remedies.is_empty();
            if self.progress.budget_spent && diagnosis.as_ref().is_some_and(ours) {
                let record = classify(step, failure.result, diagnosis, detail);
                self.progress.failures.retain(|f| f.step != step.id);
                self.progress.failures.push(record);
            }
            return Ok(Next::Forward);
        }
        let record = classify(step, failure.result, diagnosis, detail);
        self.progress.failures.retain(|f| f.step != step.id);
        self.progress.failures.push(record);
        if step.kind != StepKind::Test {
            self.progress.end(step, false, detail.to_owned());
        }
        let phase = step.kind.phase();
        self.progress.phase_ended(phase, PhaseOutcome::Failed, detail);
        // What was installed may work although a check or a start failed: the tests will tell.
        let ends = matches!(step.kind, StepKind::Install | StepKind::Build) && !step.optional;
        Ok(if ends { Next::Stop } else { Next::Forward })
    }

    /// Runs the tests that failed once more, with nothing changed: those that pass then are flaky.
    fn run_failures_again(&mut self, step: &Step) -> Result<(), WorkflowError> {
        let end = self.progress.ended.get(&step.id);
        let Some(first) = end.and_then(|end| end.tests.clone()) else { return Ok(()) };
        let bad = first.counts.failed + first.counts.errored;
        let known = self.context.version() >= RUNS_FAILURES_AGAIN;
        let seconds = self.progress.attempts.iter().rfind(|a| a.step == step.id).map(|a| a.seconds);
        let Some(again) = rerun::failures_of(step, seconds.unwrap_or_default()) else {
            return Ok(());
        };
        if bad == 0 || bad > rerun::FAILURES || !known || self.progress.late {
            return Ok(());
        }
        let attempt = self.progress.next_attempt(&step.id);
        let left_out = self.repairs.left_out(&step.id);
        let attempt = Attempt { step: again, attempt, left_out };
        let input = Rerun { attempt: attempt.clone(), first };
        let timed: Timed<super::input::Tested> = self.context.step("rerun-failures", &input)?;
        let tested = self.progress.took_repo(Phase::RunTests, "RunnerAgent", timed);
        self.record(&attempt, &tested.result, tested.result.outcome.exit.success());
        if let Some(end) = self.progress.ended.get_mut(&step.id) {
            end.tests = Some(tested.tests);
        }
        Ok(())
    }

    /// The run's time limit ended this step: what it showed until then stands, nothing is treated.
    fn cut_off(&mut self, failure: &Failure<'_>, detail: &str, limit: TimeLimit) -> Next {
        let step = failure.step;
        self.repairs.abandon(&mut self.progress);
        if failure.result.outcome.exit == Exit::TimedOut {
            let record = limit.failure(step.id.clone(), &last_telling_line(failure.result));
            self.progress.failures.retain(|f| f.step != step.id);
            self.progress.failures.push(record);
        }
        if step.kind != StepKind::Test {
            self.progress.end(step, false, detail.to_owned());
        }
        self.progress.phase_ended(step.kind.phase(), PhaseOutcome::Failed, detail);
        Next::Stop
    }

    fn record(&mut self, input: &Attempt, result: &StepResult, ok: bool) {
        self.progress.attempts.push(rr_core::report::StepRecord {
            step: input.step.id.clone(),
            attempt: input.attempt,
            command: input.step.command.to_string(),
            ok,
            ended: result.outcome.exit.to_string(),
            seconds: result.outcome.seconds,
            log: result.log.clone(),
        });
    }
}
