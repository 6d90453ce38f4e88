//! Diagnosis rules common to all ecosystems.

use rr_core::{Diagnosis, FailedStep};

/// What is wrong, by the step's output and exit.
pub(super) fn diagnose(_failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    Vec::new()
}
