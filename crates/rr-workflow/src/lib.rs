//! Durable execution: a workflow is a plain function over a [`WorkflowContext`], its steps are
//! named functions in a [`StepTable`], and a journal remembers what was finished.
//!
//! A workflow that was cut off at any event goes on where it was: finished steps give their
//! recorded results, the one that was cut off runs again with the same idempotency key. The body
//! must be deterministic: everything that touches the world belongs into a step.
//!
//! This crate knows no repository, no database and no process. It takes a
//! [`JournalStore`](rr_core::JournalStore) and a [`Clock`](rr_core::Clock), and the workflow does
//! not see which engine drives it.

mod attempt;
mod context;
mod drive;
mod engine;
mod error;
pub mod harness;
mod heartbeat;
mod ledger;
mod memory;
mod options;
pub mod owner;
mod replay;
pub mod state;
mod step_context;
mod table;
mod workflow;

pub use context::{WorkflowContext, WorkflowContextExt};
pub use engine::JournaledEngine;
pub use error::{StepError, WorkflowError};
pub use memory::MemoryJournal;
pub use options::{EngineOptions, OwnerProbe, Reaper, STOP_SIGNAL};
pub use state::{IllegalTransition, LiveProcess, State, Status};
pub use step_context::StepContext;
pub use table::{StepBody, StepRegistry, StepTable};
pub use workflow::Workflow;
