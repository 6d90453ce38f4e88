//! The transitions of a workflow's state.

use std::sync::Arc;

use rr_core::{JournalEvent, JournalRecord};
use serde_json::Value;

use super::model::{Begun, LiveProcess, Position, Progress, Signal, State, Status, StepState};
use super::rule::{IllegalTransition, Rule};

/// The state after a record.
///
/// # Errors
/// Where the record contradicts the state.
pub fn apply(state: &State, record: &JournalRecord) -> Result<State, IllegalTransition> {
    let mut next = state.clone();
    next.advance(record)?;
    Ok(next)
}

/// The state that a whole journal adds up to.
///
/// # Errors
/// At the first record that contradicts those before it.
pub fn fold(records: &[JournalRecord]) -> Result<State, IllegalTransition> {
    let mut state = State::default();
    records.iter().try_for_each(|record| state.advance(record))?;
    Ok(state)
}

impl State {
    /// [`apply`] in place. After an error the state is what it was before.
    pub(crate) fn advance(&mut self, record: &JournalRecord) -> Result<(), IllegalTransition> {
        self.transition(record).map_err(|rule| IllegalTransition {
            sequence: record.sequence,
            event: record.event.kind(),
            rule,
        })
    }

    // Every arm checks first and changes last, so that an error changes nothing.
    fn transition(&mut self, record: &JournalRecord) -> Result<(), Rule> {
        self.check_place(record)?;
        match &record.event {
            JournalEvent::WorkflowStarted { workflow, version, input } => {
                self.begin(workflow, *version, input);
            }
            JournalEvent::StepStarted { index, name, attempt, .. } => {
                self.start_step(*index, name, *attempt)?;
            }
            JournalEvent::StepCompleted { index, result } => {
                self.running_step(*index)?.progress = Progress::Completed(shared(result));
            }
            JournalEvent::StepFailed { index, attempt, error, code, retryable } => {
                let ended = if *retryable {
                    Progress::AwaitingRetry { failed_at: record.at }
                } else {
                    Progress::Failed { code: code.clone(), error: error.clone() }
                };
                self.fail_step(*index, *attempt, ended)?;
            }
            JournalEvent::TimerSet { index, fires_at } => {
                self.add_position(*index, Position::Timer { fires_at: *fires_at, fired: false })?;
            }
            JournalEvent::TimerFired { index } => self.fire_timer(*index)?,
            JournalEvent::SignalReceived { name, payload } => {
                self.signals.push(Signal { name: name.clone(), payload: shared(payload) });
            }
            JournalEvent::SignalConsumed { index, name, payload } => {
                self.consume_signal(*index, name, payload)?;
            }
            JournalEvent::ProcessStarted { label, pid, started_ticks } => {
                self.start_process(label, *pid, *started_ticks);
            }
            JournalEvent::ProcessEnded { pid } => self.end_process(*pid)?,
            JournalEvent::Note { index, .. } => self.count_note(*index),
            JournalEvent::WorkflowCompleted { result } => {
                self.end(Status::Completed(shared(result)))?;
            }
            JournalEvent::WorkflowFailed { error, code } => {
                self.end(Status::Failed { code: code.clone(), error: error.clone() })?;
            }
        }
        self.next_sequence += 1;
        Ok(())
    }

    fn check_place(&self, record: &JournalRecord) -> Result<(), Rule> {
        if record.sequence != self.next_sequence {
            return Err(Rule::Sequence { expected: self.next_sequence });
        }
        let starts = matches!(record.event, JournalEvent::WorkflowStarted { .. });
        match self.status {
            Status::NotStarted if !starts => Err(Rule::NotStarted),
            Status::Running if starts => Err(Rule::StartedTwice),
            Status::Completed(_) | Status::Failed { .. } => Err(Rule::Ended),
            Status::NotStarted | Status::Running => Ok(()),
        }
    }

    fn begin(&mut self, workflow: &str, version: u32, input: &Value) {
        self.begun = Some(Begun { workflow: workflow.to_owned(), version, input: shared(input) });
        self.status = Status::Running;
    }

