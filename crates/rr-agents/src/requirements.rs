//! RequirementsAgent: what the repository needs and what will be run.

use std::sync::Arc;

use rr_core::{AgentError, AgentName, Analysis, RunPlan};
use serde::{Deserialize, Serialize};

use crate::session::RunSession;
use crate::shell::AgentShell;
use crate::step_runner::engine_failed;

/// Makes the plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequirementsTask {
    /// The analysis.
    pub analysis: Analysis,
    /// Only this unit, by path or name.
    pub package: Option<String>,
}

/// The agent.
pub type RequirementsAgent = AgentShell<RequirementsTask, RunPlan>;

impl RequirementsAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self::new(AgentName::RequirementsAgent, move |task: RequirementsTask| plan(&session, &task))
    }
}

fn plan(session: &RunSession, task: &RequirementsTask) -> Result<RunPlan, AgentError> {
    session
        .engine
        .analyzer
        .plan(&session.source(), &task.analysis, &session.environment(), task.package.as_deref())
        .map_err(|e| engine_failed(AgentName::RequirementsAgent, "make a plan", &e))
}
