//! Exit codes: part of the interface, documented in the README.

use std::process::ExitCode;

use rr_runner::{ExitKind, RunError};

use crate::ui::PrintError;

/// Green at the asked rung.
pub(crate) const GREEN: u8 = 0;
/// The repository's own fault, or something that only its user can give.
pub(crate) const REPOSITORY: u8 = 1;
/// Refused input; clap uses the same code for unusable arguments.
pub(crate) const REFUSED: u8 = 2;
/// The environment's fault.
pub(crate) const ENVIRONMENT: u8 = 3;
/// The budget was spent.
pub(crate) const BUDGET: u8 = 4;
/// A fault of ours, or our own files and output cannot be read or written.
pub(crate) const INTERNAL: u8 = 70;
/// Interrupted, as a shell says it of SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// The code of a run that ended with a report.
pub(crate) fn of(kind: ExitKind) -> u8 {
    match kind {
        ExitKind::Green => GREEN,
        ExitKind::Repository => REPOSITORY,
        ExitKind::Environment => ENVIRONMENT,
        ExitKind::Budget => BUDGET,
    }
}

/// Prints an error with its way out, and gives its code.
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    if let Some(print) = error.downcast_ref::<PrintError>() {
        if !print.reader_is_gone() {
            crate::ui::error(&format!("{print}"), None);
        }
        return ExitCode::from(INTERNAL);
    }
    let run_error = error.downcast_ref::<RunError>();
    crate::ui::error(&format!("{error:#}"), run_error.and_then(RunError::hint).as_deref());
    ExitCode::from(match run_error {
        Some(RunError::Refused { .. } | RunError::Unknown(_)) => REFUSED,
        Some(RunError::Environment { .. } | RunError::Busy(_)) => ENVIRONMENT,
        Some(RunError::Interrupted { .. }) => INTERRUPTED,
        Some(RunError::Io { .. } | RunError::Internal(_)) => INTERNAL,
        None => REFUSED,
    })
}
