//! The workflow engine over SQLite: killed at every event, in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rr_core::{CancelToken, JournalStore, RetryPolicy};
use rr_store::Database;
use rr_workflow::harness::{SteppedClock, Subject, World, kill_at_every_position, kill_every_life};
use rr_workflow::{
    EngineOptions, JournaledEngine, StepContext, StepError, StepRegistry, StepTable, Workflow,
    WorkflowContext, WorkflowContextExt, WorkflowError,
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

/// Transactions that were committed to a database's log since the log began (source: SQLite's
/// "WAL-mode File Format": the last frame of a transaction carries the database's size).
fn committed(database: &std::path::Path) -> usize {
    let log = std::fs::read(database.with_extension("db-wal")).unwrap();
    let word = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let (page, salts) = (word(8) as usize, (word(16), word(20)));
    let frames = (32..log.len()).step_by(24 + page).filter(|at| at + 24 + page <= log.len());
    frames.filter(|at| (word(at + 8), word(at + 12)) == salts && word(at + 4) > 0).count()
}

#[test]
fn a_workflow_commits_far_fewer_transactions_than_events() {
    let scratch = Scratch::new();
    let store: Arc<dyn JournalStore> = Arc::new(scratch.open());
    let before = committed(&scratch.path());
    let steps = StepTable::new()
        .step("plain", RetryPolicy::ONCE, |_: &(), _, input: u64| Ok(input))
        .bind(Arc::new(()))
        .unwrap();
    let workflow = Workflow::new("many", 1, |context, _| {
        for number in 0..40 {
            context.note("number", json!(number))?;
            context.step::<u64, u64>("plain", &number)?;
        }
        Ok(Value::Null)
    });
    // The flush of stragglers is put off, so that only the workflow's own writes count.
    let options =
        EngineOptions { flush_after: Duration::from_secs(600), ..EngineOptions::default() };
    JournaledEngine::new(Arc::clone(&store), Arc::new(SteppedClock::default()), "me", steps)
        .with_options(options)
        .with_workflow(workflow)
        .start("many", "w", Value::Null, &CancelToken::default())
        .unwrap();
    let events = store.load("w", 0).unwrap().len();
    let transactions = committed(&scratch.path()) - before;
    assert_eq!(events, 122, "a start, 40 times a note, a start and an end, and an end");
    // One for each step, and a few for the lease.
    assert!((40..=45).contains(&transactions), "{transactions} transactions");
}
