//! Runs: one row per run, its report beside it.

use std::path::PathBuf;

use rr_core::{RunId, Rung};
use rusqlite::{OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::journal::sql_int;
use crate::sqlite::Database;

/// Where a run stands. Whether a running one is really driven, its workflow's lease tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// Created, not begun.
    Queued,
    /// Begun and not ended.
    Running,
    /// Stopped before its end; it can be resumed.
    Interrupted,
    /// Ended with a report.
    Finished,
    /// Ended without one, by an error of ours.
    Failed,
}

/// One run, without its report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// The run.
    pub id: RunId,
    /// What the user named.
    pub source: String,
    /// The commit or the hash of the tree; empty until it is known.
    pub commit: String,
    /// Milliseconds since the Unix epoch.
    pub created_at: u64,
    /// Milliseconds since the Unix epoch.
    pub updated_at: u64,
    /// Where it stands.
    pub state: RunState,
    /// The rung that was asked for.
    pub asked: Rung,
    /// The highest rung proved so far.
    pub rung: Option<Rung>,
    /// Whether it is green at the asked rung.
    pub green: bool,
    /// The verdict in one sentence; empty until there is one.
    pub summary: String,
    /// The run's folder.
    pub folder: PathBuf,
    /// The user whose run it is.
    pub owner: String,
}

/// A place in the list of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunCursor {
    /// When the last run listed was created.
    pub created_at: u64,
    /// Its id.
    pub id: RunId,
}

/// A part of the list of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPage {
    /// Runs, newest first.
    pub runs: Vec<RunRow>,
    /// Where to go on; `None` at the end.
    pub next: Option<RunCursor>,
}

const COLUMNS: &str = "id, source, commit_id, created_at, updated_at, state, asked, rung, green, \
                       summary, folder, owner";

impl RunState {
    /// The state's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Interrupted, Self::Finished, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

impl Database {
    /// Adds a run.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the id is taken.
    pub fn insert_run(&self, run: &RunRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO runs ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (id) DO NOTHING"
        );
        self.write(|transaction| {
            let values = params![
                run.id.as_str(),
                run.source,
                run.commit,
                sql_int(run.created_at),
                sql_int(run.updated_at),
                run.state.as_str(),
                run.asked.as_str(),
                run.rung.map(Rung::as_str),
                run.green,
                run.summary,
                run.folder.to_string_lossy(),
                run.owner,
            ];
            match transaction.execute(&sql, values)? {
                0 => Err(StoreError::Exists { what: "run", key: run.id.to_string() }),
                _ => Ok(()),
            }
        })
    }

    /// Sets everything of a run that changes: commit, state, rung, green, summary, time of the
    /// update.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such run.
    pub fn update_run(&self, run: &RunRow) -> Result<(), StoreError> {
        let sql = "UPDATE runs SET commit_id = ?2, updated_at = ?3, state = ?4, rung = ?5, \
                   green = ?6, summary = ?7 WHERE id = ?1";
        self.write(|transaction| {
            let values = params![
                run.id.as_str(),
                run.commit,
                sql_int(run.updated_at),
                run.state.as_str(),
                run.rung.map(Rung::as_str),
                run.green,
                run.summary,
            ];
            found(transaction.execute(sql, values)?, &run.id)
        })
    }

    /// Sets a run's state only.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such run.
    pub fn set_run_state(&self, id: &RunId, state: RunState, at: u64) -> Result<(), StoreError> {
        let sql = "UPDATE runs SET state = ?2, updated_at = ?3 WHERE id = ?1";
        self.write(|transaction| {
            let values = params![id.as_str(), state.as_str(), sql_int(at)];
            found(transaction.execute(sql, values)?, id)
        })
    }

    /// Sets a run's report, as JSON.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such run.
    pub fn set_report(&self, id: &RunId, report_json: &str) -> Result<(), StoreError> {
        let sql = "UPDATE runs SET report_json = ?2 WHERE id = ?1";
        self.write(|transaction| {
            found(transaction.execute(sql, params![id.as_str(), report_json])?, id)
        })
    }

