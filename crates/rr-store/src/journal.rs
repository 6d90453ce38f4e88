//! Journals and leases: the [`JournalStore`] over SQLite.

use std::time::Duration;

use rr_core::{JournalError, JournalEvent, JournalRecord, JournalStore, Lease};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::error::StoreError;
use crate::sqlite::Database;

/// A workflow as its journal and lease show it from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRow {
    /// The workflow's id.
    pub id: String,
    /// Events in its journal.
    pub events: u64,
    /// Name of the newest event: `step_started`.
    pub last_event: String,
    /// When it was written, milliseconds since the Unix epoch.
    pub last_at: u64,
    /// Its lease, where somebody holds one; it may have expired.
    pub lease: Option<Lease>,
}

impl WorkflowRow {
    /// Whether the workflow completed or failed.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        is_end(&self.last_event)
    }
}

impl Database {
    /// All workflows, by id.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn workflows(&self) -> Result<Vec<WorkflowRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT j.workflow_id, j.sequence + 1, j.kind, j.at, l.owner, l.token, l.expires_at
                 FROM journal j
                 JOIN (SELECT workflow_id, max(sequence) AS last FROM journal GROUP BY workflow_id) n
                   ON n.workflow_id = j.workflow_id AND n.last = j.sequence
                 LEFT JOIN leases l ON l.workflow_id = j.workflow_id AND l.owner IS NOT NULL
                 ORDER BY j.workflow_id",
            )?;
            let rows = statement.query_map([], |row| {
                let id: String = row.get(0)?;
                let owner: Option<String> = row.get(4)?;
                let lease = match owner {
                    None => None,
                    Some(owner) => Some(Lease {
                        workflow_id: id.clone(),
                        owner,
                        token: row.get(5)?,
                        expires_at: row.get(6)?,
                    }),
                };
                Ok(WorkflowRow {
                    id,
                    events: row.get(1)?,
                    last_event: row.get(2)?,
                    last_at: row.get(3)?,
                    lease,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Removes a workflow's journal, unless somebody drives it at `now`.
    ///
    /// # Errors
    /// [`JournalError::LeaseHeld`], [`JournalError::Storage`].
    pub fn delete_journal(&self, workflow_id: &str, now: u64) -> Result<(), JournalError> {
        self.write(|transaction| {
            if let Some(lease) = held_lease(transaction, workflow_id)?
                && lease.expires_at > now
            {
                let (workflow_id, owner) = (lease.workflow_id, lease.owner);
                return Err(JournalError::LeaseHeld { workflow_id, owner });
            }
            // The lease's row stays for its token: a driver that was asleep must not come back.
            transaction
                .execute("DELETE FROM journal WHERE workflow_id = ?1", [workflow_id])
                .and_then(|_| {
                    let sql =
                        "UPDATE leases SET owner = NULL, token = token + 1 WHERE workflow_id = ?1";
                    transaction.execute(sql, [workflow_id])
                })
                .map_err(storage)?;
            Ok(())
        })
    }
}

impl JournalStore for Database {
    fn append(
        &self,
        lease: &Lease,
        expected_next: u64,
        at: u64,
        events: &[JournalEvent],
    ) -> Result<(), JournalError> {
        let id = lease.workflow_id.as_str();
        self.write(|transaction| {
            check_lease(transaction, lease)?;
            let tail = tail(transaction, id)?;
            if tail.next != expected_next {
                let workflow_id = id.to_owned();
                return Err(JournalError::Conflict { workflow_id, sequence: expected_next });
            }
            if tail.ended {
                return Err(JournalError::Ended(id.to_owned()));
            }
            (expected_next..)
                .zip(events)
                .try_for_each(|(sequence, event)| insert(transaction, id, sequence, at, event))
        })
    }

    fn signal(
        &self,
        workflow_id: &str,
        at: u64,
        name: &str,
        payload: &Value,
    ) -> Result<(), JournalError> {
        let (name, payload) = (name.to_owned(), payload.clone());
        let event = JournalEvent::SignalReceived { name, payload };
        self.write(|transaction| {
            let tail = tail(transaction, workflow_id)?;
            if tail.next == 0 {
                return Err(JournalError::Unknown(workflow_id.to_owned()));
            }
            if tail.ended {
                return Err(JournalError::Ended(workflow_id.to_owned()));
            }
            insert(transaction, workflow_id, tail.next, at, &event)
        })
    }

    fn load(&self, workflow_id: &str, from: u64) -> Result<Vec<JournalRecord>, JournalError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT sequence, at, event FROM journal
                     WHERE workflow_id = ?1 AND sequence >= ?2 ORDER BY sequence",
                )
                .map_err(storage)?;
            let rows = statement
                .query_map(params![workflow_id, sql_int(from)], |row| {
                    Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?, row.get::<_, String>(2)?))
                })
                .map_err(storage)?;
            rows.map(|row| {
                let (sequence, at, text) = row.map_err(storage)?;
                let event = serde_json::from_str(&text)
                    .map_err(|error| damaged(workflow_id, sequence, &error))?;
                Ok(JournalRecord { sequence, at, event })
            })
            .collect()
        })
    }

    fn acquire_lease(
        &self,
        workflow_id: &str,
        owner: &str,
        now: u64,
        ttl: Duration,
    ) -> Result<Lease, JournalError> {
        let expires_at = expiry(now, ttl);
        self.write(|transaction| {
            if let Some(held) = held_lease(transaction, workflow_id)?
                && held.owner != owner
                && held.expires_at > now
            {
                let (workflow_id, owner) = (held.workflow_id, held.owner);
                return Err(JournalError::LeaseHeld { workflow_id, owner });
            }
            let token = transaction
                .prepare_cached(
                    "INSERT INTO leases (workflow_id, owner, token, expires_at)
                     VALUES (?1, ?2, 1, ?3)
                     ON CONFLICT (workflow_id) DO UPDATE
                     SET owner = ?2, token = token + 1, expires_at = ?3
                     RETURNING token",
                )
                .and_then(|mut statement| {
                    let values = params![workflow_id, owner, sql_int(expires_at)];
                    statement.query_row(values, |row| row.get(0))
                })
                .map_err(storage)?;
            let (workflow_id, owner) = (workflow_id.to_owned(), owner.to_owned());
            Ok(Lease { workflow_id, owner, token, expires_at })
        })
    }

    fn lease(&self, workflow_id: &str) -> Result<Option<Lease>, JournalError> {
        self.read(|connection| held_lease(connection, workflow_id))
    }

    fn break_lease(&self, workflow_id: &str, owner: &str) -> Result<(), JournalError> {
        let sql = "UPDATE leases SET owner = NULL WHERE workflow_id = ?1 AND owner = ?2";
        self.write(|transaction| {
            transaction.execute(sql, [workflow_id, owner]).map(drop).map_err(storage)
        })
    }

    fn renew_lease(&self, lease: &Lease, now: u64, ttl: Duration) -> Result<Lease, JournalError> {
        let expires_at = expiry(now, ttl);
        self.write(|transaction| {
            check_lease(transaction, lease)?;
            let sql = "UPDATE leases SET expires_at = ?2 WHERE workflow_id = ?1";
            let values = params![lease.workflow_id, sql_int(expires_at)];
            transaction.execute(sql, values).map_err(storage)?;
            Ok(Lease { expires_at, ..lease.clone() })
        })
    }

    fn release_lease(&self, lease: &Lease) -> Result<(), JournalError> {
        let sql = "UPDATE leases SET owner = NULL WHERE workflow_id = ?1 AND token = ?2";
        self.write(|transaction| {
            let values = params![lease.workflow_id, sql_int(lease.token)];
            transaction.execute(sql, values).map(drop).map_err(storage)
        })
    }
}

