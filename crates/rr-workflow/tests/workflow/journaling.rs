//! What is written, when, and with what.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rr_core::{CancelToken, Clock, JournalStore, RetryPolicy};
use rr_workflow::{EngineOptions, JournaledEngine, MemoryJournal, Workflow};
use serde_json::{Value, json};

use crate::bench::{Bench, one_step};

/// Each look at this clock shows a new time: records of one append share theirs.
struct TickingClock(AtomicU64);

impl Clock for TickingClock {
    fn unix_millis(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn sleep(&self, _duration: Duration) {}
}

#[test]
fn the_end_of_a_step_and_the_start_of_the_next_share_an_append() {
    let store = Arc::new(MemoryJournal::default());
    let steps = one_step("echo", RetryPolicy::ONCE, |_, input| Ok(input));
    // The flush of stragglers is put off, so that only the workflow's own appends count.
    let options =
        EngineOptions { flush_after: Duration::from_secs(600), ..EngineOptions::default() };
    let workflow = Workflow::new("many", 1, |context, _| {
        for number in 0..10 {
            context.note("number", json!(number))?;
            context.step_value("echo", json!(number))?;
        }
        Ok(Value::Null)
    });
    let clock = Arc::new(TickingClock(AtomicU64::new(1)));
    let engine =
        JournaledEngine::new(Arc::clone(&store) as Arc<dyn JournalStore>, clock, "me", steps)
            .with_options(options)
            .with_workflow(workflow);
    engine.start("many", "w", Value::Null, &CancelToken::default()).unwrap();
    let records = store.load("w", 0).unwrap();
    // 1 start, 10 times a note, a start and an end of a step, and 1 end, …
    assert_eq!(records.len(), 32);
    // … in one append per start of a step and one for the end.
    let appends: BTreeSet<u64> = records.iter().map(|record| record.at).collect();
    assert_eq!(appends.len(), 11);
}

#[test]
fn a_finished_step_is_written_soon_even_if_nothing_follows() {
    let bench = Bench::new();
    let steps = one_step("echo", RetryPolicy::ONCE, |_, input| Ok(input));
    let store = Arc::clone(&bench.store);
    let workflow = Workflow::new("slow", 1, move |context, _| {
        context.step_value("echo", json!(1))?;
        // A body must not look at a store; this one waits for the heartbeat's flush.
        while store.load("w", 0).unwrap().len() < 3 {
            std::thread::yield_now();
        }
        Ok(Value::Null)
    });
    let engine = bench.engine("me", steps).with_workflow(workflow);
    engine.start("slow", "w", Value::Null, &CancelToken::default()).unwrap();
    assert_eq!(
        bench.kinds("w"),
        ["workflow_started", "step_started", "step_completed", "workflow_completed"]
    );
}

#[test]
fn notes_of_the_body_are_written_once_however_often_it_is_replayed() {
    let bench = Bench::new();
    let steps = || one_step("echo", RetryPolicy::ONCE, |_, input| Ok(input));
    for stop_after in [0, 1, 2, 3] {
        let cancel = CancelToken::default();
        let token = cancel.clone();
        let workflow = Workflow::new("noting", 1, move |context, _| {
            for number in 0..3 {
                context.note("before", json!(number))?;
                context.note("before", json!(number))?;
                if stop_after == number {
                    token.cancel();
                }
                context.step_value("echo", json!(number))?;
            }
            Ok(Value::Null)
        });
        let engine = bench.engine("me", steps()).with_workflow(workflow);
        let ended = engine.run("noting", "w", Value::Null, &cancel).is_ok();
        assert_eq!(ended, stop_after == 3);
    }
    let notes = bench.kinds("w").into_iter().filter(|kind| *kind == "note").count();
    assert_eq!(notes, 6);
}
