//! Interruption, resumption, and who may drive.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rr_core::{CancelToken, JournalStore, RetryPolicy};
use rr_workflow::harness::SteppedClock;
use rr_workflow::{
    EngineOptions, JournaledEngine, STOP_SIGNAL, Status, StepError, StepRegistry, Workflow,
    WorkflowContextExt, WorkflowError,
};
use serde_json::{Value, json};

use crate::bench::{Bench, one_step, single};

#[test]
fn a_cancelled_workflow_records_no_half_result_and_can_be_resumed() {
    let bench = Bench::new();
    let first = Arc::new(CancelToken::default());
    let cancel = Arc::clone(&first);
    let steps = one_step("work", RetryPolicy::ONCE, move |context, _| {
        if context.attempt() == 1 {
            cancel.cancel();
            assert!(context.is_cancelled());
            return Ok(json!("half"));
        }
        Ok(json!("whole"))
    });
    let engine = bench.engine("me", steps).with_workflow(single("work"));
    let error = engine.start("single", "w", Value::Null, &first).unwrap_err();
    assert!(matches!(error, WorkflowError::Interrupted { .. }), "{error}");
    assert!(error.is_resumable());
    assert_eq!(bench.kinds("w"), ["workflow_started", "step_started"]);
    assert!(bench.store.lease("w").unwrap().is_none());
    let result = engine.resume("w", &CancelToken::default()).unwrap();
    assert_eq!(result, json!("whole"));
}

#[test]
fn a_stop_signal_interrupts_the_drive_it_reaches_and_no_later_one() {
    let bench = Bench::new();
    let store = Arc::clone(&bench.store);
    let steps = one_step("work", RetryPolicy::ONCE, move |context, _| {
        if context.attempt() == 1 {
            store.signal("w", 1, STOP_SIGNAL, &Value::Null).unwrap();
            while !context.is_cancelled() {
                std::thread::yield_now();
            }
            return Err(StepError::fatal("stopped", "stopped"));
        }
        Ok(json!("done"))
    });
    let options =
        EngineOptions { poll_every: Duration::from_millis(1), ..EngineOptions::default() };
    let engine = bench.engine("me", steps).with_workflow(single("work")).with_options(options);
    let error = engine.start("single", "w", Value::Null, &CancelToken::default()).unwrap_err();
    assert_eq!(error.to_string(), "interrupted: a stop signal came");
    assert_eq!(engine.resume("w", &CancelToken::default()).unwrap(), json!("done"));
}

#[test]
fn two_engines_cannot_drive_one_workflow() {
    let bench = Bench::new();
    let outer = Arc::new(Mutex::new(None));
    let (seen, store) = (Arc::clone(&outer), Arc::clone(&bench.store));
    let steps = one_step("intrude", RetryPolicy::ONCE, move |_, _| {
        let store = Arc::clone(&store) as Arc<dyn JournalStore>;
        let other = JournaledEngine::new(
            store,
            Arc::new(SteppedClock::default()),
            "other",
            StepRegistry::default(),
        );
        *seen.lock().unwrap() =
            other.with_workflow(single("intrude")).resume("w", &CancelToken::default()).err();
        Ok(Value::Null)
    });
    let engine = bench.engine("me", steps).with_workflow(single("intrude"));
    engine.start("single", "w", Value::Null, &CancelToken::default()).unwrap();
    let refused = outer.lock().unwrap().take().expect("the intruder was refused");
    assert_eq!(refused.code(), "lease-held", "{refused}");
}

#[test]
fn a_drive_whose_lease_was_taken_stops_and_writes_nothing_more() {
    let bench = Bench::new();
    let store = Arc::clone(&bench.store);
    let steps = one_step("lose", RetryPolicy::ONCE, move |context, _| {
        let owner = store.lease("w").unwrap().unwrap().owner;
        store.break_lease("w", &owner).unwrap();
        store.acquire_lease("w", "thief", 0, Duration::from_secs(1 << 40)).unwrap();
        // The heartbeat notices and cancels.
        while !context.is_cancelled() {
            std::thread::yield_now();
        }
        Ok(json!("too late"))
    });
    let options = EngineOptions { lease_ttl: Duration::from_millis(3), ..EngineOptions::default() };
    let engine = bench.engine("me", steps).with_workflow(single("lose")).with_options(options);
    let error = engine.start("single", "w", Value::Null, &CancelToken::default()).unwrap_err();
    assert_eq!(error.code(), "lease-lost", "{error}");
    assert_eq!(bench.kinds("w"), ["workflow_started", "step_started"]);
    assert_eq!(bench.store.lease("w").unwrap().unwrap().owner, "thief");
}

#[test]
fn starting_twice_and_resuming_nothing_are_errors() {
    let bench = Bench::new();
    let steps = one_step("echo", RetryPolicy::ONCE, |_, input| Ok(input));
    let engine = bench.engine("me", steps).with_workflow(single("echo"));
    let cancel = CancelToken::default();
    assert_eq!(engine.resume("w", &cancel).unwrap_err().to_string(), "no workflow `w`");
    engine.start("single", "w", json!(1), &cancel).unwrap();
    let again = engine.start("single", "w", json!(2), &cancel).unwrap_err();
    assert!(matches!(again, WorkflowError::AlreadyStarted(_)), "{again}");
    assert_eq!(engine.run("single", "w", json!(2), &cancel).unwrap(), json!(1));
    let state = engine.state("w").unwrap();
    assert!(matches!(state.status(), Status::Completed(result) if **result == json!(1)));
}

