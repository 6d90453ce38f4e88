//! DetectionAgent: what the repository is.

use std::sync::Arc;

use rr_core::{AgentError, AgentName, Analysis, ConfigFile};
use serde::{Deserialize, Serialize};

use crate::session::RunSession;
use crate::shell::AgentShell;
use crate::step_runner::engine_failed;

/// Analyses the fetched source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DetectionTask {
    /// Date of the commit, `YYYY-MM-DD`, where known.
    pub commit_date: Option<String>,
    /// The user's own configuration.
    pub config: Option<ConfigFile>,
}

/// The agent.
pub type DetectionAgent = AgentShell<DetectionTask, Analysis>;

impl DetectionAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self::new(AgentName::DetectionAgent, move |task: DetectionTask| detect(&session, &task))
    }
}

fn detect(session: &RunSession, task: &DetectionTask) -> Result<Analysis, AgentError> {
    session
        .engine
        .analyzer
        .analyze(&session.source(), task.commit_date.as_deref(), task.config.as_ref())
        .map_err(|e| engine_failed(AgentName::DetectionAgent, "analyze the repository", &e))
}
