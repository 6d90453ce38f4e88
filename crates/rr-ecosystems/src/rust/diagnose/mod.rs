//! What is wrong when Cargo, a compiler, a test or a program fails.

mod build;
mod run;

use rr_core::{Diagnosis, FailedStep, RepoView};

use crate::rules;

/// Applies Rust's rules, the surest diagnosis first.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    let mut found = rules::apply(build::RULES, repo, failed);
    found.extend(rules::apply(run::RULES, repo, failed));
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found
}

#[cfg(test)]
mod tests;
