//! Short ways to make [`EngineError`]s of each kind.

use std::path::Path;

use rr_core::{EngineError, EngineErrorKind};

pub(crate) fn refused(message: impl Into<String>) -> EngineError {
    EngineError::new(EngineErrorKind::Refused, message)
}

pub(crate) fn environment(message: impl Into<String>) -> EngineError {
    EngineError::new(EngineErrorKind::Environment, message)
}

pub(crate) fn transient(message: impl Into<String>) -> EngineError {
    EngineError::new(EngineErrorKind::Transient, message)
}

pub(crate) fn cancelled(attempted: &str) -> EngineError {
    EngineError::new(EngineErrorKind::Cancelled, format!("{attempted}: cancelled"))
}

/// An input/output error on a path of ours: `cannot <attempted> `<path>`: <cause>`.
pub(crate) fn io(attempted: &str, path: &Path, cause: impl std::fmt::Display) -> EngineError {
    environment(format!("cannot {attempted} `{}`: {cause}", path.display()))
}

pub(crate) fn internal(message: impl Into<String>) -> EngineError {
    EngineError::new(EngineErrorKind::Internal, message)
}
