//! The AdminAgent: it supervises runs from above the orchestrators.
//!
//! A run whose driver is gone is found by its lease, and is resumed or closed with a reason.

use std::sync::Arc;

use rr_core::report::RunReport;
use rr_core::{Clock, RunId};
use rr_store::{Database, RunCursor, RunState};
use serde_json::{Value, json};

use crate::error::RunError;
use crate::home::Home;
use crate::report;

/// Most runs looked at in one round.
const ROUND: u32 = 500;

/// The agent above all orchestrators.
pub struct AdminAgent {
    home: Home,
    store: Arc<Database>,
    clock: Arc<dyn Clock>,
}

/// What supervision did to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Supervised {
    /// Its driver is gone; it can be resumed.
    Interrupted(RunId),
}

impl AdminAgent {
    /// The agent of this home.
    pub fn new(home: Home, store: Arc<Database>, clock: Arc<dyn Clock>) -> Self {
        Self { home, store, clock }
    }

    /// Finds runs that are marked as running and that nobody drives, and marks them as
    /// interrupted: their journals take them up again when somebody asks.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn supervise(&self) -> Result<Vec<Supervised>, RunError> {
        let mut found = Vec::new();
        let workflows = self.store.workflows()?;
        let mut after: Option<RunCursor> = None;
        loop {
            let page = self.store.runs(after.as_ref(), ROUND)?;
            for run in &page.runs {
                let marked = matches!(run.state, RunState::Running | RunState::Queued);
                let driver = workflows
                    .iter()
                    .find(|w| w.id == run.id.as_str())
                    .and_then(|w| w.lease.clone());
                if marked && driver.is_none_or(|l| rr_workflow::owner::is_gone(&l.owner)) {
                    let now = self.clock.unix_millis();
                    self.store.set_run_state(&run.id, RunState::Interrupted, now)?;
                    found.push(Supervised::Interrupted(run.id.clone()));
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    /// Takes the report of a run that ended: phase 12.
    ///
    /// # Errors
    /// Where the database or the state file cannot be written.
    pub fn take_report(&self, run: &RunReport) -> Result<(), RunError> {
        let id = &run.run_id;
        let Some(mut row) = self.store.run(id)? else {
            return Err(RunError::Unknown(id.to_string()));
        };
        row.commit.clone_from(&run.commit);
        row.updated_at = self.clock.unix_millis();
        row.state = RunState::Finished;
        row.rung = run.verdict.rung;
        row.green = run.verdict.green;
        row.summary.clone_from(&run.verdict.summary);
        self.store.update_run(&row)?;
        let path = self.home.root().join("admin_state_AdminAgent.json");
        report::write_json(&path, &self.checkpoint(run))
    }

    fn checkpoint(&self, run: &RunReport) -> Value {
        json!({
            "agent": "AdminAgent",
            "updated": rr_core::clock::rfc3339(self.clock.unix_millis()),
            "last_report": {
                "run_id": run.run_id,
                "source": run.source,
                "verdict": run.verdict,
            },
        })
    }
}
