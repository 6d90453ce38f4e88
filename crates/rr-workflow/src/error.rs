//! What can go wrong in steps and workflows.

use rr_core::JournalError;

use crate::state::IllegalTransition;

/// How an attempt at a step failed. It is journaled, so it is text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// Stable name of the kind of error: `spawn-failed`.
    pub code: String,
    /// What was attempted and why it failed.
    pub message: String,
    /// Whether trying again may help. The step's retry policy has the last word.
    pub retryable: bool,
}

/// How a workflow, or an operation within it, did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// A step failed for good.
    #[error("step `{step}` (number {index}) failed: {message}")]
    StepFailed {
        /// The step's name.
        step: String,
        /// Its position in the workflow.
        index: u64,
        /// The step error's code.
        code: String,
        /// The step error's message.
        message: String,
    },
    /// The workflow ended with an error, which stands in its journal.
    #[error("{message}")]
    Failed {
        /// Stable name of the kind of error.
        code: String,
        /// The error as text.
        message: String,
    },
    /// The workflow was stopped before its end. Nothing is lost: it can be resumed.
    #[error("interrupted: {reason}")]
    Interrupted {
        /// Who or what stopped it.
        reason: String,
    },
    /// The workflow's code took another way than its journal records.
    #[error(
        "the journal of `{workflow_id}` has {recorded} at position {index}, its code asks for {asked}"
    )]
    Nondeterministic {
        /// The workflow.
        workflow_id: String,
        /// The position.
        index: u64,
        /// What the journal has there.
        recorded: String,
        /// What the code asked for.
        asked: String,
    },
    /// The body of the workflow, or a step's wrapper, panicked.
    #[error("workflow `{workflow}` panicked: {message}")]
    Panicked {
        /// Name of the workflow.
        workflow: String,
        /// What the panic said.
        message: String,
    },
    /// No step of this name is registered.
    #[error("no step is registered as `{0}`")]
    UnknownStep(String),
    /// Two steps are registered under one name.
    #[error("two steps are registered as `{0}`")]
    DuplicateStep(String),
    /// No workflow of this name is registered.
    #[error("no workflow is registered as `{0}`")]
    UnknownWorkflow(String),
    /// The journal was begun by a version of the workflow that this code does not replay.
    #[error(
        "`{workflow}` version {recorded} cannot be replayed: this code replays {oldest} to {current}"
    )]
    Version {
        /// Name of the workflow.
        workflow: String,
        /// Version that began the journal.
        recorded: u32,
        /// Oldest version that can be replayed.
        oldest: u32,
        /// Version of this code.
        current: u32,
    },
    /// A workflow of this id exists already.
    #[error("workflow `{0}` was started before: resume it")]
    AlreadyStarted(String),
    /// A step's input could not be written as JSON.
    #[error("cannot write the input of step `{step}` as JSON: {reason}")]
    Encode {
        /// The step.
        step: String,
        /// Why.
        reason: String,
    },
    /// A step's result is not of the type that the workflow expects.
    #[error("cannot read the result of step `{step}`: {reason}")]
    Decode {
        /// The step.
        step: String,
        /// Why.
        reason: String,
    },
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal holds, or would hold, events that contradict each other.
    #[error("journal of `{workflow_id}`: {source}")]
    Illegal {
        /// The workflow.
        workflow_id: String,
        /// The contradiction.
        source: IllegalTransition,
    },
}

impl StepError {
    /// An error that further attempts may mend.
    pub fn retryable(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retryable: true }
    }

    /// An error that no further attempt can mend.
    pub fn fatal(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retryable: false }
    }
}

impl WorkflowError {
    /// The error with which a workflow's body ends itself.
    pub fn failed(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Failed { code: code.into(), message: message.into() }
    }

    /// Whether the workflow has not ended and may be resumed, perhaps by mended code.
    #[must_use]
    pub const fn is_resumable(&self) -> bool {
        !matches!(self, Self::StepFailed { .. } | Self::Failed { .. })
    }

    /// Stable name of the kind of error.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::StepFailed { code, .. } | Self::Failed { code, .. } => code,
            Self::Interrupted { .. } => "interrupted",
            Self::Nondeterministic { .. } => "nondeterministic",
            Self::Panicked { .. } => "panicked",
            Self::UnknownStep(_) => "unknown-step",
            Self::DuplicateStep(_) => "duplicate-step",
            Self::UnknownWorkflow(_) => "unknown-workflow",
            Self::Version { .. } => "version",
            Self::AlreadyStarted(_) => "already-started",
            Self::Encode { .. } => "encode",
            Self::Decode { .. } => "decode",
            Self::Journal(JournalError::LeaseHeld { .. }) => "lease-held",
            Self::Journal(JournalError::LeaseLost { .. }) => "lease-lost",
            Self::Journal(JournalError::Unknown(_)) => "unknown-workflow-id",
            Self::Journal(_) => "journal",
            Self::Illegal { .. } => "illegal-journal",
        }
    }
}
