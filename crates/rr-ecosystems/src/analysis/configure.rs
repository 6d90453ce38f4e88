//! Configuration that a run needs and the repository leaves to the user: `.env`, variables.

use rr_core::{Analysis, RepoView, RunPlan, StepKind, Unit};

use crate::miners::query;

/// Adds variables that CI sets around the tests, where the plan sets none of that name.
pub(super) fn add_to_plan(
    _repo: &dyn RepoView,
    analysis: &Analysis,
    units: &[&Unit],
    plan: &mut RunPlan,
) {
    for unit in units {
        for (name, value) in query::env_for_tests(analysis, unit) {
            for step in
                plan.steps.iter_mut().filter(|s| s.unit == unit.path && s.kind == StepKind::Test)
            {
                step.env.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}
