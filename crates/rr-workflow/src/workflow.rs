//! A workflow: a name, a version and a body.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::context::WorkflowContext;
use crate::error::WorkflowError;

type Body = dyn Fn(&dyn WorkflowContext, Value) -> Result<Value, WorkflowError> + Send + Sync;

/// A workflow's code under its name.
#[derive(Clone)]
pub struct Workflow {
    name: String,
    version: u32,
    oldest: u32,
    body: Arc<Body>,
}

impl Workflow {
    /// A workflow at a version. Raise the version when its body takes other steps than before.
    pub fn new<B>(name: impl Into<String>, version: u32, body: B) -> Self
    where
        B: Fn(&dyn WorkflowContext, Value) -> Result<Value, WorkflowError> + Send + Sync + 'static,
    {
        Self { name: name.into(), version, oldest: version, body: Arc::new(body) }
    }

    /// Says that the body also replays journals begun by older versions, from `oldest` on.
    #[must_use]
    pub fn replays_from(mut self, oldest: u32) -> Self {
        self.oldest = oldest;
        self
    }

    /// The workflow's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of this code.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Runs the body once over a context.
    ///
    /// # Errors
    /// Whatever the body returns.
    pub fn play(
        &self,
        context: &dyn WorkflowContext,
        input: Value,
    ) -> Result<Value, WorkflowError> {
        (self.body)(context, input)
    }

    /// Refuses a journal that this code cannot replay.
    pub(crate) fn check_version(&self, recorded: u32) -> Result<(), WorkflowError> {
        if (self.oldest..=self.version).contains(&recorded) {
            return Ok(());
        }
        Err(WorkflowError::Version {
            workflow: self.name.clone(),
            recorded,
            oldest: self.oldest,
            current: self.version,
        })
    }
}

impl fmt::Debug for Workflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflow")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("oldest", &self.oldest)
            .finish_non_exhaustive()
    }
}
