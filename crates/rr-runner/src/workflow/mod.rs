//! The twelve phases as a durable workflow.
//!
//! [`body`] says what comes after what, [`attempts`] how one step is tried; both see recorded
//! results only and are replayed after a crash. [`steps`] does things, once each. [`verdict`] judges what was recorded.

mod attempts;
mod body;
mod consult;
mod decided;
mod execute;
mod finish;
mod input;
mod preparing;
mod progress;
mod repair;
mod replay;
mod rerun;
mod step_errors;
mod steps;
mod time_limit;
mod verdict;

pub(crate) use body::{WORKFLOW, workflow};
pub(crate) use execute::{examine, task};
pub(crate) use finish::Finished;
pub(crate) use input::{Attempt, Found, Hit, Keep};
pub(crate) use step_errors::HINT;
pub(crate) use steps::bound;
pub(crate) use time_limit::TimeLimit;
