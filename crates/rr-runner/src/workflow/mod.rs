//! The twelve phases as a durable workflow.
//!
//! [`body`] says what comes after what; it sees recorded results only and is replayed after a
//! crash. [`steps`] does things, once each. [`verdict`] judges what was recorded.

mod body;
mod execute;
mod finish;
mod input;
mod progress;
mod repair;
mod replay;
mod steps;
mod verdict;

pub(crate) use body::{WORKFLOW, workflow};
pub(crate) use finish::Finished;
pub(crate) use input::{Found, Hit, Keep};
pub(crate) use steps::bound;
