//! Errors of agents, engine parts and files as errors of steps: a stable code, and whether trying
//! again may help.

use rr_core::{AgentError, EngineError, EngineErrorKind};
use rr_workflow::StepError;

use crate::error::RunError;

/// Between a message and the way out: a step's error is journaled as one text.
pub(crate) const HINT: &str = "\nhint: ";

pub(crate) fn agent_error(error: AgentError) -> StepError {
    let code = match &error {
        AgentError::Exec(_) => "environment",
        AgentError::Failed { retryable: true, .. } => "transient",
        AgentError::Failed { .. } => "agent",
        AgentError::Task { .. } => "internal",
        AgentError::Refused { .. } => "refused",
    };
    let retryable = error.is_retryable();
    StepError { code: code.to_owned(), message: error.to_string(), retryable }
}

pub(crate) fn run_error(error: &RunError) -> StepError {
    StepError::fatal("internal", error.to_string())
}

pub(crate) fn engine_error(error: &EngineError) -> StepError {
    let hint = error.hint.as_ref().map(|hint| format!("{HINT}{hint}")).unwrap_or_default();
    let code = match error.kind {
        EngineErrorKind::Refused => "refused",
        EngineErrorKind::Environment => "environment",
        EngineErrorKind::Transient => "transient",
        EngineErrorKind::Cancelled => "cancelled",
        EngineErrorKind::Internal => "internal",
    };
    StepError {
        code: code.to_owned(),
        message: format!("{}{hint}", error.message),
        retryable: error.is_retryable(),
    }
}

pub(crate) fn io(attempted: &str, error: &std::io::Error) -> StepError {
    StepError::fatal("io", format!("{attempted}: {error}"))
}
