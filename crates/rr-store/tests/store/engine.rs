//! The workflow engine over SQLite: killed at every event, in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rr_core::{JournalStore, RetryPolicy};
use rr_store::Database;
use rr_workflow::harness::{Subject, World, kill_at_every_position, kill_every_life};
use rr_workflow::{
    StepContext, StepError, StepRegistry, StepTable, Workflow, WorkflowContext, WorkflowContextExt,
    WorkflowError,
};
use serde_json::{Value, json};

use crate::Scratch;

const PATIENT: RetryPolicy =
    RetryPolicy { max_attempts: 9, first_pause: Duration::ZERO, max_pause: Duration::ZERO };

struct OnDisk;

struct DiskWorld {
    scratch: Scratch,
    calls: Arc<AtomicU64>,
}

fn flaky(calls: &AtomicU64, context: &StepContext, input: u64) -> Result<u64, StepError> {
    if calls.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
        return Err(StepError::retryable("odd", "odd call"));
    }
    context.note("input", json!(input))?;
    Ok(input * 3)
}

fn body(context: &dyn WorkflowContext, _: Value) -> Result<Value, WorkflowError> {
    let first: u64 = context.step("flaky", &7)?;
    context.sleep(Duration::from_secs(2))?;
    let word = context.wait("word")?;
    let calls = [1, 2].map(|n| ("plain".to_owned(), json!(n)));
    let joined: Result<Vec<Value>, _> = context.join(calls.into()).into_iter().collect();
    Ok(json!([first, word, joined?]))
}

impl Subject for OnDisk {
    fn workflow(&self) -> Workflow {
        Workflow::new("on-disk", 1, body)
    }

    fn signals(&self) -> Vec<(String, Value)> {
        vec![("word".to_owned(), json!("word"))]
    }

    fn world(&self, _trial: &str) -> Result<Box<dyn World>, String> {
        Ok(Box::new(DiskWorld { scratch: Scratch::new(), calls: Arc::default() }))
    }
}

impl World for DiskWorld {
    /// Each life opens the file anew, as a fresh process would.
    fn store(&self) -> Arc<dyn JournalStore> {
        let database: Database = self.scratch.open();
        Arc::new(database)
    }

    fn steps(&self) -> Result<StepRegistry, String> {
        StepTable::new()
            .step("flaky", PATIENT, flaky)
            .step("plain", PATIENT, |_: &AtomicU64, _, input: u64| Ok(input))
            .bind(Arc::clone(&self.calls))
            .map_err(|error| error.to_string())
    }
}

#[test]
fn a_workflow_on_disk_survives_a_kill_at_every_event() {
    let report = kill_at_every_position(&OnDisk).expect("all trials hold");
    assert!(report.kills >= report.events, "{report:?}");
    kill_every_life(&OnDisk).expect("all trials hold");
}
