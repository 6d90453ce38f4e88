//! Tests for any workflow: kill it at every event of its journal, run every step twice.
//!
//! A [`Subject`] gives the workflow and fresh [`World`]s to run it in; the harness kills and
//! resumes engines over them and compares ends. A kill is a store that refuses everything from
//! one event on, either before that event is kept ([`Effect::Lost`]) or after it
//! ([`Effect::Kept`]), which is all that a killed process leaves behind.
//!
//! The checks, in every trial: the end is that of an undisturbed run; no step whose completion was
//! in the journal at the kill runs again; the journal that is left obeys the rules of
//! [`crate::state`] and has ended; the world's own [`World::check`] holds.

mod clock;
mod mortal;
mod subject;
mod trial;

pub use clock::SteppedClock;
pub use mortal::{Effect, Kill, MortalStore};
pub use subject::{HarnessFailure, HarnessReport, MemoryWorld, Subject, World};
pub use trial::{kill_at_every_position, kill_every_life, run_every_step_twice};