#[test]
fn processes_left_behind_are_listed_and_reaped_before_any_step_runs() {
    let bench = Bench::new();
    let cancel = CancelToken::default();
    let token = cancel.clone();
    let order = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&order);
    let steps = one_step("serve", RetryPolicy::ONCE, move |context, _| {
        seen.lock().unwrap().push(format!("attempt {}", context.attempt()));
        if context.attempt() == 1 {
            context.record_process("server", 42, 99)?;
            token.cancel();
        }
        Ok(Value::Null)
    });
    let reaped = Arc::clone(&order);
    let engine = bench.engine("me", steps).with_workflow(single("serve")).with_reaper(Arc::new(
        move |process| {
            reaped.lock().unwrap().push(format!("reap {} {}", process.pid, process.started_ticks));
        },
    ));
    engine.start("single", "w", Value::Null, &cancel).unwrap_err();
    let orphans = engine.orphaned_processes("w").unwrap();
    assert_eq!((orphans[0].label.as_str(), orphans[0].pid), ("server", 42));
    engine.resume("w", &CancelToken::default()).unwrap();
    assert_eq!(*order.lock().unwrap(), ["attempt 1", "reap 42 99", "attempt 2"]);
    assert!(engine.orphaned_processes("w").unwrap().is_empty());
}

fn echo() -> StepRegistry {
    one_step("echo", RetryPolicy::ONCE, |_, input| Ok(input))
}

/// A workflow of version 1 that was stopped after its first step.
fn stopped_after_one_step() -> Bench {
    let bench = Bench::new();
    let cancel = CancelToken::default();
    let token = cancel.clone();
    let stopping = Workflow::new("w", 1, move |context, _| {
        context.step_value("echo", json!(1))?;
        token.cancel();
        context.step_value("echo", json!(2))
    });
    let engine = bench.engine("me", echo()).with_workflow(stopping);
    engine.start("w", "w", Value::Null, &cancel).unwrap_err();
    bench
}

#[test]
fn a_changed_workflow_is_refused_where_its_journal_differs() {
    let bench = stopped_after_one_step();
    let refusal = |workflow: Workflow| {
        let engine = bench.engine("me", echo()).with_workflow(workflow);
        let error = engine.resume("w", &CancelToken::default()).unwrap_err();
        assert!(error.is_resumable());
        error.to_string()
    };
    let sleeps = Workflow::new("w", 1, |context, _| {
        context.sleep(Duration::ZERO)?;
        Ok(Value::Null)
    });
    assert_eq!(
        refusal(sleeps),
        "the journal of `w` has step `echo` at position 0, its code asks for a timer"
    );
    assert_eq!(
        refusal(Workflow::new("w", 1, |_, _| Ok(Value::Null))),
        "the journal of `w` has step `echo` at position 0, its code asks for the end"
    );
    let unknown = Workflow::new("w", 1, |context, _| context.step_value("gone", Value::Null));
    assert_eq!(refusal(unknown), "no step is registered as `gone`");
    assert_eq!(
        refusal(Workflow::new("w", 3, |_, _| Ok(Value::Null)).replays_from(2)),
        "`w` version 1 cannot be replayed: this code replays 2 to 3"
    );
    // None of these refusals harmed the journal.
    assert_eq!(bench.kinds("w"), ["workflow_started", "step_started", "step_completed"]);
}

#[test]
fn a_newer_version_takes_the_old_way_on_an_old_journal() {
    let bench = stopped_after_one_step();
    let newer = Workflow::new("w", 3, |context, _| {
        assert_eq!(context.version(), 1);
        let first: u64 = context.step("echo", &7)?;
        let second: u64 = context.step("echo", &2)?;
        Ok(json!(first + second))
    });
    let engine = bench.engine("me", echo()).with_workflow(newer.replays_from(1));
    assert_eq!(engine.resume("w", &CancelToken::default()).unwrap(), json!(3));
}

#[test]
fn a_panicking_body_leaves_its_workflow_resumable() {
    let bench = Bench::new();
    let cancel = CancelToken::default();
    let clumsy = Workflow::new("w", 1, |context, _| {
        context.step_value("echo", json!(1))?;
        panic!("off by one")
    });
    let engine = bench.engine("me", echo()).with_workflow(clumsy);
    let error = engine.start("w", "w", Value::Null, &cancel).unwrap_err();
    assert_eq!(error.to_string(), "workflow `w` panicked: off by one");
    let mended = Workflow::new("w", 1, |context, _| context.step_value("echo", json!(2)));
    let engine = bench.engine("me", echo()).with_workflow(mended);
    assert_eq!(engine.resume("w", &cancel).unwrap(), json!(1));
}
