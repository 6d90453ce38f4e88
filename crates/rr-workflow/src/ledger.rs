//! The journal of one drive: what is durable, what waits to be, and what both add up to.
//!
//! Knows the store and the rules, but no steps and no threads; `drive` guards it with a lock.

use std::sync::Arc;

use rr_core::{JournalError, JournalEvent, JournalRecord, JournalStore, Lease};

use crate::error::WorkflowError;
use crate::options::STOP_SIGNAL;
use crate::state::{IllegalTransition, State};

/// Events are deferred first and flushed together: the end of a step and the start of the next
/// one share one durable write.
pub(crate) struct Ledger {
    store: Arc<dyn JournalStore>,
    lease: Lease,
    durable: State,
    /// `durable` with `pending` applied: what the workflow sees.
    view: State,
    pending: Vec<JournalEvent>,
    stop_asked: bool,
}

impl Ledger {
    /// A ledger over a journal that was folded while `lease` was held.
    pub(crate) fn new(store: Arc<dyn JournalStore>, lease: Lease, state: State) -> Self {
        Self {
            store,
            lease,
            view: state.clone(),
            durable: state,
            pending: Vec::new(),
            stop_asked: false,
        }
    }

    pub(crate) const fn view(&self) -> &State {
        &self.view
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Adds an event that the next flush writes.
    pub(crate) fn defer(&mut self, at: u64, event: JournalEvent) -> Result<(), WorkflowError> {
        let sequence = self.view.next_sequence();
        let record = JournalRecord { sequence, at, event };
        self.view.advance(&record).map_err(|source| self.illegal(source))?;
        self.pending.push(record.event);
        Ok(())
    }

    /// Writes all deferred events in one append. A signal that came in between is taken in
    /// first; anything else in between means that somebody else drives the workflow.
    pub(crate) fn flush(&mut self, at: u64) -> Result<(), WorkflowError> {
        while !self.pending.is_empty() {
            let next = self.durable.next_sequence();
            match self.store.append(&self.lease, next, at, &self.pending) {
                Ok(()) => {
                    self.durable = self.view.clone();
                    self.pending.clear();
                }
                Err(conflict @ JournalError::Conflict { .. }) => {
                    if self.take_in_signals(at)? == 0 {
                        return Err(conflict.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether a stop signal came since this was last asked.
    pub(crate) fn take_stop(&mut self) -> bool {
        std::mem::take(&mut self.stop_asked)
    }

    /// Reads what others appended since the last look; gives the number of signals.
    pub(crate) fn take_in_signals(&mut self, at: u64) -> Result<usize, WorkflowError> {
        let workflow_id = &self.lease.workflow_id;
        let records = self.store.load(workflow_id, self.durable.next_sequence())?;
        for record in &records {
            let JournalEvent::SignalReceived { name, .. } = &record.event else {
                return Err(JournalError::LeaseLost { workflow_id: workflow_id.clone() }.into());
            };
            self.stop_asked |= name == STOP_SIGNAL;
            self.durable.advance(record).map_err(|source| self.illegal(source))?;
        }
        if !records.is_empty() {
            self.rebase(at)?;
        }
        Ok(records.len())
    }

    /// Puts the deferred events after the durable ones anew.
    fn rebase(&mut self, at: u64) -> Result<(), WorkflowError> {
        self.view = self.durable.clone();
        for event in std::mem::take(&mut self.pending) {
            self.defer(at, event)?;
        }
        Ok(())
    }

    fn illegal(&self, source: IllegalTransition) -> WorkflowError {
        WorkflowError::Illegal { workflow_id: self.lease.workflow_id.clone(), source }
    }
}
