//! EnvDetectorAgent: what the host is and has.

use std::path::PathBuf;
use std::sync::Arc;

use rr_core::{AgentError, AgentName, EnvironmentKind, EnvironmentReport};
use serde::{Deserialize, Serialize};

use crate::session::RunSession;
use crate::shell::AgentShell;

/// Looks at the host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnvDetectorTask {
    /// The data folder, whose free disk counts.
    pub data_folder: PathBuf,
}

/// The agent.
pub type EnvDetectorAgent = AgentShell<EnvDetectorTask, EnvironmentReport>;

impl EnvDetectorAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self::new(AgentName::EnvDetectorAgent, move |task: EnvDetectorTask| detect(&session, &task))
    }
}

fn detect(session: &RunSession, task: &EnvDetectorTask) -> Result<EnvironmentReport, AgentError> {
    let mut report = session.engine.environment.probe(&task.data_folder);
    if report.kinds.is_empty() {
        report.kinds.push(EnvironmentKind::Host);
    }
    session.set_environment(report.clone());
    Ok(report)
}
