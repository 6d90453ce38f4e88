//! Running a step: what its journal asks for, its attempts, and how they end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rr_core::{JournalEvent, RetryPolicy};
use serde_json::Value;

use crate::drive::Drive;
use crate::error::{StepError, WorkflowError};
use crate::state::{Position, Progress, State, StepState};
use crate::step_context::StepContext;

/// A step that the body asked for, at its position.
#[derive(Clone)]
pub(crate) struct StepCall {
    pub(crate) index: u64,
    pub(crate) name: String,
    pub(crate) input: Value,
}

/// What the journal asks for at a step's position.
pub(crate) enum Due {
    /// Nothing: this is its recorded end.
    Ended(Result<Value, WorkflowError>),
    /// The step was cut off too often: it is to be closed as failed.
    CutOff { attempt: u32 },
    /// This attempt, not before a time of the clock.
    Attempt { number: u32, not_before: u64 },
}

impl Drive {
    /// Runs a step to its end, through all its attempts. `started` is an attempt that was
    /// journaled as started already.
    pub(crate) fn run_step(
        self: &Arc<Self>,
        call: &StepCall,
        mut started: Option<u32>,
    ) -> Result<Value, WorkflowError> {
        loop {
            let attempt = match started.take() {
                Some(attempt) => attempt,
                None => match self.due(call)? {
                    Due::Ended(end) => return end,
                    Due::CutOff { attempt } => return self.give_up(call, attempt),
                    Due::Attempt { number, not_before } => {
                        self.pause_until(not_before)?;
                        self.commit([call.started(number)])?;
                        number
                    }
                },
            };
            let outcome = self.attempt(call, attempt);
            if let Some(result) = self.settle(call, attempt, outcome)? {
                return Ok(result);
            }
        }
    }

    /// What is due at a step's position. Breaks the drive where the body and the journal differ.
    pub(crate) fn due(&self, call: &StepCall) -> Result<Due, WorkflowError> {
        self.check()?;
        let Some(policy) = self.steps.policy(&call.name) else {
            return Err(self.break_with(WorkflowError::UnknownStep(call.name.clone())));
        };
        let due = self.view(|state| due_in(state, call, policy, self.options.max_cut_offs));
        due.map_err(|recorded| self.nondeterministic(call.index, recorded, call.describe()))
    }

    /// Breaks the drive because the body asks for something else than the journal records.
    pub(crate) fn nondeterministic(
        &self,
        index: u64,
        recorded: String,
        asked: String,
    ) -> WorkflowError {
        let workflow_id = self.workflow_id.clone();
        self.break_with(WorkflowError::Nondeterministic { workflow_id, index, recorded, asked })
    }

    /// Journals the end of a process, where it is known to live.
    pub(crate) fn end_process(&self, pid: u32) -> Result<(), WorkflowError> {
        let lives = |state: &State| state.live_processes().iter().any(|live| live.pid == pid);
        if self.view(lives) { self.defer(JournalEvent::ProcessEnded { pid }) } else { Ok(()) }
    }

    fn attempt(self: &Arc<Self>, call: &StepCall, attempt: u32) -> Result<Value, StepError> {
        let context = StepContext {
            drive: Arc::clone(self),
            step: call.name.clone(),
            index: call.index,
            attempt,
        };
        let input = call.input.clone();
        // A step shares nothing with the engine but its context, which keeps its own locks sound.
        catch_unwind(AssertUnwindSafe(|| self.steps.run(&call.name, &context, input)))
            .unwrap_or_else(|panic| Err(StepError::fatal("panic", panic_text(&*panic))))
    }

    /// Journals how an attempt ended. `None` asks for another one.
    fn settle(
        &self,
        call: &StepCall,
        attempt: u32,
        outcome: Result<Value, StepError>,
    ) -> Result<Option<Value>, WorkflowError> {
        // What a step returns after the cancellation may be a half-finished result or an error
        // that the cancellation caused: neither is recorded, and the step runs again.
        self.check()?;
        match outcome {
            Ok(result) => {
                let index = call.index;
                self.defer(JournalEvent::StepCompleted { index, result: result.clone() })?;
                Ok(Some(result))
            }
            Err(error) => {
                let permitted = error.retryable && self.may_retry(call);
                self.defer(call.failed(attempt, &error, permitted))?;
                if permitted { Ok(None) } else { Err(call.failure(&error.code, &error.message)) }
            }
        }
    }

    fn may_retry(&self, call: &StepCall) -> bool {
        let policy = self.steps.policy(&call.name).unwrap_or(RetryPolicy::ONCE);
        let failures = self.view(|state| match state.position(call.index) {
            Some(Position::Step(step)) => step.failures,
            _ => 0,
        });
        failures + 1 < policy.max_attempts
    }

    fn give_up(&self, call: &StepCall, attempt: u32) -> Result<Value, WorkflowError> {
        let message = format!("cut off in {attempt} attempts, never finished");
        let error = StepError::fatal("cut-off", message);
        self.defer(call.failed(attempt, &error, false))?;
        Err(call.failure(&error.code, &error.message))
    }
}

impl StepCall {
    pub(crate) fn started(&self, attempt: u32) -> JournalEvent {
        JournalEvent::StepStarted {
            index: self.index,
            name: self.name.clone(),
            attempt,
            input: self.input.clone(),
        }
    }

    fn failed(&self, attempt: u32, error: &StepError, retryable: bool) -> JournalEvent {
        JournalEvent::StepFailed {
            index: self.index,
            attempt,
            error: error.message.clone(),
            code: error.code.clone(),
            retryable,
        }
    }

    fn failure(&self, code: &str, message: &str) -> WorkflowError {
        WorkflowError::StepFailed {
            step: self.name.clone(),
            index: self.index,
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    fn describe(&self) -> String {
        format!("step `{}`", self.name)
    }
}

/// The error is what the journal holds instead.
fn due_in(
    state: &State,
    call: &StepCall,
    policy: RetryPolicy,
    max_cut_offs: u32,
) -> Result<Due, String> {
    let step = match state.position(call.index) {
        None => return Ok(Due::Attempt { number: 1, not_before: 0 }),
        Some(Position::Step(step)) if step.name == call.name => step,
        Some(other) => return Err(other.describe()),
    };
    Ok(match &step.progress {
        Progress::Completed(result) => Due::Ended(Ok(result.as_ref().clone())),
        Progress::Failed { code, error } => Due::Ended(Err(call.failure(code, error))),
        Progress::Running if step.cut_off() >= max_cut_offs => {
            Due::CutOff { attempt: step.attempts }
        }
        Progress::Running => Due::Attempt { number: step.attempts + 1, not_before: 0 },
        Progress::AwaitingRetry { failed_at } => {
            let not_before = failed_at.saturating_add(pause_millis(step, policy));
            Due::Attempt { number: step.attempts + 1, not_before }
        }
    })
}

/// Pauses grow with the failures, not with attempts that a crash cut off.
fn pause_millis(step: &StepState, policy: RetryPolicy) -> u64 {
    let pause = policy.pause_before(step.failures.saturating_add(1));
    u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked without a message".to_owned())
}
