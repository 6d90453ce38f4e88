//! What the engine promises to those who drive workflows with it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use rr_core::{CancelToken, Clock, JournalError, JournalEvent, JournalStore, RetryPolicy};
use rr_workflow::harness::SteppedClock;
use rr_workflow::{
    EngineOptions, JournaledEngine, MemoryJournal, STOP_SIGNAL, Status, StepError, StepRegistry,
    StepTable, Workflow, WorkflowContextExt, WorkflowError,
};
use serde_json::{Value, json};

use crate::subject::THRICE;

struct Bench {
    store: Arc<MemoryJournal>,
    clock: Arc<SteppedClock>,
}

impl Bench {
    fn new() -> Self {
        Self { store: Arc::default(), clock: Arc::default() }
    }

    fn engine(&self, owner: &str, steps: StepRegistry) -> JournaledEngine {
        let store = Arc::clone(&self.store) as Arc<dyn JournalStore>;
        JournaledEngine::new(store, Arc::clone(&self.clock) as Arc<dyn Clock>, owner, steps)
    }

    fn events(&self, id: &str) -> Vec<JournalEvent> {
        let records = self.store.load(id, 0).unwrap();
        records.into_iter().map(|record| record.event).collect()
    }

    fn kinds(&self, id: &str) -> Vec<&'static str> {
        self.events(id).iter().map(JournalEvent::kind).collect()
    }
}

/// A registry with one step.
fn one_step<B>(name: &str, policy: RetryPolicy, body: B) -> StepRegistry
where
    B: Fn(&rr_workflow::StepContext, Value) -> Result<Value, StepError> + Send + Sync + 'static,
{
    let table =
        StepTable::new().step_value(name, policy, move |(), context, input| body(context, input));
    table.bind(Arc::new(())).unwrap()
}

fn single(name: &'static str) -> Workflow {
    Workflow::new("single", 1, move |context, input| context.step_value(name, input))
}

