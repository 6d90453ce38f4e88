//! Step ids and places of a unit, in one spot so that plans and remedies agree.

use rr_core::StepId;

/// Id of one of a unit's steps: `python.install`, or `python.install@backend` below the root.
pub(super) fn step_id(unit: &str, what: &str) -> StepId {
    StepId::new(step_name(unit, what))
}

/// The same as text.
pub(super) fn step_name(unit: &str, what: &str) -> String {
    if unit.is_empty() { format!("python.{what}") } else { format!("python.{what}@{unit}") }
}

/// A unit's virtual environment.
pub(super) fn venv(unit: &str) -> String {
    if unit.is_empty() {
        return "@{env}/venv".to_owned();
    }
    let flat: String =
        unit.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("@{{env}}/{flat}-venv")
}

/// A file of ours beside the environment: `@{env}/venv-lock.txt`.
pub(super) fn beside_venv(unit: &str, name: &str) -> String {
    format!("{}-{name}", venv(unit))
}
