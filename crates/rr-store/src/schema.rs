//! The schema and its migrations: forward only, one script per version, counted in SQLite's
//! `user_version`.
//!
//! A script that was released is never changed; a change is a new script.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::StoreError;

/// Script `n` takes a database from version `n` to `n + 1`.
const MIGRATIONS: [&str; 5] = [
    include_str!("schema/v1.sql"),
    include_str!("schema/v2.sql"),
    include_str!("schema/v3.sql"),
    include_str!("schema/v4.sql"),
    include_str!("schema/v5.sql"),
];

/// The version that this program writes.
pub const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

/// Brings a database up to [`SCHEMA_VERSION`].
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    while version(connection)? < SCHEMA_VERSION {
        step(connection, path)?;
    }
    let found = version(connection)?;
    if found > SCHEMA_VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: SCHEMA_VERSION });
    }
    Ok(())
}

/// One migration. The version is read again under the write lock: another process may have been
/// faster.
fn step(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = version(&transaction)?;
    let Some(script) = MIGRATIONS.get(from as usize) else { return Ok(()) };
    let to = from + 1;
    let run = transaction
        .execute_batch(script)
        .and_then(|()| transaction.pragma_update(None, "user_version", to))
        .and_then(|()| transaction.commit());
    run.map_err(|error| StoreError::Migration {
        path: path.to_owned(),
        to,
        reason: error.to_string(),
    })
}

fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