    /// One run.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Sqlite`].
    pub fn run(&self, id: &RunId) -> Result<Option<RunRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_row([id.as_str()], |row| Ok(read_run(row))).optional()?.transpose()
        })
    }

    /// A run's report as JSON; `None` where there is none yet.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such run.
    pub fn report(&self, id: &RunId) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT report_json FROM runs WHERE id = ?1";
            let row = connection.query_row(sql, [id.as_str()], |row| row.get(0)).optional()?;
            row.ok_or_else(|| StoreError::NotFound { what: "run", key: id.to_string() })
        })
    }

    /// Runs, newest first, at most `limit`, after a cursor.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Sqlite`].
    pub fn runs(&self, after: Option<&RunCursor>, limit: u32) -> Result<RunPage, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM runs WHERE (created_at, id) < (?1, ?2)
             ORDER BY created_at DESC, id DESC LIMIT ?3"
        );
        // A cursor above all rows: no id begins with a code point this high.
        let (created_at, id) =
            after.map_or((i64::MAX, "\u{10FFFF}"), |at| (sql_int(at.created_at), at.id.as_str()));
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let limit = limit.max(1);
            let rows =
                statement.query_map(params![created_at, id, limit + 1], |row| Ok(read_run(row)))?;
            let runs = rows.map(|row| row?).collect::<Result<_, StoreError>>()?;
            Ok(page(runs, limit))
        })
    }

    /// When the oldest run began that may still go on (queued, running or interrupted), in
    /// milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn oldest_unfinished_run(&self) -> Result<Option<u64>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT min(created_at) FROM runs
                       WHERE state IN ('queued', 'running', 'interrupted')";
            let oldest: Option<i64> = connection.query_row(sql, [], |row| row.get(0))?;
            Ok(oldest.and_then(|at| u64::try_from(at).ok()))
        })
    }

    /// Removes a run with its decisions. Its journal is removed apart, by
    /// [`Database::delete_journal`], its folder by whoever made it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such run.
    pub fn delete_run(&self, id: &RunId) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM decisions WHERE run_id = ?1", [id.as_str()])?;
            found(transaction.execute("DELETE FROM runs WHERE id = ?1", [id.as_str()])?, id)
        })
    }
}

fn page(mut runs: Vec<RunRow>, limit: u32) -> RunPage {
    let more = runs.len() > limit as usize;
    runs.truncate(limit as usize);
    let last = runs.last().filter(|_| more);
    let next = last.map(|run| RunCursor { created_at: run.created_at, id: run.id.clone() });
    RunPage { runs, next }
}

fn read_run(row: &Row<'_>) -> Result<RunRow, StoreError> {
    let key: String = row.get(0)?;
    let damaged = |column: &str, text: &str| StoreError::Damaged {
        what: "run",
        key: key.clone(),
        reason: format!("unknown {column} `{text}`"),
    };
    let rung =
        |column: &str, text: String| text.parse::<Rung>().map_err(|_| damaged(column, &text));
    let state: String = row.get(5)?;
    Ok(RunRow {
        id: RunId::parse(&key).ok_or_else(|| damaged("id", &key))?,
        source: row.get(1)?,
        commit: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
        state: RunState::parse(&state).ok_or_else(|| damaged("state", &state))?,
        asked: rung("asked rung", row.get(6)?)?,
        rung: row.get::<_, Option<String>>(7)?.map(|text| rung("rung", text)).transpose()?,
        green: row.get(8)?,
        summary: row.get(9)?,
        folder: PathBuf::from(row.get::<_, String>(10)?),
        owner: row.get(11)?,
    })
}

fn found(changed: usize, id: &RunId) -> Result<(), StoreError> {
    match changed {
        0 => Err(StoreError::NotFound { what: "run", key: id.to_string() }),
        _ => Ok(()),
    }
}
