//! A journal store in memory, for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rr_core::{JournalError, JournalEvent, JournalRecord, JournalStore, Lease};
use serde_json::Value;

/// Keeps journals in memory. Records go through JSON, as in a real store.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    workflows: Mutex<BTreeMap<String, Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: Vec<String>,
    ended: bool,
    token: u64,
    lease: Option<Lease>,
}

impl MemoryJournal {
    /// A store that holds one journal already.
    ///
    /// # Errors
    /// [`JournalError::Storage`] where a record cannot be written as JSON.
    pub fn with_records(id: &str, records: &[JournalRecord]) -> Result<Self, JournalError> {
        let store = Self::default();
        let lines: Result<Vec<String>, _> = records.iter().map(line).collect();
        let ended = records.last().is_some_and(|record| record.event.is_end());
        store.lock().insert(id.to_owned(), Kept { lines: lines?, ended, ..Kept::default() });
        Ok(store)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.workflows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, at: u64, event: JournalEvent) -> Result<(), JournalError> {
        self.ended |= event.is_end();
        let sequence = self.lines.len() as u64;
        self.lines.push(line(&JournalRecord { sequence, at, event })?);
        Ok(())
    }

    fn holds(&self, lease: &Lease) -> bool {
        self.lease.as_ref().is_some_and(|held| held.token == lease.token)
    }
}

impl JournalStore for MemoryJournal {
    fn append(
        &self,
        lease: &Lease,
        expected_next: u64,
        at: u64,
        events: &[JournalEvent],
    ) -> Result<(), JournalError> {
        let mut workflows = self.lock();
        let workflow_id = lease.workflow_id.clone();
        let Some(kept) = workflows.get_mut(&workflow_id).filter(|kept| kept.holds(lease)) else {
            return Err(JournalError::LeaseLost { workflow_id });
        };
        if kept.lines.len() as u64 != expected_next {
            return Err(JournalError::Conflict { workflow_id, sequence: expected_next });
        }
        if kept.ended {
            return Err(JournalError::Ended(workflow_id));
        }
        events.iter().try_for_each(|event| kept.push(at, event.clone()))
    }

    fn signal(
        &self,
        workflow_id: &str,
        at: u64,
        name: &str,
        payload: &Value,
    ) -> Result<(), JournalError> {
        let mut workflows = self.lock();
        let kept = workflows.get_mut(workflow_id).filter(|kept| !kept.lines.is_empty());
        let kept = kept.ok_or_else(|| JournalError::Unknown(workflow_id.to_owned()))?;
        if kept.ended {
            return Err(JournalError::Ended(workflow_id.to_owned()));
        }
        kept.push(
            at,
            JournalEvent::SignalReceived { name: name.to_owned(), payload: payload.clone() },
        )
    }

    fn load(&self, workflow_id: &str, from: u64) -> Result<Vec<JournalRecord>, JournalError> {
        let workflows = self.lock();
        let lines = workflows.get(workflow_id).map_or(&[][..], |kept| &kept.lines);
        let skip = usize::try_from(from).unwrap_or(usize::MAX);
        let read = |line: &String| serde_json::from_str(line).map_err(storage);
        lines.iter().skip(skip).map(read).collect()
    }

    fn acquire_lease(
        &self,
        workflow_id: &str,
        owner: &str,
        now: u64,
        ttl: Duration,
    ) -> Result<Lease, JournalError> {
        let mut workflows = self.lock();
        let kept = workflows.entry(workflow_id.to_owned()).or_default();
        if let Some(held) = kept.lease.as_ref().filter(|l| l.owner != owner && l.expires_at > now) {
            let (workflow_id, owner) = (workflow_id.to_owned(), held.owner.clone());
            return Err(JournalError::LeaseHeld { workflow_id, owner });
        }
        kept.token += 1;
        let lease = Lease {
            workflow_id: workflow_id.to_owned(),
            owner: owner.to_owned(),
            token: kept.token,
            expires_at: expiry(now, ttl),
        };
        kept.lease = Some(lease.clone());
        Ok(lease)
    }

    fn lease(&self, workflow_id: &str) -> Result<Option<Lease>, JournalError> {
        Ok(self.lock().get(workflow_id).and_then(|kept| kept.lease.clone()))
    }

    fn break_lease(&self, workflow_id: &str, owner: &str) -> Result<(), JournalError> {
        if let Some(kept) = self.lock().get_mut(workflow_id) {
            kept.lease.take_if(|lease| lease.owner == owner);
        }
        Ok(())
    }

    fn renew_lease(&self, lease: &Lease, now: u64, ttl: Duration) -> Result<Lease, JournalError> {
        let mut workflows = self.lock();
        let kept = workflows.get_mut(&lease.workflow_id).filter(|kept| kept.holds(lease));
        let Some(held) = kept.and_then(|kept| kept.lease.as_mut()) else {
            return Err(JournalError::LeaseLost { workflow_id: lease.workflow_id.clone() });
        };
        held.expires_at = expiry(now, ttl);
        Ok(held.clone())
    }

    fn release_lease(&self, lease: &Lease) -> Result<(), JournalError> {
        if let Some(kept) = self.lock().get_mut(&lease.workflow_id) {
            kept.lease.take_if(|held| held.token == lease.token);
        }
        Ok(())
    }
}

fn line(record: &JournalRecord) -> Result<String, JournalError> {
    serde_json::to_string(record).map_err(storage)
}

fn storage(error: serde_json::Error) -> JournalError {
    JournalError::Storage(format!("a record as JSON: {error}"))
}

fn expiry(now: u64, ttl: Duration) -> u64 {
    now.saturating_add(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX))
}
