//! What can go wrong with a run as a whole.

use rr_core::{EngineError, EngineErrorKind, ExecError, IndexError};
use rr_recipe::RecipeError;
use rr_store::StoreError;
use rr_workflow::WorkflowError;

use crate::workflow::HINT;

/// An error of the run service. A negative verdict is no error.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The input is refused.
    #[error("{message}")]
    Refused {
        /// What was refused and why.
        message: String,
        /// The way out.
        hint: Option<String>,
    },
    /// The environment lacks something.
    #[error("{message}")]
    Environment {
        /// What is lacking.
        message: String,
        /// The way out.
        hint: Option<String>,
    },
    /// There is no such run.
    #[error("no run `{0}`")]
    Unknown(String),
    /// The run was interrupted and can be resumed.
    #[error("run `{run_id}` was interrupted: {reason}")]
    Interrupted {
        /// The run.
        run_id: String,
        /// By what.
        reason: String,
    },
    /// Somebody else drives the run.
    #[error("run `{0}` is being driven by another process")]
    Busy(String),
    /// A file of ours could not be read or written.
    #[error("{attempted}: {reason}")]
    Io {
        /// What was attempted.
        attempted: String,
        /// Why it failed; part of the message, so it must not be its source as well.
        reason: std::io::Error,
    },
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl RunError {
    /// The way out, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { hint, .. } | Self::Environment { hint, .. } => hint.clone(),
            Self::Unknown(_) => Some("`repo-runner list` shows the runs there are".to_owned()),
            Self::Interrupted { run_id, .. } => {
                Some(format!("`repo-runner resume {run_id}` takes it up where it was"))
            }
            Self::Busy(id) => Some(format!(
                "`repo-runner logs -f {id}` watches it, `repo-runner stop {id}` ends it"
            )),
            Self::Io { .. } | Self::Internal(_) => None,
        }
    }

    /// Wraps an input/output error with what was attempted.
    pub(crate) fn io(attempted: impl Into<String>, reason: std::io::Error) -> Self {
        Self::Io { attempted: attempted.into(), reason }
    }

    /// The error of a drive of this run.
    pub(crate) fn from_workflow(run_id: &str, error: WorkflowError) -> Self {
        let text = error.to_string();
        let (message, hint) = match text.split_once(HINT) {
            Some((message, hint)) => (message.to_owned(), Some(hint.to_owned())),
            None => (text, None),
        };
        match error.code() {
            "interrupted" => {
                let reason = message.strip_prefix("interrupted: ").unwrap_or(&message).to_owned();
                Self::Interrupted { run_id: run_id.to_owned(), reason }
            }
            "refused" => Self::Refused { message, hint },
            "environment" | "transient" => Self::Environment { message, hint },
            "lease-held" => Self::Busy(run_id.to_owned()),
            "unknown-workflow-id" => Self::Unknown(run_id.to_owned()),
            _ => Self::Internal(message),
        }
    }
}

impl From<EngineError> for RunError {
    fn from(error: EngineError) -> Self {
        match error.kind {
            EngineErrorKind::Refused => Self::Refused { message: error.message, hint: error.hint },
            EngineErrorKind::Internal => Self::Internal(error.message),
            EngineErrorKind::Cancelled
            | EngineErrorKind::Environment
            | EngineErrorKind::Transient => {
                Self::Environment { message: error.message, hint: error.hint }
            }
        }
    }
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<IndexError> for RunError {
    fn from(error: IndexError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<RecipeError> for RunError {
    fn from(error: RecipeError) -> Self {
        match error {
            RecipeError::Read(_) | RecipeError::Newer { .. } => {
                Self::Refused { message: error.to_string(), hint: None }
            }
            RecipeError::Write { .. } => Self::Internal(error.to_string()),
        }
    }
}

impl From<ExecError> for RunError {
    fn from(error: ExecError) -> Self {
        Self::Environment { message: error.to_string(), hint: None }
    }
}
