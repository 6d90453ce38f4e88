//! The harness holds for a good workflow and fails for bad ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::subject::{Everything, THRICE};
use rr_workflow::harness::{
    MemoryWorld, Subject, World, kill_at_every_position, kill_every_life, run_every_step_twice,
};
use rr_workflow::{StepContext, StepError, StepTable, Workflow, WorkflowContext, WorkflowError};
use serde_json::{Value, json};

#[test]
fn every_operation_survives_a_kill_at_every_event() {
    let report = kill_at_every_position(&Everything).expect("all trials hold");
    assert!(report.events >= 25, "{report:?}");
    assert_eq!(report.trials, 1 + 2 * report.events);
    // Which events share an append depends on threads, but the last event always kills.
    assert!(report.kills >= report.events, "{report:?}");
}

#[test]
fn every_operation_survives_kill_after_kill() {
    let report = kill_every_life(&Everything).expect("all trials hold");
    assert!(report.kills > report.trials, "{report:?}");
}

#[test]
fn every_step_bears_to_be_run_twice() {
    let report = run_every_step_twice(&Everything).expect("all trials hold");
    assert_eq!(report.trials, 2);
}

/// A workflow over one counter that outlives its processes.
struct Counting(fn(&dyn WorkflowContext, Value) -> Result<Value, WorkflowError>);

fn count(counter: &AtomicU64, _: &StepContext, (): ()) -> Result<u64, StepError> {
    Ok(counter.fetch_add(1, Ordering::SeqCst) + 1)
}

fn one(_: &AtomicU64, _: &StepContext, (): ()) -> Result<u64, StepError> {
    Ok(1)
}

impl Subject for Counting {
    fn workflow(&self) -> Workflow {
        Workflow::new("counting", 1, self.0)
    }

    fn world(&self, _trial: &str) -> Result<Box<dyn World>, String> {
        let counter = Arc::new(AtomicU64::new(0));
        Ok(Box::new(MemoryWorld::new(move || {
            let table = StepTable::new().step("count", THRICE, count).step("one", THRICE, one);
            table.bind(Arc::clone(&counter)).map_err(|error| error.to_string())
        })))
    }
}

#[test]
fn a_step_that_cannot_be_repeated_is_caught() {
    let counting = Counting(|context, _| context.step_value("count", Value::Null));
    let twice = run_every_step_twice(&counting).expect_err("the counter differs");
    assert_eq!(twice.trial, "twice");
    let killed = kill_at_every_position(&counting).expect_err("the counter differs");
    assert!(killed.reason.contains("undisturbed with 1"), "{killed}");
}

#[test]
fn a_body_that_takes_another_way_on_replay_is_caught() {
    static LIVES: AtomicU64 = AtomicU64::new(0);
    let wavering = Counting(|context, _| {
        let step =
            if LIVES.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) { "one" } else { "count" };
        context.step_value(step, Value::Null)?;
        context.step_value("one", Value::Null)
    });
    let caught = kill_at_every_position(&wavering).expect_err("the replay differs");
    assert!(caught.reason.contains("at position 0, its code asks for"), "{caught}");
}

#[test]
fn a_body_that_swallows_interruptions_ends_the_same() {
    let swallowing = Counting(|context, _| {
        let first = context.step_value("one", Value::Null).unwrap_or(json!("lost"));
        let second = context.step_value("one", Value::Null).unwrap_or(json!("lost"));
        Ok(json!([first, second]))
    });
    kill_at_every_position(&swallowing).expect("an interrupted body cannot end its workflow");
}

#[test]
fn a_workflow_that_fails_fails_the_same_after_every_kill() {
    let failing = Counting(|context, _| {
        context.step_value("one", Value::Null)?;
        Err(WorkflowError::failed("no-good", "it is no good"))
    });
    let report = kill_at_every_position(&failing).expect("the same failure each time");
    assert_eq!(report.events, 4);
}
