//! Several handles on one file, as several processes hold them.

use std::sync::Barrier;
use std::time::Duration;

use rr_core::{JournalError, JournalEvent, JournalStore};
use rr_store::Database;
use serde_json::{Value, json};

use crate::Scratch;

const TTL: Duration = Duration::from_secs(60);

fn note(number: u64) -> JournalEvent {
    JournalEvent::Note { kind: "n".into(), payload: json!(number), index: None }
}

fn started() -> JournalEvent {
    JournalEvent::WorkflowStarted { workflow: "w".into(), version: 1, input: Value::Null }
}

/// Runs `work` on `count` threads at once, each with a handle of its own, opened at once too.
fn at_once<R: Send>(
    scratch: &Scratch,
    count: usize,
    work: impl Fn(usize, Database) -> R + Sync,
) -> Vec<R> {
    let gate = Barrier::new(count);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|number| {
                let (gate, work) = (&gate, &work);
                scope.spawn(move || {
                    gate.wait();
                    work(number, scratch.open())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn many_open_and_migrate_a_new_file_at_once() {
    for _ in 0..5 {
        let scratch = Scratch::new();
        let counts = at_once(&scratch, 8, |_, database| database.workflows().unwrap().len());
        assert_eq!(counts, [0; 8]);
    }
}

#[test]
fn one_of_many_gets_the_lease() {
    let scratch = Scratch::new();
    let got = at_once(&scratch, 6, |number, database| {
        database.acquire_lease("w", &format!("owner-{number}"), 0, TTL)
    });
    assert_eq!(got.iter().filter(|lease| lease.is_ok()).count(), 1);
    let refused = |e: &Result<_, JournalError>| matches!(e, Err(JournalError::LeaseHeld { .. }));
    assert_eq!(got.iter().filter(|lease| refused(lease)).count(), 5);
}

#[test]
fn writers_of_different_workflows_do_not_disturb_each_other() {
    let scratch = Scratch::new();
    at_once(&scratch, 4, |number, database| {
        let id = format!("w{number}");
        let lease = database.acquire_lease(&id, "me", 0, TTL).unwrap();
        for sequence in 0..50 {
            database.append(&lease, sequence, 0, &[note(sequence)]).unwrap();
        }
    });
    let workflows = scratch.open().workflows().unwrap();
    assert_eq!(workflows.iter().map(|w| w.events).collect::<Vec<_>>(), [50; 4]);
    assert!(workflows.iter().all(|w| w.lease.is_some() && !w.has_ended()));
}

#[test]
fn signals_from_everywhere_find_a_place_each_beside_a_driver_that_appends() {
    let scratch = Scratch::new();
    let database = scratch.open();
    let lease = database.acquire_lease("w", "me", 0, TTL).unwrap();
    database.append(&lease, 0, 0, &[started()]).unwrap();
    let conflicts = at_once(&scratch, 4, |number, other| {
        if number > 0 {
            (0..30).for_each(|_| other.signal("w", 0, "s", &json!(number)).unwrap());
            return 0;
        }
        let (mut written, mut conflicts) = (0, 0);
        while written < 30 {
            let next = database.load("w", 0).unwrap().len() as u64;
            match database.append(&lease, next, 0, &[note(written)]) {
                Ok(()) => written += 1,
                Err(JournalError::Conflict { .. }) => conflicts += 1,
                Err(error) => panic!("{error}"),
            }
        }
        conflicts
    });
    let records = scratch.open().load("w", 0).unwrap();
    assert_eq!(records.len(), 1 + 30 + 90, "{conflicts:?} conflicts");
    assert!((0..).zip(&records).all(|(sequence, record)| record.sequence == sequence));
}

#[test]
fn a_driven_workflow_keeps_its_journal() {
    let scratch = Scratch::new();
    let database = scratch.open();
    let lease = database.acquire_lease("w", "me", 0, TTL).unwrap();
    database.append(&lease, 0, 0, &[started()]).unwrap();
    let refused = database.delete_journal("w", 59_999).unwrap_err();
    assert!(matches!(refused, JournalError::LeaseHeld { .. }), "{refused}");
    // Expired: it goes, and the sleeper that comes back finds its lease void.
    database.delete_journal("w", 60_000).unwrap();
    assert!(database.load("w", 0).unwrap().is_empty());
    let late = database.append(&lease, 1, 60_001, &[note(1)]).unwrap_err();
    assert!(matches!(late, JournalError::LeaseLost { .. }), "{late}");
    assert!(database.acquire_lease("w", "me", 60_002, TTL).unwrap().token > lease.token);
}
