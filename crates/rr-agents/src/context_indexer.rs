//! ContextIndexerAgent: builds the run's context index.

use std::sync::Arc;

use rr_core::{AgentError, AgentName, IndexKind};
use serde::{Deserialize, Serialize};

use crate::session::RunSession;
use crate::shell::AgentShell;
use crate::step_runner::failed;

/// Builds the index.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexTask {
    /// Which kind was chosen.
    pub kind: IndexKind,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexed {
    /// Which kind.
    pub kind: IndexKind,
    /// Files in it.
    pub files: u64,
}

/// The agent.
pub type ContextIndexerAgent = AgentShell<IndexTask, Indexed>;

impl ContextIndexerAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self::new(AgentName::ContextIndexerAgent, move |task: IndexTask| build(&session, &task))
    }
}

fn build(session: &RunSession, task: &IndexTask) -> Result<Indexed, AgentError> {
    let index = (session.engine.index)(&session.folder.join("index"));
    if index.kind() != task.kind {
        return Err(AgentError::Task {
            agent: AgentName::ContextIndexerAgent,
            reason: format!("the `{}` index is not available here", task.kind),
        });
    }
    let files = index
        .build(&session.source())
        .map_err(|e| failed(AgentName::ContextIndexerAgent, "index the repository", &e))?;
    Ok(Indexed { kind: task.kind, files })
}
