//! What can go wrong with the database.

use std::path::PathBuf;

use rr_core::JournalError;
use rusqlite::ErrorCode;

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or created.
    #[error("cannot open database `{path}`: {reason}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file was written by a newer version of this program.
    #[error(
        "database `{path}` has schema version {found}, this program knows versions up to {known}: use a newer program or another data directory"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// A migration failed; the file is at the version before it.
    #[error("cannot migrate database `{path}` to schema version {to}: {reason}")]
    Migration {
        /// The file.
        path: PathBuf,
        /// The version that could not be reached.
        to: u32,
        /// Why.
        reason: String,
    },
    /// A row of this key exists already.
    #[error("{what} `{key}` exists already")]
    Exists {
        /// What kind of row.
        what: &'static str,
        /// Its key.
        key: String,
    },
    /// There is no row of this key.
    #[error("no {what} `{key}`")]
    NotFound {
        /// What kind of row.
        what: &'static str,
        /// The key.
        key: String,
    },
    /// A row holds what this program never writes.
    #[error("{what} `{key}` is damaged: {reason}")]
    Damaged {
        /// What kind of row.
        what: &'static str,
        /// Its key.
        key: String,
        /// How.
        reason: String,
    },
    /// SQLite failed.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl StoreError {
    /// Whether trying again may help: another process held the database for too long.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Sqlite(error) if is_busy(error))
    }
}

/// Whether another connection was in the way.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        Self::Storage(error.to_string())
    }
}
