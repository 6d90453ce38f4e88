//! Prepared environments, by the hash of what they were prepared from.

use std::path::PathBuf;

use rusqlite::{OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::journal::sql_int;
use crate::sqlite::Database;

/// One prepared environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentRow {
    /// Hash of the inputs.
    pub key: String,
    /// Where it is kept.
    pub path: PathBuf,
    /// Milliseconds since the Unix epoch.
    pub created_at: u64,
    /// Milliseconds since the Unix epoch.
    pub last_used: u64,
    /// Its size.
    pub bytes: u64,
    /// The inputs behind the key, as JSON: by them a miss is explained.
    pub inputs_json: String,
}

const COLUMNS: &str = "key, path, created_at, last_used, bytes, inputs_json";

impl Database {
    /// Adds a prepared environment; one of the same key is replaced and given back, so that its
    /// files can be removed.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn put_environment(
        &self,
        environment: &EnvironmentRow,
    ) -> Result<Option<EnvironmentRow>, StoreError> {
        self.write(|transaction| {
            let before = get(transaction, &environment.key)?;
            let sql = format!("REPLACE INTO env_cache ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
            transaction.execute(
                &sql,
                params![
                    environment.key,
                    environment.path.to_string_lossy(),
                    sql_int(environment.created_at),
                    sql_int(environment.last_used),
                    sql_int(environment.bytes),
                    environment.inputs_json,
                ],
            )?;
            Ok(before.filter(|before| before.path != environment.path))
        })
    }

    /// The prepared environment of a key, its last use noted as `now`.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn use_environment(
        &self,
        key: &str,
        now: u64,
    ) -> Result<Option<EnvironmentRow>, StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE env_cache SET last_used = max(last_used, ?2) WHERE key = ?1";
            transaction.execute(sql, params![key, sql_int(now)])?;
            get(transaction, key)
        })
    }

    /// All prepared environments, those unused for longest first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn environments(&self) -> Result<Vec<EnvironmentRow>, StoreError> {
        self.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM env_cache ORDER BY last_used, key");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([], read_environment)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Removes a prepared environment's row; its files are for the caller. Gives whether there
    /// was one.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn delete_environment(&self, key: &str) -> Result<bool, StoreError> {
        self.write(|transaction| {
            Ok(transaction.execute("DELETE FROM env_cache WHERE key = ?1", [key])? > 0)
        })
    }
}

fn get(connection: &rusqlite::Connection, key: &str) -> Result<Option<EnvironmentRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM env_cache WHERE key = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([key], read_environment).optional()?)
}

fn read_environment(row: &Row<'_>) -> Result<EnvironmentRow, rusqlite::Error> {
    Ok(EnvironmentRow {
        key: row.get(0)?,
        path: PathBuf::from(row.get::<_, String>(1)?),
        created_at: row.get(2)?,
        last_used: row.get(3)?,
        bytes: row.get(4)?,
        inputs_json: row.get(5)?,
    })
}
