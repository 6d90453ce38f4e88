//! A store that dies at a given event.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rr_core::{JournalError, JournalEvent, JournalRecord, JournalStore, Lease};
use serde_json::Value;

/// Whether the append that the store dies of is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing of it is written.
    Lost,
    /// It is written, and the writer never hears of it.
    Kept,
}

/// When a store dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kill {
    /// At the append that holds this event, counted from 1 over the store's life. Appends are
    /// atomic, so events of one append die together.
    pub event: u64,
    /// What becomes of that append.
    pub effect: Effect,
}

/// Passes everything on to another store until it dies; from then on it refuses everything, also
/// giving back the lease.
pub struct MortalStore {
    inner: Arc<dyn JournalStore>,
    kill: Option<Kill>,
    signals: Vec<(String, Value)>,
    life: Mutex<Life>,
}

#[derive(Default)]
struct Life {
    events: u64,
    dead: bool,
}

impl MortalStore {
    /// A store that dies as `kill` says, or never. `signals` are sent to each workflow right
    /// after it has started.
    pub fn new(
        inner: Arc<dyn JournalStore>,
        kill: Option<Kill>,
        signals: Vec<(String, Value)>,
    ) -> Self {
        Self { inner, kill, signals, life: Mutex::new(Life::default()) }
    }

    /// Whether it has died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).dead
    }

    fn alive(&self) -> Result<(), JournalError> {
        if self.is_dead() { Err(dead()) } else { Ok(()) }
    }

    fn send_signals(&self, workflow_id: &str, at: u64) -> Result<(), JournalError> {
        self.signals
            .iter()
            .try_for_each(|(name, payload)| self.inner.signal(workflow_id, at, name, payload))
    }
}

fn dead() -> JournalError {
    JournalError::Storage("the store died, as its test asks".to_owned())
}

impl JournalStore for MortalStore {
    fn append(
        &self,
        lease: &Lease,
        expected_next: u64,
        at: u64,
        events: &[JournalEvent],
    ) -> Result<(), JournalError> {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        if life.dead {
            return Err(dead());
        }
        let after = life.events + events.len() as u64;
        let fatal = self.kill.filter(|kill| after >= kill.event);
        life.dead = fatal.is_some();
        if fatal.is_some_and(|kill| kill.effect == Effect::Lost) {
            return Err(dead());
        }
        self.inner.append(lease, expected_next, at, events)?;
        life.events = after;
        if matches!(events.first(), Some(JournalEvent::WorkflowStarted { .. })) {
            self.send_signals(&lease.workflow_id, at)?;
        }
        if life.dead { Err(dead()) } else { Ok(()) }
    }

    fn signal(
        &self,
        workflow_id: &str,
        at: u64,
        name: &str,
        payload: &Value,
    ) -> Result<(), JournalError> {
        self.alive()?;
        self.inner.signal(workflow_id, at, name, payload)
    }

    fn load(&self, workflow_id: &str, from: u64) -> Result<Vec<JournalRecord>, JournalError> {
        self.alive()?;
        self.inner.load(workflow_id, from)
    }

    fn acquire_lease(
        &self,
        workflow_id: &str,
        owner: &str,
        now: u64,
        ttl: Duration,
    ) -> Result<Lease, JournalError> {
        self.alive()?;
        self.inner.acquire_lease(workflow_id, owner, now, ttl)
    }

    fn lease(&self, workflow_id: &str) -> Result<Option<Lease>, JournalError> {
        self.alive()?;
        self.inner.lease(workflow_id)
    }

    fn break_lease(&self, workflow_id: &str, owner: &str) -> Result<(), JournalError> {
        self.alive()?;
        self.inner.break_lease(workflow_id, owner)
    }

    fn renew_lease(&self, lease: &Lease, now: u64, ttl: Duration) -> Result<Lease, JournalError> {
        self.alive()?;
        self.inner.renew_lease(lease, now, ttl)
    }

    fn release_lease(&self, lease: &Lease) -> Result<(), JournalError> {
        self.alive()?;
        self.inner.release_lease(lease)
    }
}
