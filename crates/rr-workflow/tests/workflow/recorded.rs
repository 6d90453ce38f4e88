//! Journals recorded by earlier versions replay.
//!
//! The files are never regenerated to please a change: a format or workflow that cannot replay
//! them is what these tests are there to catch.

use std::sync::Arc;

use rr_core::{CancelToken, JournalEvent, JournalRecord, JournalStore};
use rr_workflow::harness::SteppedClock;
use rr_workflow::{JournaledEngine, MemoryJournal, Workflow};

use crate::subject::{Outside, body, expected, steps};

const VERSION_1: &str = include_str!("journals/version-1.json");

fn recorded() -> Vec<JournalRecord> {
    serde_json::from_str(VERSION_1).expect("the recorded journal can be read")
}

/// Resumes from the first `keep` records; gives the result and the events added.
fn replay(keep: usize) -> (serde_json::Value, Vec<JournalEvent>) {
    let records = recorded();
    let store = Arc::new(MemoryJournal::with_records("old", &records[..keep]).unwrap());
    let clock = Arc::new(SteppedClock::at(1_800_000_000_000));
    let steps = steps(&Arc::new(Outside::default())).unwrap();
    let engine =
        JournaledEngine::new(Arc::clone(&store) as Arc<dyn JournalStore>, clock, "o", steps)
            .with_workflow(Workflow::new("everything", 1, body));
    let result = engine.resume("old", &CancelToken::default()).expect("the old journal replays");
    let added = store.load("old", keep as u64).unwrap();
    (result, added.into_iter().map(|record| record.event).collect())
}

#[test]
fn a_journal_of_version_1_replays_without_running_a_step() {
    let without_its_end = recorded().len() - 1;
    let (result, added) = replay(without_its_end);
    assert_eq!(result, expected());
    assert_eq!(added, [JournalEvent::WorkflowCompleted { result: expected() }]);
}

#[test]
fn a_journal_of_version_1_is_taken_up_wherever_it_stopped() {
    let signalled =
        |record: &JournalRecord| matches!(record.event, JournalEvent::SignalReceived { .. });
    let from = recorded().iter().position(signalled).unwrap() + 1;
    for keep in from..=recorded().len() {
        assert_eq!(replay(keep).0, expected(), "from its first {keep} records");
    }
}

#[test]
fn writing_a_journal_of_version_1_again_changes_nothing() {
    let before: serde_json::Value = serde_json::from_str(VERSION_1).unwrap();
    assert_eq!(serde_json::to_value(recorded()).unwrap(), before);
}
