//! JSON Schemas of what `analyze` and `plan` print, from the types.

use rr_core::{Analysis, RunPlan};
use serde_json::Value;

/// The schema of an analysis, published as `docs/analysis.schema.json`.
#[must_use]
pub fn analysis_schema() -> Value {
    schemars::schema_for!(Analysis).to_value()
}

/// The schema of a plan, published as `docs/plan.schema.json`.
#[must_use]
pub fn plan_schema() -> Value {
    schemars::schema_for!(RunPlan).to_value()
}
