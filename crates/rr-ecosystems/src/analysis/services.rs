//! Databases and brokers: which the repository needs, and by which variables it finds them.

use rr_core::{Analysis, RunPlan, Unit};

/// Adds the services that the planned units need.
pub(super) fn add_to_plan(analysis: &Analysis, _units: &[&Unit], plan: &mut RunPlan) {
    plan.services.extend(analysis.services.iter().cloned());
}