/// Where a journal ends.
struct Tail {
    next: u64,
    ended: bool,
}

fn tail(connection: &Connection, workflow_id: &str) -> Result<Tail, JournalError> {
    let last: Option<(u64, String)> = connection
        .prepare_cached(
            "SELECT sequence, kind FROM journal WHERE workflow_id = ?1
             ORDER BY sequence DESC LIMIT 1",
        )
        .and_then(|mut statement| {
            statement.query_row([workflow_id], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(storage)?;
    Ok(last.map_or(Tail { next: 0, ended: false }, |(sequence, kind)| Tail {
        next: sequence + 1,
        ended: is_end(&kind),
    }))
}

fn insert(
    connection: &Connection,
    workflow_id: &str,
    sequence: u64,
    at: u64,
    event: &JournalEvent,
) -> Result<(), JournalError> {
    let text = serde_json::to_string(event)
        .map_err(|error| JournalError::Storage(format!("an event as JSON: {error}")))?;
    connection
        .prepare_cached(
            "INSERT INTO journal (workflow_id, sequence, at, kind, event)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut statement| {
            let values = params![workflow_id, sql_int(sequence), sql_int(at), event.kind(), text];
            statement.execute(values)
        })
        .map(drop)
        .map_err(storage)
}

fn held_lease(connection: &Connection, workflow_id: &str) -> Result<Option<Lease>, JournalError> {
    connection
        .prepare_cached(
            "SELECT owner, token, expires_at FROM leases
             WHERE workflow_id = ?1 AND owner IS NOT NULL",
        )
        .and_then(|mut statement| {
            statement
                .query_row([workflow_id], |row| {
                    Ok(Lease {
                        workflow_id: workflow_id.to_owned(),
                        owner: row.get(0)?,
                        token: row.get(1)?,
                        expires_at: row.get(2)?,
                    })
                })
                .optional()
        })
        .map_err(storage)
}

/// An expired lease that nobody took still fits: its token is the newest.
fn check_lease(connection: &Connection, lease: &Lease) -> Result<(), JournalError> {
    let held = held_lease(connection, &lease.workflow_id)?;
    if held.is_some_and(|held| held.token == lease.token) {
        return Ok(());
    }
    Err(JournalError::LeaseLost { workflow_id: lease.workflow_id.clone() })
}

fn is_end(kind: &str) -> bool {
    matches!(kind, "workflow_completed" | "workflow_failed")
}

fn storage(error: rusqlite::Error) -> JournalError {
    StoreError::from(error).into()
}

fn damaged(workflow_id: &str, sequence: u64, error: &serde_json::Error) -> JournalError {
    let (key, reason) = (format!("{workflow_id}/{sequence}"), error.to_string());
    StoreError::Damaged { what: "journal event", key, reason }.into()
}

fn expiry(now: u64, ttl: Duration) -> u64 {
    now.saturating_add(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)).min(i64::MAX as u64)
}

/// SQLite's integers are signed; nothing here comes near their end but on purpose.
pub(crate) fn sql_int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
