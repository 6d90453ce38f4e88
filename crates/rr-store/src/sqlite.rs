//! Opening the database file, and the one way in which the rest of this crate gets at it.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{StoreError, is_busy};
use crate::schema;

/// How long a statement waits for another process's write before it fails as busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What a committed transaction survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The machine losing power: SQLite's `synchronous=FULL`, one `fsync` per transaction.
    ///
    /// The default, because a journal says "durably before it returns": with less, a step whose
    /// outside effect is real (a database migrated, a package published) could run again after a
    /// power cut although its end was reported. A run writes a few hundred transactions, so the
    /// `fsync`s cost it well under a second.
    #[default]
    PowerLoss,
    /// The process being killed, at any moment: `synchronous=NORMAL`. A power cut may roll back
    /// the last transactions; the file stays sound. For tests and throw-away databases.
    ProcessDeath,
}

/// A handle to the database. Clones share one connection; several handles, in one process or in
/// many, may be open on one file.
#[derive(Clone)]
pub struct Database {
    connection: Arc<Mutex<Connection>>,
    path: PathBuf,
}

impl Database {
    /// Opens the database, creating the file (readable by its owner only) and its folder where
    /// they are missing, and migrating an older one.
    ///
    /// # Errors
    /// [`StoreError::Open`], [`StoreError::Newer`], [`StoreError::Migration`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Durability::default())
    }

    /// As [`Self::open`], with a durability of one's own choice.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let failed = |reason: String| StoreError::Open { path: path.to_owned(), reason };
        create_private(path).map_err(|error| failed(error.to_string()))?;
        let mut connection =
            connect(path, durability).map_err(|error| failed(error.to_string()))?;
        schema::migrate(&mut connection, path)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), path: path.to_owned() })
    }

    /// The database's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads with the connection.
    pub(crate) fn read<R, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<R, E>,
    ) -> Result<R, E> {
        work(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes in one transaction, which holds the write lock from its start: what is checked in
    /// it still holds when it commits. An error rolls it back.
    pub(crate) fn write<R, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(StoreError::from)?;
        let result = work(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(result)
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Runs hold what a repository printed, and their inputs may name the user's folders: nobody else
/// on the machine needs to read that. SQLite gives its side files the mode of the main one.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn connect(path: &Path, durability: Durability) -> Result<Connection, rusqlite::Error> {
    // One connection has one lock of ours around it: SQLite needs none of its own.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    write_ahead(&connection)?;
    let synchronous = match durability {
        Durability::PowerLoss => "FULL",
        Durability::ProcessDeath => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    Ok(connection)
}

/// Turns the write-ahead log on, which the file then keeps. Two processes that do this to a new
/// file at once can deadlock on its locks; SQLite then fails at once instead of waiting its busy
/// time-out, so the waiting is done here.
fn write_ahead(connection: &Connection) -> Result<(), rusqlite::Error> {
    let begun = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) && begun.elapsed() < BUSY_TIMEOUT => {
                std::thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}
