//! The journal of a durable workflow: events, leases, and the store behind them.
//!
//! Nothing here knows a repository. `rr-workflow` drives it; `rr-store` keeps it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that happened in a workflow. Appended, never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JournalEvent {
    /// The workflow began. `version` is the version of the journal's format and of the workflow.
    WorkflowStarted {
        /// Name of the workflow in its table.
        workflow: String,
        /// Version of the workflow's code.
        version: u32,
        /// Its input.
        input: Value,
    },
    /// A step began (or began again: attempts count from 1).
    StepStarted {
        /// Position of the step in the workflow, from 0; the same on every replay.
        index: u64,
        /// The step's name in the table.
        name: String,
        /// Attempt, from 1.
        attempt: u32,
        /// The step's input.
        input: Value,
    },
    /// A step ended with a result.
    StepCompleted {
        /// Position of the step.
        index: u64,
        /// Its result.
        result: Value,
    },
    /// An attempt at a step ended with an error.
    StepFailed {
        /// Position of the step.
        index: u64,
        /// Attempt, from 1.
        attempt: u32,
        /// The error as text.
        error: String,
        /// Stable code of the error.
        code: String,
        /// Whether a further attempt was allowed after this one.
        retryable: bool,
    },
    /// A durable timer was set.
    TimerSet {
        /// Position in the workflow.
        index: u64,
        /// When it fires, milliseconds since the Unix epoch.
        fires_at: u64,
    },
    /// A durable timer fired.
    TimerFired {
        /// Position in the workflow.
        index: u64,
    },
    /// A signal arrived from outside.
    SignalReceived {
        /// The signal's name.
        name: String,
        /// What it carries.
        payload: Value,
    },
    /// A waiting position took the earliest unconsumed signal of its name.
    SignalConsumed {
        /// Position in the workflow.
        index: u64,
        /// The signal's name.
        name: String,
        /// What it carries.
        payload: Value,
    },
    /// A process group was started on behalf of the workflow, to be adopted or reaped on resume.
    ProcessStarted {
        /// Name given by the step.
        label: String,
        /// Process id on the host.
        pid: u32,
        /// The process's start time in clock ticks since boot, to tell a reused pid.
        started_ticks: u64,
    },
    /// A process group is gone.
    ProcessEnded {
        /// Process id on the host.
        pid: u32,
    },
    /// A note for people (a phase began, a decision was taken); replays ignore it.
    Note {
        /// Kind of note.
        kind: String,
        /// What it says.
        payload: Value,
        /// How many positions the workflow had passed when it wrote this, so that a replay does
        /// not write it again. Absent where a step wrote it: it is then written per attempt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<u64>,
    },
    /// The workflow ended with a result.
    WorkflowCompleted {
        /// Its result.
        result: Value,
    },
    /// The workflow ended with an error that no resume can mend.
    WorkflowFailed {
        /// The error as text.
        error: String,
        /// Stable code of the error.
        code: String,
    },
}

/// A journal event with its place and time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalRecord {
    /// Place in the run's journal, from 0, without gaps.
    pub sequence: u64,
    /// Milliseconds since the Unix epoch.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: JournalEvent,
}

/// The right to drive one workflow, held by exactly one worker until it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The workflow's id.
    pub workflow_id: String,
    /// Who holds it: host name, boot id, process id and a random part.
    pub owner: String,
    /// Grows by one at every take-over; an append with an older token is refused.
    pub token: u64,
    /// Milliseconds since the Unix epoch.
    pub expires_at: u64,
}

/// When and how often an activity is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Attempts in all, at least 1.
    pub max_attempts: u32,
    /// Pause before the second attempt; doubles after each.
    pub first_pause: Duration,
    /// Longest pause.
    pub max_pause: Duration,
}

impl JournalEvent {
    /// The event's name as it stands in its `event` field.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::WorkflowStarted { .. } => "workflow_started",
            Self::StepStarted { .. } => "step_started",
            Self::StepCompleted { .. } => "step_completed",
            Self::StepFailed { .. } => "step_failed",
            Self::TimerSet { .. } => "timer_set",
            Self::TimerFired { .. } => "timer_fired",
            Self::SignalReceived { .. } => "signal_received",
            Self::SignalConsumed { .. } => "signal_consumed",
            Self::ProcessStarted { .. } => "process_started",
            Self::ProcessEnded { .. } => "process_ended",
            Self::Note { .. } => "note",
            Self::WorkflowCompleted { .. } => "workflow_completed",
            Self::WorkflowFailed { .. } => "workflow_failed",
        }
    }

    /// Whether nothing may follow this event.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::WorkflowCompleted { .. } | Self::WorkflowFailed { .. })
    }
}

