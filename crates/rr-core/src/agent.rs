//! Agents: they do the work and generate content (specification: Agent Base Class).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::executor::ExecError;

/// The twelve agents of the specification.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[expect(missing_docs, reason = "the specification's own names")]
pub enum AgentName {
    EnvDetectorAgent,
    DetectionAgent,
    RequirementsAgent,
    DependencyAgent,
    SetupAgent,
    ConfigAgent,
    DatabaseAgent,
    FileAgent,
    ContextIndexerAgent,
    RunnerAgent,
    HealthAgent,
    FixerAgent,
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// One agent. A task and its result are JSON, because both are journaled; `rr-agents` gives every
/// agent a typed face.
pub trait Agent: Send + Sync {
    /// Which agent.
    fn name(&self) -> AgentName;

    /// Carries out one task and returns its result.
    ///
    /// # Errors
    /// Where the task could not be carried out; a negative finding is a result, not an error.
    fn run(&self, task: Value) -> Result<Value, AgentError>;

    /// The agent's state for `agent_state_<Agent>.json`: what it last did and found.
    fn checkpoint(&self) -> Value;
}

/// What can go wrong in an agent.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The task is not one this agent knows, or its input does not fit.
    #[error("{agent}: unusable task: {reason}")]
    Task {
        /// Which agent.
        agent: AgentName,
        /// Why.
        reason: String,
    },
    /// A process could not be run.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// What the user or the repository asks for is refused.
    #[error("{message}")]
    Refused {
        /// What was refused, why, and the way out.
        message: String,
    },
    /// Something outside failed.
    #[error("{agent}: {attempted}: {reason}")]
    Failed {
        /// Which agent.
        agent: AgentName,
        /// What was attempted.
        attempted: String,
        /// Why it failed.
        reason: String,
        /// Whether trying again may help.
        retryable: bool,
    },
}

impl AgentError {
    /// Whether trying the same again may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Failed { retryable: true, .. })
    }
}
