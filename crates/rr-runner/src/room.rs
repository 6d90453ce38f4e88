//! Room on disk: which kept environments go when they have grown too old or too many.
//!
//! What an unfinished run may stand on is never removed: those used since the oldest of them
//! began. So a run can also never remove what it has just kept itself.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rr_store::{Database, EnvironmentRow};

use crate::error::RunError;

/// Bytes that kept environments may take on disk where nothing else is asked for.
pub const DEFAULT_CACHE_LIMIT: u64 = 20 << 30;

/// An environment that no run used for so long goes, in milliseconds: 30 days.
const UNUSED: u64 = 30 * 24 * 60 * 60 * 1000;

/// Removes environments unused for 30 days, then those unused for longest until the others take
/// at most `limit` bytes. Gives how many went.
///
/// # Errors
/// Where the database fails or a folder cannot be removed.
pub(crate) fn make_room(store: &Database, limit: u64, now: u64) -> Result<usize, RunError> {
    let rows = store.environments()?;
    let in_use_since = store.oldest_unfinished_run()?.unwrap_or(u64::MAX);
    let leaving = leaving(&rows, limit, now, in_use_since);
    for row in &leaving {
        // The row first: an environment without a row is never used, one without files is missed.
        store.delete_environment(&row.key)?;
        rr_sandbox::remove_tree(&row.path)?;
    }
    Ok(leaving.len())
}

/// Whether an unfinished run may stand on the environment of a key.
///
/// # Errors
/// Where the database fails.
pub(crate) fn is_in_use(store: &Database, key: &str) -> Result<bool, RunError> {
    let in_use_since = store.oldest_unfinished_run()?.unwrap_or(u64::MAX);
    let rows = store.environments()?;
    let row = rows.iter().find(|row| row.key == key && row.path.is_dir());
    Ok(row.is_some_and(|row| row.last_used >= in_use_since))
}

/// Which of `rows`, those unused for longest first, are to go.
fn leaving(
    rows: &[EnvironmentRow],
    limit: u64,
    now: u64,
    in_use_since: u64,
) -> Vec<&EnvironmentRow> {
    let mut total: u64 = rows.iter().map(|row| row.bytes).sum();
    let free = rows.iter().filter(|row| row.last_used < in_use_since);
    free.filter(|row| {
        let goes = total > limit || now.saturating_sub(row.last_used) > UNUSED;
        total = total.saturating_sub(if goes { row.bytes } else { 0 });
        goes
    })
    .collect()
}

/// Bytes that a folder takes on disk, its links not followed.
///
/// # Errors
/// Where a folder cannot be listed.
pub(crate) fn bytes_on_disk(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let found = entry.metadata()?;
            bytes += found.blocks() * 512;
            if found.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60 * 1000;

    fn row(key: &str, last_used: u64, bytes: u64) -> EnvironmentRow {
        EnvironmentRow {
            key: key.to_owned(),
            path: key.into(),
            created_at: 0,
            last_used,
            bytes,
            inputs_json: String::new(),
        }
    }

    fn left(rows: &[EnvironmentRow], limit: u64, in_use_since: u64) -> Vec<String> {
        let gone = leaving(rows, limit, 100 * DAY, in_use_since);
        gone.iter().map(|row| row.key.clone()).collect()
    }

    #[test]
    fn the_longest_unused_go_until_the_rest_fits() {
        let rows = [row("a", 90 * DAY, 5), row("b", 91 * DAY, 5), row("c", 92 * DAY, 5)];
        assert_eq!(left(&rows, 15, u64::MAX), Vec::<String>::new());
        assert_eq!(left(&rows, 10, u64::MAX), ["a"]);
        assert_eq!(left(&rows, 0, u64::MAX), ["a", "b", "c"]);
    }

    #[test]
    fn what_nobody_used_for_a_month_goes_though_there_is_room() {
        let rows = [row("old", 60 * DAY, 5), row("new", 80 * DAY, 5)];
        assert_eq!(left(&rows, 100, u64::MAX), ["old"]);
    }

    #[test]
    fn what_an_unfinished_run_may_stand_on_stays() {
        let rows = [row("a", 10 * DAY, 5), row("b", 95 * DAY, 5)];
        assert_eq!(left(&rows, 0, 95 * DAY), ["a"]);
    }

    #[test]
    fn what_another_run_kept_meanwhile_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let store = Database::open(&folder.path().join("db")).unwrap();
        let kept = EnvironmentRow { path: folder.path().to_owned(), ..row("a", 0, 5) };
        let used_at = |last_used| {
            store.put_environment(&EnvironmentRow { last_used, ..kept.clone() }).unwrap();
            is_in_use(&store, "a").unwrap()
        };
        assert!(!used_at(50), "nothing is at work");
        store.insert_run(&unfinished(40)).unwrap();
        assert!(!used_at(30), "left from before");
        assert!(used_at(50), "a run at work may stand on it");
        assert!(!is_in_use(&store, "b").unwrap());
    }

    fn unfinished(created_at: u64) -> rr_store::RunRow {
        rr_store::RunRow {
            id: rr_core::RunId::from_parts(created_at, 1),
            source: "x".into(),
            commit: String::new(),
            created_at,
            updated_at: created_at,
            state: rr_store::RunState::Running,
            asked: rr_core::Rung::Tested,
            rung: None,
            green: false,
            summary: String::new(),
            folder: "x".into(),
            owner: "me".into(),
        }
    }
}
