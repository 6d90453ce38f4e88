//! What a workflow's body sees. Any durable-execution engine can stand behind these traits.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::WorkflowError;

/// The operations of a workflow. Each has a position: the body must ask for the same ones in the
/// same order on every replay.
///
/// Once an operation returns [`WorkflowError::Interrupted`], all later ones do, and the workflow
/// counts as interrupted whatever its body makes of that.
pub trait WorkflowContext {
    /// The workflow's id.
    fn workflow_id(&self) -> &str;

    /// Version of the workflow's code that began this journal. A body that changed asks this to
    /// take the old way on old journals.
    fn version(&self) -> u32;

    /// Runs a step, or gives its recorded result.
    ///
    /// # Errors
    /// [`WorkflowError::StepFailed`] where its last permitted attempt failed; others where the
    /// workflow cannot go on now.
    fn step_value(&self, name: &str, input: Value) -> Result<Value, WorkflowError>;

    /// Runs several steps side by side; results stand in the order of the calls.
    fn join(&self, calls: Vec<(String, Value)>) -> Vec<Result<Value, WorkflowError>>;

    /// Waits; a resumed workflow waits only for the rest.
    ///
    /// # Errors
    /// Where the workflow cannot go on now.
    fn sleep(&self, duration: Duration) -> Result<(), WorkflowError>;

    /// Waits for a signal from outside and takes the earliest one of its name.
    ///
    /// # Errors
    /// Where the workflow cannot go on now.
    fn wait(&self, signal: &str) -> Result<Value, WorkflowError>;

    /// Leaves a note in the journal for people, once, however often the body is replayed.
    ///
    /// # Errors
    /// Where the workflow cannot go on now.
    fn note(&self, kind: &str, payload: Value) -> Result<(), WorkflowError>;
}

/// The typed face of [`WorkflowContext`].
pub trait WorkflowContextExt: WorkflowContext {
    /// Runs a step with a typed input and result.
    ///
    /// # Errors
    /// As [`WorkflowContext::step_value`], and where input or result do not fit their types.
    fn step<I, O>(&self, name: &str, input: &I) -> Result<O, WorkflowError>
    where
        I: Serialize + ?Sized,
        O: DeserializeOwned,
    {
        let input = serde_json::to_value(input).map_err(|error| WorkflowError::Encode {
            step: name.to_owned(),
            reason: error.to_string(),
        })?;
        let result = self.step_value(name, input)?;
        serde_json::from_value(result).map_err(|error| WorkflowError::Decode {
            step: name.to_owned(),
            reason: error.to_string(),
        })
    }
}

impl<C: WorkflowContext + ?Sized> WorkflowContextExt for C {}
