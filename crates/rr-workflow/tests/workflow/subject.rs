//! A workflow that uses every operation, over a world that remembers outside effects.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rr_core::RetryPolicy;
use rr_core::{Clock, JournalStore};
use rr_workflow::harness::{MemoryWorld, Subject, World};
use rr_workflow::{
    LiveProcess, Reaper, StepContext, StepError, StepRegistry, StepTable, Workflow,
    WorkflowContext, WorkflowContextExt, WorkflowError,
};
use serde_json::{Value, json};

pub(crate) const THRICE: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    first_pause: Duration::from_secs(1),
    max_pause: Duration::from_secs(60),
};

/// What the steps leave outside the journal, by idempotency key.
#[derive(Default)]
pub(crate) struct Outside {
    pub(crate) effects: Mutex<BTreeMap<String, u64>>,
    pub(crate) flaky_calls: Mutex<u64>,
    pub(crate) processes: Mutex<BTreeMap<u32, u64>>,
}

impl Outside {
    fn set(&self, key: String, value: u64) {
        self.effects.lock().unwrap().insert(key, value);
    }

    pub(crate) fn living(&self) -> usize {
        self.processes.lock().unwrap().len()
    }

    /// Starts a process unless one of this id lives; the steps use ids of their own.
    fn launch(&self, pid: u32) -> u64 {
        *self.processes.lock().unwrap().entry(pid).or_insert(u64::from(pid) * 10)
    }

    pub(crate) fn end(&self, pid: u32) {
        self.processes.lock().unwrap().remove(&pid);
    }
}

fn double(outside: &Outside, context: &StepContext, input: u64) -> Result<u64, StepError> {
    outside.set(context.idempotency_key(), input * 2);
    Ok(input * 2)
}

/// Fails every second time it is called, whoever calls.
fn flaky(outside: &Outside, context: &StepContext, input: u64) -> Result<u64, StepError> {
    let mut calls = outside.flaky_calls.lock().unwrap();
    *calls += 1;
    if *calls % 2 == 1 {
        return Err(StepError::retryable("flaky", format!("call {calls} failed")));
    }
    outside.set(context.idempotency_key(), input + 1);
    Ok(input + 1)
}

fn broken(_: &Outside, _: &StepContext, _: u64) -> Result<u64, StepError> {
    Err(StepError::fatal("broken", "never works"))
}

fn serve(outside: &Outside, context: &StepContext, pid: u32) -> Result<u64, StepError> {
    let ticks = outside.launch(pid);
    if let Err(error) = context.record_process("server", pid, ticks) {
        outside.end(pid);
        return Err(error);
    }
    context.note("served", json!({ "pid": pid }))?;
    Ok(1)
}

fn stop(outside: &Outside, context: &StepContext, pid: u32) -> Result<u64, StepError> {
    outside.end(pid);
    context.process_ended(pid)?;
    Ok(1)
}

pub(crate) fn steps(outside: &Arc<Outside>) -> Result<StepRegistry, WorkflowError> {
    StepTable::new()
        .step("double", THRICE, double)
        .step("flaky", THRICE, flaky)
        .step("broken", THRICE, broken)
        .step("serve", RetryPolicy::ONCE, serve)
        .step("stop", RetryPolicy::ONCE, stop)
        .bind(Arc::clone(outside))
}

pub(crate) fn body(context: &dyn WorkflowContext, input: Value) -> Result<Value, WorkflowError> {
    let start = input["start"].as_u64().unwrap_or(1);
    context.note("phase", json!("doubling"))?;
    let doubled: u64 = context.step("double", &start)?;
    let bumped: u64 = context.step("flaky", &doubled)?;
    context.note("phase", json!("serving"))?;
    context.note("phase", json!("really"))?;
    let _: u64 = context.step("serve", &4711)?;
    context.sleep(Duration::from_secs(60))?;
    let approval = context.wait("approve")?;
    let calls = [1_u64, 2, 3].map(|n| ("double".to_owned(), json!(n + bumped)));
    let joined: Result<Vec<Value>, WorkflowError> =
        context.join(calls.into()).into_iter().collect();
    let lost = context.step::<_, u64>("broken", &0).err().map(|error| error.code().to_owned());
    let _: u64 = context.step("stop", &4711)?;
    Ok(json!({ "bumped": bumped, "approval": approval, "joined": joined?, "lost": lost }))
}

pub(crate) fn expected() -> Value {
    json!({ "bumped": 11, "approval": { "by": "me" }, "joined": [24, 26, 28], "lost": "broken" })
}

/// The workflow above as a harness subject.
pub(crate) struct Everything;

impl Subject for Everything {
    fn workflow(&self) -> Workflow {
        Workflow::new("everything", 1, body)
    }

    fn input(&self) -> Value {
        json!({ "start": 5 })
    }

    fn signals(&self) -> Vec<(String, Value)> {
        vec![("approve".to_owned(), json!({ "by": "me" }))]
    }

    fn world(&self, _trial: &str) -> Result<Box<dyn World>, String> {
        let outside = Arc::new(Outside::default());
        let bound = Arc::clone(&outside);
        let memory = MemoryWorld::new(move || steps(&bound).map_err(|e| e.to_string()));
        Ok(Box::new(EffectWorld { memory: Box::new(memory), outside }))
    }
}

/// Checks the effects besides the journal.
struct EffectWorld {
    memory: Box<dyn World>,
    outside: Arc<Outside>,
}

impl World for EffectWorld {
    fn store(&self) -> Arc<dyn JournalStore> {
        self.memory.store()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.memory.clock()
    }

    fn steps(&self) -> Result<StepRegistry, String> {
        self.memory.steps()
    }

    fn reaper(&self) -> Option<Reaper> {
        let outside = Arc::clone(&self.outside);
        Some(Arc::new(move |process: &LiveProcess| outside.end(process.pid)))
    }

    fn check(&self) -> Result<(), String> {
        let effects = self.outside.effects.lock().unwrap().len();
        // Positions 0 and 1, and the three joined ones: repeated attempts share their key.
        if effects != 5 {
            return Err(format!("{effects} effects outside instead of 5"));
        }
        match self.outside.living() {
            0 => Ok(()),
            living => Err(format!("{living} processes left")),
        }
    }
}
