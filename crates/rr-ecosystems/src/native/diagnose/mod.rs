//! What is wrong with a failed step of a C or C++ project, by rule.

mod rules;

use rr_core::{Diagnosis, FailedStep, RepoView};

/// The diagnoses of a failed step, the surest first. Missing headers, libraries, pkg-config
/// modules and programs are known to the rules common to all ecosystems.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    crate::rules::apply(rules::RULES, repo, failed)
}

#[cfg(test)]
mod tests;
