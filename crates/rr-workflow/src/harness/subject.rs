//! What a harness run needs to know of the workflow under test.

use std::sync::Arc;

use rr_core::{Clock, JournalStore};
use serde_json::Value;

use super::clock::SteppedClock;
use crate::memory::MemoryJournal;
use crate::options::Reaper;
use crate::table::StepRegistry;
use crate::workflow::Workflow;

/// A workflow under test.
pub trait Subject {
    /// The workflow.
    fn workflow(&self) -> Workflow;

    /// Its input.
    fn input(&self) -> Value {
        Value::Null
    }

    /// Signals it waits for; they are sent right after its start.
    fn signals(&self) -> Vec<(String, Value)> {
        Vec::new()
    }

    /// A fresh world for one trial; `trial` names it (`kill-3-kept`) and may name a folder.
    ///
    /// # Errors
    /// Why there is none.
    fn world(&self, trial: &str) -> Result<Box<dyn World>, String>;

    /// Compares an end with that of the undisturbed run. A workflow that failed ends as
    /// `{"failed": {"code": …, "message": …}}`. Times and paths may have to be left out.
    ///
    /// # Errors
    /// How they differ.
    fn same(&self, expected: &Value, found: &Value) -> Result<(), String> {
        if expected == found {
            return Ok(());
        }
        Err(format!("ended with {found}, undisturbed with {expected}"))
    }
}

/// What outlives a killed process: its store, and whatever its steps leave outside.
pub trait World {
    /// The store.
    fn store(&self) -> Arc<dyn JournalStore>;

    /// The clock.
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SteppedClock::default())
    }

    /// The steps as a fresh process would bind them; asked for once per life.
    ///
    /// # Errors
    /// Why they could not be bound.
    fn steps(&self) -> Result<StepRegistry, String>;

    /// What ends processes that a killed life left behind.
    fn reaper(&self) -> Option<Reaper> {
        None
    }

    /// Checks what the trial left outside the journal: files, effects, processes.
    ///
    /// # Errors
    /// What is wrong.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// A world with a store in memory.
pub struct MemoryWorld<B> {
    store: Arc<MemoryJournal>,
    bind: B,
}

/// What a harness run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HarnessReport {
    /// Events of the undisturbed run's journal.
    pub events: u64,
    /// Trials.
    pub trials: u64,
    /// Kills that came to pass.
    pub kills: u64,
    /// Attempts at steps, over all trials.
    pub attempts: u64,
}

/// A check that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{trial}: {reason}")]
pub struct HarnessFailure {
    /// Name of the trial.
    pub trial: String,
    /// What did not hold.
    pub reason: String,
}

impl<B> MemoryWorld<B>
where
    B: Fn() -> Result<StepRegistry, String>,
{
    /// A world whose steps `bind` gives.
    pub fn new(bind: B) -> Self {
        Self { store: Arc::new(MemoryJournal::default()), bind }
    }
}

impl<B> World for MemoryWorld<B>
where
    B: Fn() -> Result<StepRegistry, String>,
{
    fn store(&self) -> Arc<dyn JournalStore> {
        Arc::clone(&self.store) as Arc<dyn JournalStore>
    }

    fn steps(&self) -> Result<StepRegistry, String> {
        (self.bind)()
    }
}
