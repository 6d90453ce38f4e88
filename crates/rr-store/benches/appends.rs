//! Journal appends per second beside plain SQLite transactions with the same settings, in one
//! run on one file system: what the checks of an append and the JSON of its events cost.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints")]

use std::path::Path;
use std::time::{Duration, Instant};

use rr_core::{JournalEvent, JournalStore};
use rr_store::{Database, Durability};
use rusqlite::Connection;
use serde_json::json;

const ROUNDS: u64 = 300;

fn events(index: u64) -> [JournalEvent; 2] {
    let result = json!({ "exit": 0, "seconds": 1.5, "log": "steps/install.log", "index": index });
    let started = JournalEvent::StepStarted {
        index: index + 1,
        name: "run-step".into(),
        attempt: 1,
        input: json!({ "step": "python:install", "number": index }),
    };
    [JournalEvent::StepCompleted { index, result }, started]
}

/// Appends per second: the end of a step and the start of the next one in each.
fn journal(path: &Path, durability: Durability) -> f64 {
    let database = Database::open_with(path, durability).unwrap();
    let lease = database.acquire_lease("w", "me", 0, Duration::from_secs(60)).unwrap();
    rate(|index| database.append(&lease, index * 2, 0, &events(index)).unwrap())
}

/// Transactions per second: one insert of as many bytes, nothing checked.
fn plain(path: &Path, synchronous: &str) -> f64 {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", synchronous).unwrap();
    connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)").unwrap();
    rate(|index| {
        let text = serde_json::to_string(&events(index)).unwrap();
        connection.execute("INSERT INTO t (text) VALUES (?1)", [text]).unwrap();
    })
}

fn rate(mut work: impl FnMut(u64)) -> f64 {
    let begun = Instant::now();
    (0..ROUNDS).for_each(&mut work);
    ROUNDS as f64 / begun.elapsed().as_secs_f64()
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    println!("{ROUNDS} appends of two events each, per second:");
    for (name, durability, synchronous) in [
        ("survives power loss  ", Durability::PowerLoss, "FULL"),
        ("survives process death", Durability::ProcessDeath, "NORMAL"),
    ] {
        let ours = journal(&folder.path().join(format!("{synchronous}-journal.db")), durability);
        let plain = plain(&folder.path().join(format!("{synchronous}-plain.db")), synchronous);
        println!(
            "{name}  journal {ours:7.0}  plain transactions {plain:7.0}  ratio {:.2}",
            ours / plain
        );
    }
}
