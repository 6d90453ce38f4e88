//! Decisions: what was asked, what was chosen by whom, and what came of it.

use rr_core::{Decision, RunId};
use rusqlite::{Row, params};

use crate::error::StoreError;
use crate::journal::sql_int;
use crate::sqlite::Database;

/// One decision of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionRow {
    /// Its number, growing.
    pub id: i64,
    /// The run.
    pub run_id: String,
    /// Milliseconds since the Unix epoch.
    pub at: u64,
    /// The decision.
    pub decision: Decision,
    /// What came of it, where known: `cured`, `no-effect`.
    pub outcome: Option<String>,
}

impl Database {
    /// Adds a decision; gives its number.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn insert_decision(
        &self,
        run_id: &RunId,
        at: u64,
        decision: &Decision,
    ) -> Result<i64, StoreError> {
        let options = serde_json::Value::from(decision.options.clone()).to_string();
        let sql = "INSERT INTO decisions (run_id, at, topic, question, options_json, choice, \
                   confidence, model, manager, rationale) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        self.write(|transaction| {
            transaction.execute(
                sql,
                params![
                    run_id.as_str(),
                    sql_int(at),
                    decision.topic,
                    decision.question,
                    options,
                    decision.choice,
                    decision.confidence,
                    decision.model,
                    decision.manager,
                    decision.rationale,
                ],
            )?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Notes what came of a decision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such decision.
    pub fn set_decision_outcome(&self, id: i64, outcome: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE decisions SET outcome = ?2 WHERE id = ?1";
            match transaction.execute(sql, params![id, outcome])? {
                0 => Err(StoreError::NotFound { what: "decision", key: id.to_string() }),
                _ => Ok(()),
            }
        })
    }

    /// The decisions of a run, in order.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Sqlite`].
    pub fn decisions(&self, run_id: &RunId) -> Result<Vec<DecisionRow>, StoreError> {
        let sql = "SELECT id, run_id, at, topic, question, options_json, choice, confidence, \
                   model, manager, rationale, outcome FROM decisions WHERE run_id = ?1 ORDER BY id";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([run_id.as_str()], |row| Ok(read_decision(row)))?;
            rows.map(|row| row?).collect()
        })
    }
}

fn read_decision(row: &Row<'_>) -> Result<DecisionRow, StoreError> {
    let id: i64 = row.get(0)?;
    let options: String = row.get(5)?;
    let options = serde_json::from_str(&options).map_err(|error| StoreError::Damaged {
        what: "decision",
        key: id.to_string(),
        reason: format!("options: {error}"),
    })?;
    Ok(DecisionRow {
        id,
        run_id: row.get(1)?,
        at: row.get(2)?,
        decision: Decision {
            topic: row.get(3)?,
            question: row.get(4)?,
            options,
            choice: row.get(6)?,
            confidence: row.get(7)?,
            model: row.get(8)?,
            manager: row.get(9)?,
            rationale: row.get(10)?,
        },
        outcome: row.get(11)?,
    })
}