    fn start_step(&mut self, index: u64, name: &str, attempt: u32) -> Result<(), Rule> {
        if index >= self.positions.len() as u64 {
            return self.add_step(index, name, attempt);
        }
        let step = self.step_mut(index)?;
        if step.name != name {
            return Err(Rule::OtherOperation { index, held: format!("step `{}`", step.name) });
        }
        if step.is_finished() {
            return Err(Rule::EndedTwice { index });
        }
        let expected = step.attempts + 1;
        if attempt != expected {
            return Err(Rule::AttemptOrder { index, attempt, expected });
        }
        step.attempts = attempt;
        step.progress = Progress::Running;
        Ok(())
    }

    fn add_step(&mut self, index: u64, name: &str, attempt: u32) -> Result<(), Rule> {
        if attempt != 1 {
            return Err(Rule::AttemptOrder { index, attempt, expected: 1 });
        }
        let (name, progress) = (name.to_owned(), Progress::Running);
        let step = StepState { name, attempts: 1, failures: 0, progress };
        self.add_position(index, Position::Step(step))
    }

    fn fail_step(&mut self, index: u64, attempt: u32, ended: Progress) -> Result<(), Rule> {
        let step = self.running_step(index)?;
        if attempt != step.attempts {
            return Err(Rule::AttemptOrder { index, attempt, expected: step.attempts });
        }
        step.failures += 1;
        step.progress = ended;
        Ok(())
    }

    fn fire_timer(&mut self, index: u64) -> Result<(), Rule> {
        match self.position_mut(index)? {
            Position::Timer { fired: true, .. } => Err(Rule::EndedTwice { index }),
            Position::Timer { fired, .. } => {
                *fired = true;
                Ok(())
            }
            other => Err(Rule::OtherOperation { index, held: other.describe() }),
        }
    }

    fn consume_signal(&mut self, index: u64, name: &str, payload: &Value) -> Result<(), Rule> {
        let earliest = self.signals.iter().position(|signal| signal.name == name);
        let fits = |at: &usize| *self.signals[*at].payload == *payload;
        let at =
            earliest.filter(fits).ok_or_else(|| Rule::NoSuchSignal { name: name.to_owned() })?;
        self.add_position(index, Position::Signal(self.signals[at].clone()))?;
        self.signals.remove(at);
        Ok(())
    }

    fn start_process(&mut self, label: &str, pid: u32, started_ticks: u64) {
        // Two living processes cannot share an id: the one journaled before must be gone.
        self.processes.retain(|process| process.pid != pid);
        self.processes.push(LiveProcess { label: label.to_owned(), pid, started_ticks });
    }

    fn end_process(&mut self, pid: u32) -> Result<(), Rule> {
        let at = self.processes.iter().position(|process| process.pid == pid);
        self.processes.remove(at.ok_or(Rule::NoSuchProcess { pid })?);
        Ok(())
    }

    fn count_note(&mut self, index: Option<u64>) {
        if let Some(index) = index {
            *self.notes.entry(index).or_insert(0) += 1;
        }
    }

    fn end(&mut self, status: Status) -> Result<(), Rule> {
        if let Some(at) = self.positions.iter().position(|position| !position.is_finished()) {
            let what = self.positions[at].describe();
            return Err(Rule::Unfinished { what, index: at as u64 });
        }
        self.status = status;
        Ok(())
    }

    fn add_position(&mut self, index: u64, position: Position) -> Result<(), Rule> {
        let expected = self.positions.len() as u64;
        if index != expected {
            return Err(Rule::PositionOrder { index, expected });
        }
        self.positions.push(position);
        Ok(())
    }

    fn position_mut(&mut self, index: u64) -> Result<&mut Position, Rule> {
        let expected = self.positions.len() as u64;
        usize::try_from(index)
            .ok()
            .and_then(|at| self.positions.get_mut(at))
            .ok_or(Rule::PositionOrder { index, expected })
    }

    fn step_mut(&mut self, index: u64) -> Result<&mut StepState, Rule> {
        match self.position_mut(index)? {
            Position::Step(step) => Ok(step),
            other => Err(Rule::OtherOperation { index, held: other.describe() }),
        }
    }

    fn running_step(&mut self, index: u64) -> Result<&mut StepState, Rule> {
        let step = self.step_mut(index)?;
        match step.progress {
            Progress::Running => Ok(step),
            Progress::AwaitingRetry { .. } => Err(Rule::NotRunning { index }),
            Progress::Completed(_) | Progress::Failed { .. } => Err(Rule::EndedTwice { index }),
        }
    }
}

fn shared(value: &Value) -> Arc<Value> {
    Arc::new(value.clone())
}
