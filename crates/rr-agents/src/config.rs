//! ConfigAgent: the environment of the run's steps and the clients' own configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use rr_core::{AgentError, AgentName, RunPlan, Toolchain};
use serde::{Deserialize, Serialize};

use crate::session::RunSession;
use crate::shell::AgentShell;

/// Works out what every step sees.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConfigTask {
    /// The plan.
    pub plan: RunPlan,
    /// The toolchains obtained.
    pub toolchains: Vec<Toolchain>,
    /// What the user set, by `--env` and `--env-file`; it wins over everything.
    pub user_env: BTreeMap<String, String>,
    /// Files for the guest's home: registry configuration without secrets.
    pub home_files: Vec<(String, String)>,
}

/// What every step sees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Configured {
    /// Variables.
    pub env: BTreeMap<String, String>,
    /// Folders before the PATH: the plan's, then the toolchains'.
    pub path: Vec<String>,
}

/// The agent.
pub type ConfigAgent = AgentShell<ConfigTask, Configured>;

impl ConfigAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self::new(AgentName::ConfigAgent, move |task: ConfigTask| configure(&session, &task))
    }
}

fn configure(session: &RunSession, task: &ConfigTask) -> Result<Configured, AgentError> {
    let executor = session.executor(AgentName::ConfigAgent)?;
    for (path, text) in &task.home_files {
        executor.write_file(&executor.layout().home.join(path), text.as_bytes(), false)?;
    }
    let mut env = BTreeMap::new();
    for toolchain in &task.toolchains {
        env.extend(toolchain.env.clone());
    }
    env.extend(task.plan.env.clone());
    env.extend(task.user_env.clone());
    let mut path = task.plan.path.clone();
    for folder in task.toolchains.iter().flat_map(|t| &t.path) {
        let folder = folder.to_string_lossy().into_owned();
        if !path.contains(&folder) {
            path.push(folder);
        }
    }
    Ok(Configured { env, path })
}
