//! Opening: new files, old files, newer files, and what is no database.

use std::fs;

use rr_core::{JournalEvent, JournalStore};
use rr_store::{Database, Durability, SCHEMA_VERSION, StoreError};
use rusqlite::Connection;
use serde_json::json;

use crate::Scratch;

fn raw(scratch: &Scratch) -> Connection {
    fs::create_dir_all(scratch.path().parent().unwrap()).unwrap();
    Connection::open(scratch.path()).unwrap()
}

fn pragma(connection: &Connection, name: &str) -> String {
    let read = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
    match connection.pragma_query_value(None, name, read).unwrap() {
        rusqlite::types::Value::Text(text) => text,
        rusqlite::types::Value::Integer(number) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Everything the schema holds, as SQLite keeps it.
fn schema_of(connection: &Connection) -> Vec<String> {
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn an_old_file_is_migrated_with_what_it_holds() {
    let scratch = Scratch::new();
    raw(&scratch).execute_batch(include_str!("old/v1.sql")).unwrap();
    let database = scratch.open();
    let records = database.load("old", 0).unwrap();
    assert_eq!(records.len(), 2);
    let begun =
        JournalEvent::WorkflowStarted { workflow: "w".into(), version: 1, input: json!({"a": 1}) };
    assert_eq!((records[0].at, &records[0].event), (100, &begun));
    let lease = database.lease("old").unwrap().unwrap();
    assert_eq!((lease.owner.as_str(), lease.token, lease.expires_at), ("somebody", 4, 5000));
    assert!(database.runs(None, 10).unwrap().runs.is_empty());
    let migrated = raw(&scratch);
    assert_eq!(pragma(&migrated, "user_version"), SCHEMA_VERSION.to_string());
    let fresh = Scratch::new();
    drop(fresh.open());
    assert_eq!(schema_of(&migrated), schema_of(&raw(&fresh)));
}

#[test]
fn a_newer_file_is_refused_and_left_alone() {
    let scratch = Scratch::new();
    drop(scratch.open());
    raw(&scratch).pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    let error = Database::open(&scratch.path()).unwrap_err();
    let StoreError::Newer { found, known, .. } = &error else { panic!("{error}") };
    assert_eq!((*found, *known), (SCHEMA_VERSION + 1, SCHEMA_VERSION));
    assert!(error.to_string().contains("use a newer program"), "{error}");
    assert_eq!(pragma(&raw(&scratch), "user_version"), (SCHEMA_VERSION + 1).to_string());
}

#[test]
fn a_migration_that_fails_leaves_the_version_before_it() {
    let scratch = Scratch::new();
    let old = raw(&scratch);
    old.execute_batch(include_str!("old/v1.sql")).unwrap();
    // Somebody's own table stands where version 3 wants to put one: 2 is reached, 3 is not.
    old.execute_batch("CREATE TABLE decisions (mine TEXT)").unwrap();
    let error = Database::open(&scratch.path()).unwrap_err();
    assert!(matches!(error, StoreError::Migration { to: 3, .. }), "{error}");
    assert_eq!(pragma(&old, "user_version"), "2");
    let halves = schema_of(&old).iter().filter(|sql| sql.contains("env_cache")).count();
    assert_eq!(halves, 0);
}

#[test]
fn what_is_no_database_is_refused_and_left_alone() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path().parent().unwrap()).unwrap();
    let text = "this is a letter, not a database, and long enough to look like neither\n".repeat(9);
    fs::write(scratch.path(), &text).unwrap();
    let error = Database::open(&scratch.path()).unwrap_err();
    assert!(error.to_string().starts_with("cannot open database"), "{error}");
    assert_eq!(fs::read_to_string(scratch.path()).unwrap(), text);
}

#[test]
fn files_are_private_and_written_ahead() {
    let scratch = Scratch::new();
    let database = Database::open_with(&scratch.path(), Durability::PowerLoss).unwrap();
    database.acquire_lease("w", "me", 0, std::time::Duration::ZERO).unwrap();
    assert_eq!(pragma(&raw(&scratch), "journal_mode"), "wal");
    #[cfg(unix)]
    for entry in fs::read_dir(scratch.path().parent().unwrap()).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}
