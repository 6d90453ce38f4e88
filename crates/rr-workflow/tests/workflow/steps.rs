//! Steps: attempts, retries, errors, results side by side.

use std::sync::{Arc, Barrier, Mutex};

use rr_core::{CancelToken, Clock, RetryPolicy};
use rr_workflow::{EngineOptions, StepError, StepTable, Workflow, WorkflowError};
use serde_json::{Value, json};

use crate::bench::{Bench, one_step, single};
use crate::subject::THRICE;

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
