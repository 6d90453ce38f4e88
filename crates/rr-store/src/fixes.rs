//! The fix memory: remedies tried, and what they did.

use std::collections::BTreeMap;

use rr_core::{FixCounts, FixKey, FixOrigin, FixRecord};
use rusqlite::{Row, Transaction, params};

use crate::error::StoreError;
use crate::journal::sql_int;
use crate::sqlite::Database;

/// Records that belong together: those of one run, or of one import.
#[derive(Clone, Debug, PartialEq)]
pub struct FixBatch<'a> {
    /// Where they come from.
    pub origin: FixOrigin,
    /// The run's id, or the import's hash. Writing a batch twice changes nothing.
    pub name: &'a str,
    /// Milliseconds since the Unix epoch.
    pub at: u64,
    /// Versions of the toolchains that were used, by tool.
    pub versions: &'a BTreeMap<String, String>,
    /// The records.
    pub records: &'a [FixRecord],
}

const COLUMNS: &str = "ecosystem, signature, kind, place, remedy, sum(tries), sum(cured), \
                       sum(seconds), origin";
const GROUPS: &str = "GROUP BY ecosystem, signature, kind, place, remedy, origin \
                      ORDER BY ecosystem, signature, place, kind, remedy, origin";

impl Database {
    /// Adds a batch, unless it is there already; gives how many records are new.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn add_fixes(&self, batch: &FixBatch<'_>) -> Result<usize, StoreError> {
        let versions = serde_json::json!(batch.versions).to_string();
        self.write(|transaction| {
            let mut added = 0;
            for (number, record) in batch.records.iter().enumerate() {
                added += insert(transaction, batch, number, record, &versions)?;
            }
            Ok(added)
        })
    }

    /// What is remembered of a class of errors (`python.missing-module`), one record per remedy,
    /// signature and origin.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn fixes_of(&self, ecosystem: &str, class: &str) -> Result<Vec<FixRecord>, StoreError> {
        self.read(|connection| {
            let sql =
                format!("SELECT {COLUMNS} FROM fixes WHERE ecosystem = ?1 AND class = ?2 {GROUPS}");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([ecosystem, class], read_record)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Everything that is remembered, one record per remedy, signature and origin.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn fixes(&self) -> Result<Vec<FixRecord>, StoreError> {
        self.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM fixes {GROUPS}");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([], read_record)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Forgets a signature, or a class with all its signatures, and closes the ear to what the
    /// seed says of it; gives how many rows went.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn forget_fixes(&self, signature: &str) -> Result<usize, StoreError> {
        self.write(|transaction| {
            let sql = "INSERT OR IGNORE INTO fixes_forgotten (signature) VALUES (?1)";
            transaction.execute(sql, [signature])?;
            let sql = "DELETE FROM fixes WHERE signature = ?1 OR class = ?1";
            Ok(transaction.execute(sql, [signature])?)
        })
    }

    /// Forgets everything but the seed, which is listened to again; gives how many rows went.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn forget_all_fixes(&self) -> Result<usize, StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM fixes_forgotten", [])?;
            Ok(transaction.execute("DELETE FROM fixes", [])?)
        })
    }

    /// Signatures and classes whose seed is not to be listened to.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn forgotten_fixes(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT signature FROM fixes_forgotten ORDER BY signature";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn insert(
    transaction: &Transaction<'_>,
    batch: &FixBatch<'_>,
    number: usize,
    record: &FixRecord,
    versions: &str,
) -> Result<usize, StoreError> {
    let key = &record.key;
    let sql = "INSERT OR IGNORE INTO fixes (origin, batch, number, at, ecosystem, class, \
               signature, kind, place, remedy, versions, tries, cured, seconds) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    Ok(transaction.execute(
        sql,
        params![
            origin_name(batch.origin),
            batch.name,
            sql_int(number as u64),
            sql_int(batch.at),
            key.ecosystem,
            key.class(),
            key.signature,
            key.kind,
            key.place,
            key.remedy,
            versions,
            record.counts.tries,
            record.counts.cured,
            record.counts.seconds,
        ],
    )?)
}

const fn origin_name(origin: FixOrigin) -> &'static str {
    match origin {
        FixOrigin::Own => "own",
        FixOrigin::Imported => "imported",
        FixOrigin::Seed => "seed",
    }
}

fn read_record(row: &Row<'_>) -> Result<FixRecord, rusqlite::Error> {
    let count = |at: usize| -> Result<u32, rusqlite::Error> {
        Ok(u32::try_from(row.get::<_, i64>(at)?).unwrap_or(u32::MAX))
    };
    Ok(FixRecord {
        key: FixKey {
            ecosystem: row.get(0)?,
            signature: row.get(1)?,
            kind: row.get(2)?,
            place: row.get(3)?,
            remedy: row.get(4)?,
        },
        counts: FixCounts { tries: count(5)?, cured: count(6)?, seconds: row.get(7)? },
        origin: match row.get::<_, String>(8)?.as_str() {
            "own" => FixOrigin::Own,
            _ => FixOrigin::Imported,
        },
    })
}
