//! DependencyAgent: installs what the manifests declare and checks that it loads.

use std::sync::Arc;

use rr_core::{AgentError, AgentName};

use crate::session::RunSession;
use crate::shell::AgentShell;
use crate::step_runner::{StepResult, StepTask, run_step};

/// The agent. It runs `Install` and `Check` steps.
pub type DependencyAgent = AgentShell<StepTask, StepResult>;

impl DependencyAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self::new(AgentName::DependencyAgent, move |task: StepTask| -> Result<_, AgentError> {
            run_step(&session, AgentName::DependencyAgent, &task)
        })
    }

    /// The same work in the name of SetupAgent (builds) or DatabaseAgent (migrations).
    #[must_use]
    pub fn in_the_name_of(name: AgentName, session: Arc<RunSession>) -> Self {
        Self::new(name, move |task: StepTask| run_step(&session, name, &task))
    }
}