#[test]
fn a_step_is_retried_as_its_policy_says_with_growing_pauses() {
    let bench = Bench::new();
    let times = Arc::new(Mutex::new(Vec::new()));
    let (seen, clock) = (Arc::clone(&times), Arc::clone(&bench.clock));
    let steps = one_step("fail", THRICE, move |context, _| {
        seen.lock().unwrap().push((context.attempt(), clock.unix_millis()));
        Err(StepError::retryable("down", "no answer"))
    });
    let engine = bench.engine("me", steps).with_workflow(single("fail"));
    let error = engine.start("single", "w", Value::Null, &CancelToken::default()).unwrap_err();
    assert_eq!((error.code(), error.is_resumable()), ("down", false));
    assert_eq!(error.to_string(), "step `fail` (number 0) failed: no answer");
    let times = times.lock().unwrap();
    assert_eq!(times.iter().map(|(attempt, _)| *attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(times[1].1 - times[0].1 >= 1000 && times[2].1 - times[1].1 >= 2000, "{times:?}");
    // The end stands in the journal: resuming gives it again and runs nothing.
    let again = engine.resume("w", &CancelToken::default()).unwrap_err();
    assert_eq!(again.to_string(), error.to_string());
    assert_eq!(times.len(), 3);
}

#[test]
fn a_fatal_error_is_not_retried() {
    let bench = Bench::new();
    let steps = one_step("fail", THRICE, |_, _| Err(StepError::fatal("bad", "no use")));
    let engine = bench.engine("me", steps).with_workflow(single("fail"));
    engine.start("single", "w", Value::Null, &CancelToken::default()).unwrap_err();
    assert_eq!(
        bench.kinds("w"),
        ["workflow_started", "step_started", "step_failed", "workflow_failed"]
    );
}

#[test]
fn a_panicking_step_fails_with_its_message() {
    let bench = Bench::new();
    let steps = one_step("fail", RetryPolicy::ONCE, |_, _| panic!("index {} of {}", 3, 2));
    let engine = bench.engine("me", steps).with_workflow(single("fail"));
    let error = engine.start("single", "w", Value::Null, &CancelToken::default()).unwrap_err();
    assert_eq!(error.code(), "panic");
    assert!(error.to_string().contains("index 3 of 2"), "{error}");
}

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
fn the_end_of_a_step_and_the_start_of_the_next_share_an_append() {
    struct Counting(MemoryJournal, AtomicU64);
    impl JournalStore for Counting {
        fn append(
            &self,
            lease: &rr_core::Lease,
            next: u64,
            at: u64,
            events: &[JournalEvent],
        ) -> Result<(), JournalError> {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0.append(lease, next, at, events)
        }
        fn signal(&self, id: &str, at: u64, name: &str, p: &Value) -> Result<(), JournalError> {
            self.0.signal(id, at, name, p)
        }
        fn load(&self, id: &str, from: u64) -> Result<Vec<rr_core::JournalRecord>, JournalError> {
            self.0.load(id, from)
        }
        fn acquire_lease(
            &self,
            id: &str,
            owner: &str,
            now: u64,
            ttl: Duration,
        ) -> Result<rr_core::Lease, JournalError> {
            self.0.acquire_lease(id, owner, now, ttl)
        }
        fn lease(&self, id: &str) -> Result<Option<rr_core::Lease>, JournalError> {
            self.0.lease(id)
        }
        fn break_lease(&self, id: &str, owner: &str) -> Result<(), JournalError> {
            self.0.break_lease(id, owner)
        }
        fn renew_lease(
            &self,
            lease: &rr_core::Lease,
            now: u64,
            ttl: Duration,
        ) -> Result<rr_core::Lease, JournalError> {
            self.0.renew_lease(lease, now, ttl)
        }
        fn release_lease(&self, lease: &rr_core::Lease) -> Result<(), JournalError> {
            self.0.release_lease(lease)
        }
    }
    let store = Arc::new(Counting(MemoryJournal::default(), AtomicU64::new(0)));
    let steps = one_step("echo", RetryPolicy::ONCE, |_, input| Ok(input));
    // The flush of stragglers is put off, so that only the workflow's own appends count.
    let options =
        EngineOptions { flush_after: Duration::from_secs(600), ..EngineOptions::default() };
    let engine = JournaledEngine::new(
        Arc::clone(&store) as Arc<dyn JournalStore>,
        Arc::new(SteppedClock::default()),
        "me",
        steps,
    )
    .with_options(options)
    .with_workflow(Workflow::new("many", 1, |context, _| {
        for number in 0..10 {
            context.note("number", json!(number))?;
            context.step_value("echo", json!(number))?;
        }
        Ok(Value::Null)
    }));
    engine.start("many", "w", Value::Null, &CancelToken::default()).unwrap();
    // 1 start + 10 x (note, start, end) + 1 end in 10 appends for the starts and one for the end.
    assert_eq!(store.load("w", 0).unwrap().len(), 32);
    assert_eq!(store.1.load(Ordering::SeqCst), 11);
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
fn joined_steps_run_side_by_side_with_results_in_order() {
    let bench = Bench::new();
    let meeting = Barrier::new(3);
    let steps = one_step("meet", RetryPolicy::ONCE, move |context, input| {
        // Returns only if all three run at once.
        meeting.wait();
        Ok(json!([context.index(), input]))
    });
    let workflow = Workflow::new("join", 1, |context, _| {
        let calls = ["a", "b", "c"].map(|name| ("meet".to_owned(), json!(name)));
        let ends: Result<Vec<Value>, _> = context.join(calls.into()).into_iter().collect();
        Ok(json!(ends?))
    });
    let engine = bench.engine("me", steps).with_workflow(workflow);
    let result = engine.start("join", "w", Value::Null, &CancelToken::default()).unwrap();
    assert_eq!(result, json!([[0, "a"], [1, "b"], [2, "c"]]));
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
fn a_step_that_takes_its_runner_down_every_time_is_given_up() {
    let bench = Bench::new();
    let options = EngineOptions { max_cut_offs: 2, ..EngineOptions::default() };
    for _ in 0..2 {
        let cancel = CancelToken::default();
        let token = cancel.clone();
        let steps = one_step("crash", THRICE, move |_, _| {
            token.cancel();
            Ok(Value::Null)
        });
        let engine = bench.engine("me", steps).with_workflow(single("crash")).with_options(options);
        engine.run("single", "w", Value::Null, &cancel).unwrap_err();
    }
    let steps = one_step("crash", THRICE, |_, _| panic!("must not run"));
    let engine = bench.engine("me", steps).with_workflow(single("crash")).with_options(options);
    let error = engine.resume("w", &CancelToken::default()).unwrap_err();
    assert_eq!(error.code(), "cut-off", "{error}");
}

#[test]
fn a_changed_workflow_is_refused_where_its_journal_differs() {
    let bench = Bench::new();
    let echo = || one_step("echo", RetryPolicy::ONCE, |_, input| Ok(input));
    let cancel = CancelToken::default();
    let token = cancel.clone();
    let stopping = Workflow::new("w", 1, move |context, _| {
        context.step_value("echo", json!(1))?;
        token.cancel();
        context.step_value("echo", json!(2))
    });
    bench
        .engine("me", echo())
        .with_workflow(stopping)
        .start("w", "w", Value::Null, &cancel)
        .unwrap_err();
    let resume = |workflow: Workflow| {
        let engine = bench.engine("me", echo()).with_workflow(workflow);
        engine.resume("w", &CancelToken::default()).unwrap_err()
    };
    let sleeps = Workflow::new("w", 1, |context, _| {
        context.sleep(Duration::ZERO)?;
        Ok(Value::Null)
    });
    assert_eq!(
        resume(sleeps).to_string(),
        "the journal of `w` has step `echo` at position 0, its code asks for a timer"
    );
    let shorter = Workflow::new("w", 1, |_, _| Ok(Value::Null));
    assert_eq!(
        resume(shorter).to_string(),
        "the journal of `w` has step `echo` at position 0, its code asks for the end"
    );
    let unknown = Workflow::new("w", 1, |context, _| context.step_value("gone", Value::Null));
    assert_eq!(resume(unknown).to_string(), "no step is registered as `gone`");
    let newer = Workflow::new("w", 3, |_, _| Ok(Value::Null)).replays_from(2);
    assert_eq!(
        resume(newer).to_string(),
        "`w` version 1 cannot be replayed: this code replays 2 to 3"
    );
    // None of these refusals harmed the journal.
    let mended = Workflow::new("w", 3, |context, _| {
        assert_eq!(context.version(), 1);
        let first: u64 = context.step("echo", &7)?;
        let second: u64 = context.step("echo", &2)?;
        Ok(json!(first + second))
    });
    let engine = bench.engine("me", echo()).with_workflow(mended.replays_from(1));
    assert_eq!(engine.resume("w", &CancelToken::default()).unwrap(), json!(3));
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

#[test]
fn idempotency_keys_are_stable_over_attempts_and_differ_between_positions() {
    let bench = Bench::new();
    let keys = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&keys);
    let steps = one_step("key", THRICE, move |context, _| {
        seen.lock().unwrap().push(context.idempotency_key());
        if context.attempt() == 1 {
            return Err(StepError::retryable("again", "again"));
        }
        Ok(Value::Null)
    });
    let workflow = Workflow::new("keys", 1, |context, _| {
        context.step_value("key", Value::Null)?;
        context.step_value("key", Value::Null)
    });
    let engine = bench.engine("me", steps).with_workflow(workflow);
    engine.start("keys", "w", Value::Null, &CancelToken::default()).unwrap();
    assert_eq!(*keys.lock().unwrap(), ["w/0", "w/0", "w/1", "w/1"]);
}

#[test]
fn step_names_are_unique() {
    let table = StepTable::new()
        .step_value("a", RetryPolicy::ONCE, |(), _, input| Ok(input))
        .step_value("a", RetryPolicy::ONCE, |(), _, input| Ok(input));
    assert!(
        matches!(table.bind(Arc::new(())), Err(WorkflowError::DuplicateStep(name)) if name == "a")
    );
}
