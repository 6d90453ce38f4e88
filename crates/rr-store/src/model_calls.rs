//! What users spent on language models.

use rr_core::ModelCall;
use rusqlite::params;

use crate::error::StoreError;
use crate::journal::sql_int;
use crate::sqlite::Database;

/// What a user spent in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelSpending {
    /// Tokens, sent and received.
    pub tokens: u64,
    /// Cost in millionths; calls without a price count as nothing.
    pub cost_micros: u64,
}

impl Database {
    /// Books a call of this user at this time (milliseconds since the Unix epoch).
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn add_model_call(&self, user: &str, at: u64, call: &ModelCall) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO model_calls VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    user,
                    sql_int(at),
                    call.provider,
                    call.model,
                    call.purpose,
                    sql_int(call.input_tokens),
                    sql_int(call.output_tokens),
                    sql_int(call.cost_micros.unwrap_or(0)),
                ],
            )?;
            Ok(())
        })
    }

    /// What a user spent since then.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn model_spending(&self, user: &str, since: u64) -> Result<ModelSpending, StoreError> {
        self.read(|connection| {
            let sql = "SELECT coalesce(sum(input_tokens + output_tokens), 0), \
                       coalesce(sum(cost_micros), 0) FROM model_calls \
                       WHERE user = ?1 AND at >= ?2";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row(params![user, sql_int(since)], |row| {
                Ok(ModelSpending { tokens: row.get(0)?, cost_micros: row.get(1)? })
            })?)
        })
    }
}
