//! One drive of one workflow: from taking its lease to giving it back.
//!
//! All threads of the drive (the body, joined steps, the heartbeat) meet here.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rr_core::{CancelToken, Clock, JournalEvent};

use crate::error::WorkflowError;
use crate::ledger::Ledger;
use crate::options::EngineOptions;
use crate::state::State;
use crate::table::StepRegistry;

/// Longest single sleep, so that a cancellation is noticed soon.
const NAP: Duration = Duration::from_millis(50);

pub(crate) struct Drive {
    pub(crate) workflow_id: String,
    pub(crate) steps: StepRegistry,
    pub(crate) cancel: CancelToken,
    pub(crate) options: EngineOptions,
    clock: Arc<dyn Clock>,
    shared: Mutex<Shared>,
    wake: Condvar,
}

struct Shared {
    ledger: Ledger,
    /// The error that ended the drive.
    broken: Option<WorkflowError>,
    closed: bool,
}

/// What the heartbeat is woken for.
pub(crate) enum Wake {
    Closed,
    Due,
}

impl Shared {
    /// The error after which not even finished work may be journaled. An interrupted drive may
    /// still write that.
    fn lost(&self) -> Option<&WorkflowError> {
        self.broken.as_ref().filter(|error| !matches!(error, WorkflowError::Interrupted { .. }))
    }
}

impl Drive {
    pub(crate) fn new(
        workflow_id: String,
        steps: StepRegistry,
        cancel: CancelToken,
        options: EngineOptions,
        clock: Arc<dyn Clock>,
        ledger: Ledger,
    ) -> Self {
        let shared = Mutex::new(Shared { ledger, broken: None, closed: false });
        Self { workflow_id, steps, cancel, options, clock, shared, wake: Condvar::new() }
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.unix_millis()
    }

    /// Looks at the state, deferred events included.
    pub(crate) fn view<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(self.lock().ledger.view())
    }

    /// Fails where the workflow may not go on: it was cancelled, or its journal is out of reach.
    pub(crate) fn check(&self) -> Result<(), WorkflowError> {
        let mut shared = self.lock();
        if shared.broken.is_none() && self.cancel.is_cancelled() {
            let reason = "the run was cancelled".to_owned();
            shared.broken = Some(WorkflowError::Interrupted { reason });
        }
        shared.broken.as_ref().map_or(Ok(()), |error| Err(interrupted(error)))
    }

    /// Adds an event that is written together with what follows, at the latest after
    /// [`EngineOptions::flush_after`].
    pub(crate) fn defer(&self, event: JournalEvent) -> Result<(), WorkflowError> {
        let result = self.with_ledger(|ledger, at| ledger.defer(at, event));
        self.wake.notify_all();
        result
    }

    /// Writes events, and all deferred ones before them, in one durable append.
    pub(crate) fn commit(
        &self,
        events: impl IntoIterator<Item = JournalEvent>,
    ) -> Result<(), WorkflowError> {
        self.with_ledger(|ledger, at| {
            events.into_iter().try_for_each(|event| ledger.defer(at, event))?;
            ledger.flush(at)
        })
    }

    /// Writes what was deferred.
    pub(crate) fn flush(&self) -> Result<(), WorkflowError> {
        self.with_ledger(Ledger::flush)
    }

    /// Takes in signals that came from outside; gives their number.
    pub(crate) fn poll(&self) -> Result<usize, WorkflowError> {
        self.with_ledger(Ledger::take_in_signals)
    }

    /// Ends the drive with an error: the body gets no further, and everything that listens to the
    /// cancel token stops. The first error stays, but for an interruption.
    pub(crate) fn break_with(&self, error: WorkflowError) -> WorkflowError {
        let mut shared = self.lock();
        self.break_locked(&mut shared, error)
    }

    /// The error that ended the drive, once.
    pub(crate) fn take_broken(&self) -> Option<WorkflowError> {
        let mut shared = self.lock();
        let taken = shared.broken.take();
        if let Some(error) = &taken {
            shared.broken = Some(interrupted(error));
        }
        taken
    }

    /// Ends the drive; the heartbeat stops, and late writes of steps are refused.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_all();
    }

    /// Blocks until `deadline` of the clock, or until the workflow may not go on.
    pub(crate) fn pause_until(&self, deadline: u64) -> Result<(), WorkflowError> {
        loop {
            self.check()?;
            let left = deadline.saturating_sub(self.now());
            if left == 0 {
                return Ok(());
            }
            self.clock.sleep(NAP.min(Duration::from_millis(left)));
        }
    }

    /// Lets the clock pass a moment between two looks for a signal.
    pub(crate) fn nap(&self) {
        self.clock.sleep(NAP.min(self.options.poll_every));
    }

    /// Blocks the heartbeat until `due`, or shortly after an event was deferred.
    pub(crate) fn await_work(&self, mut due: Instant) -> Wake {
        let mut shared = self.lock();
        let mut noticed = false;
        loop {
            if shared.closed {
                return Wake::Closed;
            }
            if shared.ledger.has_pending() && !noticed && shared.lost().is_none() {
                noticed = true;
                due = due.min(Instant::now() + self.options.flush_after);
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Wake::Due;
            }
            let woken = self.wake.wait_timeout(shared, left);
            shared = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn with_ledger<R>(
        &self,
        work: impl FnOnce(&mut Ledger, u64) -> Result<R, WorkflowError>,
    ) -> Result<R, WorkflowError> {
        let mut shared = self.lock();
        if let Some(error) = shared.lost() {
            return Err(interrupted(error));
        }
        if shared.closed {
            let reason = format!("workflow `{}` is not driven any more", self.workflow_id);
            return Err(WorkflowError::Interrupted { reason });
        }
        let at = self.now();
        let result = work(&mut shared.ledger, at);
        if shared.ledger.take_stop() {
            let reason = "a stop signal came".to_owned();
            self.break_locked(&mut shared, WorkflowError::Interrupted { reason });
        }
        result.map_err(|error| self.break_locked(&mut shared, error))
    }

    fn break_locked(&self, shared: &mut Shared, error: WorkflowError) -> WorkflowError {
        let returned = interrupted(&error);
        if shared.lost().is_none() {
            shared.broken = Some(error);
        }
        self.cancel.cancel();
        returned
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the workflow's body sees of an error that ended the drive.
fn interrupted(error: &WorkflowError) -> WorkflowError {
    let reason = match error {
        WorkflowError::Interrupted { reason } => reason.clone(),
        other => other.to_string(),
    };
    WorkflowError::Interrupted { reason }
}
