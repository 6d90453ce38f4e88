//! What a running step sees of its workflow.

use std::fmt;
use std::sync::Arc;

use rr_core::{CancelToken, JournalEvent};
use serde_json::Value;

use crate::drive::Drive;
use crate::error::{StepError, WorkflowError};

/// One attempt at one step. Clones may outlive the attempt: a watcher thread may still journal
/// the end of a process, until the workflow's drive ends.
#[derive(Clone)]
pub struct StepContext {
    pub(crate) drive: Arc<Drive>,
    pub(crate) step: String,
    pub(crate) index: u64,
    pub(crate) attempt: u32,
}

impl StepContext {
    /// The workflow's id.
    #[must_use]
    pub fn workflow_id(&self) -> &str {
        &self.drive.workflow_id
    }

    /// The step's name.
    #[must_use]
    pub fn step(&self) -> &str {
        &self.step
    }

    /// The step's position in the workflow, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// A key that is the same for all attempts at this step of this workflow and for no other:
    /// `<workflow id>/<index>`. Outside effects are made once by carrying it.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}", self.drive.workflow_id, self.index)
    }

    /// The token that is cancelled when the workflow must stop: somebody asked for it, or the
    /// lease is lost. A step that sees it stops its processes and returns an error.
    #[must_use]
    pub fn cancel(&self) -> &CancelToken {
        &self.drive.cancel
    }

    /// Whether the workflow must stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.drive.cancel.is_cancelled()
    }

    /// Journals a process that this step started, durably before this returns, so that a resumed
    /// workflow can reap it. Call it right after the start; `started_ticks` is the process's
    /// start time in clock ticks since boot.
    ///
    /// # Errors
    /// `journal` where it could not be written: end the process then.
    pub fn record_process(
        &self,
        label: &str,
        pid: u32,
        started_ticks: u64,
    ) -> Result<(), StepError> {
        let label = label.to_owned();
        let event = JournalEvent::ProcessStarted { label, pid, started_ticks };
        self.drive.commit([event]).map_err(journal_error)
    }

    /// Journals that a process is gone. Does nothing where it is not known to live.
    ///
    /// # Errors
    /// `journal` where it could not be written.
    pub fn process_ended(&self, pid: u32) -> Result<(), StepError> {
        self.drive.end_process(pid).map_err(journal_error)
    }

    /// Leaves a note in the journal for people. It is written once per attempt.
    ///
    /// # Errors
    /// `journal` where it could not be written.
    pub fn note(&self, kind: &str, payload: Value) -> Result<(), StepError> {
        let event = JournalEvent::Note { kind: kind.to_owned(), payload, index: None };
        self.drive.defer(event).map_err(journal_error)
    }
}

impl fmt::Debug for StepContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepContext")
            .field("workflow_id", &self.workflow_id())
            .field("step", &self.step)
            .field("index", &self.index)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

fn journal_error(error: WorkflowError) -> StepError {
    StepError::fatal("journal", error.to_string())
}
