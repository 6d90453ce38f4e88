//! What a journal adds up to: a pure fold over its records that refuses contradictions.
//!
//! Nothing here knows a store, a clock or a step's code.

mod model;
mod rule;
mod transition;

pub use model::{Begun, LiveProcess, Position, Progress, Signal, State, Status, StepState};
pub use rule::{IllegalTransition, Rule};
pub use transition::{apply, fold};