impl RetryPolicy {
    /// One attempt, no second one.
    pub const ONCE: Self =
        Self { max_attempts: 1, first_pause: Duration::ZERO, max_pause: Duration::ZERO };

    /// Pause before `attempt` (from 2 on).
    #[must_use]
    pub fn pause_before(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(2).min(20);
        self.first_pause.saturating_mul(1 << doublings).min(self.max_pause)
    }
}

/// What can go wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The store could not be read or written.
    #[error("journal store: {0}")]
    Storage(String),
    /// Somebody else drives this workflow.
    #[error("workflow `{workflow_id}` is driven by `{owner}`")]
    LeaseHeld {
        /// The workflow.
        workflow_id: String,
        /// Its present owner.
        owner: String,
    },
    /// The lease was lost to another worker.
    #[error("lease on workflow `{workflow_id}` was lost")]
    LeaseLost {
        /// The workflow.
        workflow_id: String,
    },
    /// The journal has another event at this place.
    #[error("journal of `{workflow_id}` already has an event at {sequence}")]
    Conflict {
        /// The workflow.
        workflow_id: String,
        /// The place.
        sequence: u64,
    },
    /// There is no such workflow.
    #[error("no workflow `{0}`")]
    Unknown(String),
    /// The workflow has ended; nothing may follow.
    #[error("workflow `{0}` has ended")]
    Ended(String),
}

/// Keeps journals. Implemented by `rr-store` over SQLite, and in memory for tests.
pub trait JournalStore: Send + Sync {
    /// Appends `events` after `expected_next - 1`, all or none, durably before it returns.
    ///
    /// # Errors
    /// [`JournalError::Conflict`] where the place is taken, [`JournalError::LeaseLost`] where
    /// `lease` is no longer the newest, [`JournalError::Storage`] else.
    fn append(
        &self,
        lease: &Lease,
        expected_next: u64,
        at: u64,
        events: &[JournalEvent],
    ) -> Result<(), JournalError>;

    /// Appends a signal from outside, without a lease, at the next free place.
    ///
    /// # Errors
    /// [`JournalError::Unknown`] where the workflow has no journal, [`JournalError::Ended`] where
    /// it has ended, [`JournalError::Storage`] where the store fails.
    fn signal(
        &self,
        workflow_id: &str,
        at: u64,
        name: &str,
        payload: &Value,
    ) -> Result<(), JournalError>;

    /// The whole journal of a workflow in order, from `from` on; empty where there is none.
    ///
    /// # Errors
    /// [`JournalError::Storage`] where the store fails.
    fn load(&self, workflow_id: &str, from: u64) -> Result<Vec<JournalRecord>, JournalError>;

    /// Takes the lease of a workflow for `owner` until `now + ttl`, with a token one above the
    /// last. An owner that holds it already gets a new token too, and the old one is void.
    ///
    /// # Errors
    /// [`JournalError::LeaseHeld`] where another owner's lease has not expired.
    fn acquire_lease(
        &self,
        workflow_id: &str,
        owner: &str,
        now: u64,
        ttl: Duration,
    ) -> Result<Lease, JournalError>;

    /// The lease of a workflow, where somebody holds one; it may have expired.
    ///
    /// # Errors
    /// [`JournalError::Storage`] where the store fails.
    fn lease(&self, workflow_id: &str) -> Result<Option<Lease>, JournalError>;

    /// Takes the lease away from `owner`, for callers who know that it is dead. Does nothing
    /// where somebody else holds the lease by now.
    ///
    /// # Errors
    /// [`JournalError::Storage`] where the store fails.
    fn break_lease(&self, workflow_id: &str, owner: &str) -> Result<(), JournalError>;

    /// Extends a lease that is still held; one that expired untaken counts as held.
    ///
    /// # Errors
    /// [`JournalError::LeaseLost`] where somebody else took it.
    fn renew_lease(&self, lease: &Lease, now: u64, ttl: Duration) -> Result<Lease, JournalError>;

    /// Gives a lease back. Giving back a lost lease does nothing.
    ///
    /// # Errors
    /// [`JournalError::Storage`] where the store fails.
    fn release_lease(&self, lease: &Lease) -> Result<(), JournalError>;
}
