//! A store, a clock and engines over them.

use std::sync::Arc;

use rr_core::{Clock, JournalEvent, JournalStore, RetryPolicy};
use rr_workflow::harness::SteppedClock;
use rr_workflow::{
    JournaledEngine, MemoryJournal, StepContext, StepError, StepRegistry, StepTable, Workflow,
};
use serde_json::Value;

pub(crate) struct Bench {
    pub(crate) store: Arc<MemoryJournal>,
    pub(crate) clock: Arc<SteppedClock>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { store: Arc::default(), clock: Arc::default() }
    }

    pub(crate) fn engine(&self, owner: &str, steps: StepRegistry) -> JournaledEngine {
        let store = Arc::clone(&self.store) as Arc<dyn JournalStore>;
        JournaledEngine::new(store, Arc::clone(&self.clock) as Arc<dyn Clock>, owner, steps)
    }

    pub(crate) fn events(&self, id: &str) -> Vec<JournalEvent> {
        let records = self.store.load(id, 0).unwrap();
        records.into_iter().map(|record| record.event).collect()
    }

    pub(crate) fn kinds(&self, id: &str) -> Vec<&'static str> {
        self.events(id).iter().map(JournalEvent::kind).collect()
    }
}

/// A registry with one step.
pub(crate) fn one_step<B>(name: &str, policy: RetryPolicy, body: B) -> StepRegistry
where
    B: Fn(&StepContext, Value) -> Result<Value, StepError> + Send + Sync + 'static,
{
    let table =
        StepTable::new().step_value(name, policy, move |(), context, input| body(context, input));
    table.bind(Arc::new(())).unwrap()
}

pub(crate) fn single(name: &'static str) -> Workflow {
    Workflow::new("single", 1, move |context, input| context.step_value(name, input))
}
