//! Managers: they decide and coordinate (specification: Manager Base Class).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::agent::AgentName;
use crate::decision::{Decision, DecisionQuestion};

/// The managers of the specification.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[expect(missing_docs, reason = "the specification's own names")]
pub enum ManagerName {
    OrchestratorManager,
    PortManager,
    ModelManager,
    ServiceManager,
}

impl fmt::Display for ManagerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// One manager.
pub trait Manager: Send + Sync {
    /// Which manager.
    fn name(&self) -> ManagerName;

    /// The agents it coordinates.
    fn agents(&self) -> &[AgentName];

    /// Takes a decision and records it.
    fn decide(&self, question: &DecisionQuestion) -> Decision;

    /// The manager's state for `manager_state_<Manager>.json`.
    fn checkpoint(&self) -> Value;
}
