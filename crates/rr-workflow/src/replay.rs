//! The workflow context over a journal: recorded results first, then real work.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use rr_core::JournalEvent;
use serde_json::Value;

use crate::attempt::{Due, StepCall};
use crate::context::WorkflowContext;
use crate::drive::Drive;
use crate::error::WorkflowError;
use crate::state::{Position, Signal};

/// Not `Sync` on purpose: positions are taken by one thread, in the order of the body's code.
pub(crate) struct JournaledContext {
    drive: Arc<Drive>,
    version: u32,
    next_index: Cell<u64>,
    /// Notes that the body left since the last position.
    notes: Cell<u32>,
}

impl JournaledContext {
    pub(crate) const fn new(drive: Arc<Drive>, version: u32) -> Self {
        Self { drive, version, next_index: Cell::new(0), notes: Cell::new(0) }
    }

    /// Positions that the body passed.
    pub(crate) const fn passed(&self) -> u64 {
        self.next_index.get()
    }

    fn take_index(&self) -> u64 {
        let index = self.next_index.get();
        self.next_index.set(index + 1);
        self.notes.set(0);
        index
    }

    fn recorded(&self, index: u64) -> Option<Position> {
        self.drive.view(|state| state.position(index).cloned())
    }

    /// Journals the start of all joined steps that are due now, in one append.
    fn start_together(&self, calls: &[StepCall]) -> Result<Vec<Option<u32>>, WorkflowError> {
        let now = self.drive.now();
        let mut started = Vec::with_capacity(calls.len());
        for call in calls {
            started.push(match self.drive.due(call)? {
                Due::Attempt { number, not_before } if not_before <= now => Some(number),
                _ => None,
            });
        }
        let events = calls
            .iter()
            .zip(&started)
            .filter_map(|(call, attempt)| attempt.map(|attempt| call.started(attempt)));
        self.drive.commit(events.collect::<Vec<_>>())?;
        Ok(started)
    }

    fn run_together(
        &self,
        calls: &[StepCall],
        started: &[Option<u32>],
    ) -> Vec<Result<Value, WorkflowError>> {
        let drive = &self.drive;
        std::thread::scope(|scope| {
            let threads: Vec<_> = calls
                .iter()
                .zip(started)
                .map(|(call, attempt)| scope.spawn(move || drive.run_step(call, *attempt)))
                .collect();
            threads
                .into_iter()
                .map(|thread| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        })
    }

    fn take_signal(&self, index: u64, name: &str) -> Result<Option<Value>, WorkflowError> {
        let waiting = self.drive.view(|state| state.signal(name).cloned());
        let Some(Signal { name, payload }) = waiting else { return Ok(None) };
        let payload = payload.as_ref().clone();
        let event = JournalEvent::SignalConsumed { index, name, payload: payload.clone() };
        self.drive.defer(event)?;
        Ok(Some(payload))
    }
}

impl WorkflowContext for JournaledContext {
    fn workflow_id(&self) -> &str {
        &self.drive.workflow_id
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn step_value(&self, name: &str, input: Value) -> Result<Value, WorkflowError> {
        let call = StepCall { index: self.take_index(), name: name.to_owned(), input };
        self.drive.run_step(&call, None)
    }

    fn join(&self, calls: Vec<(String, Value)>) -> Vec<Result<Value, WorkflowError>> {
        let calls: Vec<StepCall> = calls
            .into_iter()
            .map(|(name, input)| StepCall { index: self.take_index(), name, input })
            .collect();
        if calls.is_empty() {
            return Vec::new();
        }
        match self.start_together(&calls) {
            Ok(started) => self.run_together(&calls, &started),
            Err(error) => {
                let reason = error.to_string();
                let interrupted = || WorkflowError::Interrupted { reason: reason.clone() };
                calls.iter().map(|_| Err(interrupted())).collect()
            }
        }
    }

    fn sleep(&self, duration: Duration) -> Result<(), WorkflowError> {
        self.drive.check()?;
        let index = self.take_index();
        let fires_at = match self.recorded(index) {
            Some(Position::Timer { fired: true, .. }) => return Ok(()),
            Some(Position::Timer { fires_at, .. }) => fires_at,
            Some(other) => {
                let asked = "a timer".to_owned();
                return Err(self.drive.nondeterministic(index, other.describe(), asked));
            }
            None => {
                let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                let fires_at = self.drive.now().saturating_add(millis);
                self.drive.defer(JournalEvent::TimerSet { index, fires_at })?;
                fires_at
            }
        };
        self.drive.pause_until(fires_at)?;
        self.drive.defer(JournalEvent::TimerFired { index })
    }

    fn wait(&self, signal: &str) -> Result<Value, WorkflowError> {
        self.drive.check()?;
        let index = self.take_index();
        match self.recorded(index) {
            Some(Position::Signal(taken)) if taken.name == signal => {
                return Ok(taken.payload.as_ref().clone());
            }
            Some(other) => {
                let asked = format!("signal `{signal}`");
                return Err(self.drive.nondeterministic(index, other.describe(), asked));
            }
            None => {}
        }
        loop {
            if let Some(payload) = self.take_signal(index, signal)? {
                return Ok(payload);
            }
            self.drive.check()?;
            if self.drive.poll()? == 0 {
                self.drive.nap();
            }
        }
    }

    fn note(&self, kind: &str, payload: Value) -> Result<(), WorkflowError> {
        self.drive.check()?;
        let index = self.next_index.get();
        let earlier = self.notes.replace(self.notes.get() + 1);
        if earlier < self.drive.view(|state| state.notes_at(index)) {
            return Ok(());
        }
        self.drive.defer(JournalEvent::Note { kind: kind.to_owned(), payload, index: Some(index) })
    }
}
