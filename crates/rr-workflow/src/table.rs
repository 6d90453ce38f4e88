//! The table of named steps. A step is a function from JSON to JSON; the table gives it types.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rr_core::RetryPolicy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{StepError, WorkflowError};
use crate::step_context::StepContext;

/// A step bound to its state: one attempt.
pub type StepBody = dyn Fn(&StepContext, Value) -> Result<Value, StepError> + Send + Sync;
type TableBody<S> = dyn Fn(&S, &StepContext, Value) -> Result<Value, StepError> + Send + Sync;

/// Steps over a state `S` (the services they work with), before the state is there.
pub struct StepTable<S> {
    entries: Vec<(String, RetryPolicy, Box<TableBody<S>>)>,
}

/// Steps bound to their state, as an engine runs them.
#[derive(Clone, Default)]
pub struct StepRegistry {
    steps: BTreeMap<String, BoundStep>,
}

#[derive(Clone)]
struct BoundStep {
    policy: RetryPolicy,
    body: Arc<StepBody>,
}

impl<S: Send + Sync + 'static> StepTable<S> {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds a step whose input and result are serde types.
    ///
    /// A step that was cut off runs again, so it must bear that: its effects are either
    /// repeatable or guarded by [`StepContext::idempotency_key`]. A step that notices the
    /// cancellation returns an error; a result returned after it is not recorded.
    #[must_use]
    pub fn step<I, O, B>(self, name: impl Into<String>, policy: RetryPolicy, body: B) -> Self
    where
        I: DeserializeOwned,
        O: Serialize,
        B: Fn(&S, &StepContext, I) -> Result<O, StepError> + Send + Sync + 'static,
    {
        self.step_value(name, policy, move |state, context, input| {
            let input = serde_json::from_value(input).map_err(|error| {
                StepError::fatal("step-input", format!("unusable input: {error}"))
            })?;
            let result = body(state, context, input)?;
            serde_json::to_value(result).map_err(|error| {
                StepError::fatal("step-result", format!("unusable result: {error}"))
            })
        })
    }

    /// Adds a step from JSON to JSON.
    #[must_use]
    pub fn step_value<B>(mut self, name: impl Into<String>, policy: RetryPolicy, body: B) -> Self
    where
        B: Fn(&S, &StepContext, Value) -> Result<Value, StepError> + Send + Sync + 'static,
    {
        self.entries.push((name.into(), policy, Box::new(body)));
        self
    }

    /// Gives the steps the state they work with.
    ///
    /// # Errors
    /// [`WorkflowError::DuplicateStep`] where a name stands twice.
    pub fn bind(self, state: Arc<S>) -> Result<StepRegistry, WorkflowError> {
        let mut steps = BTreeMap::new();
        for (name, policy, body) in self.entries {
            let state = Arc::clone(&state);
            let body: Arc<StepBody> = Arc::new(move |context, input| body(&state, context, input));
            if steps.insert(name.clone(), BoundStep { policy, body }).is_some() {
                return Err(WorkflowError::DuplicateStep(name));
            }
        }
        Ok(StepRegistry { steps })
    }
}

impl<S: Send + Sync + 'static> Default for StepTable<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl StepRegistry {
    /// Joins two registries over different states.
    ///
    /// # Errors
    /// [`WorkflowError::DuplicateStep`] where both have a step of one name.
    pub fn and(mut self, other: Self) -> Result<Self, WorkflowError> {
        for (name, step) in other.steps {
            if self.steps.insert(name.clone(), step).is_some() {
                return Err(WorkflowError::DuplicateStep(name));
            }
        }
        Ok(self)
    }

    /// Names of the steps, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.keys().map(String::as_str)
    }

    /// How often a step is tried. `None` where there is no such step.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<RetryPolicy> {
        self.steps.get(name).map(|step| step.policy)
    }

    /// Runs one attempt at a step.
    ///
    /// # Errors
    /// The step's own, and `unknown-step` where there is no such step.
    pub fn run(&self, name: &str, context: &StepContext, input: Value) -> Result<Value, StepError> {
        let step = self
            .steps
            .get(name)
            .ok_or_else(|| StepError::fatal("unknown-step", format!("no step `{name}`")))?;
        (step.body)(context, input)
    }

    /// The same steps, each wrapped: `around` gets the context, the input, and the step to call
    /// as often as it likes. For tests that watch, repeat or fail steps.
    #[must_use]
    pub fn wrapped<W>(self, around: W) -> Self
    where
        W: Fn(&StepContext, Value, &StepBody) -> Result<Value, StepError> + Send + Sync + 'static,
    {
        let around = Arc::new(around);
        let wrap = |step: BoundStep| {
            let around = Arc::clone(&around);
            let inner = step.body;
            let body: Arc<StepBody> =
                Arc::new(move |context, input| around(context, input, inner.as_ref()));
            BoundStep { policy: step.policy, body }
        };
        Self { steps: self.steps.into_iter().map(|(name, step)| (name, wrap(step))).collect() }
    }
}

impl<S> fmt::Debug for StepTable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|(name, policy, _)| (name, policy))).finish()
    }
}

impl fmt::Debug for StepRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
