//! SetupAgent: toolchains and operating-system packages.

use std::sync::Arc;
use std::thread;

use rr_core::{
    AgentError, AgentName, Phase, RunEvent, StepId, SystemLayer, SystemPackage, Toolchain,
    ToolchainRequirement,
};
use serde::{Deserialize, Serialize};

use crate::log::StepLog;
use crate::session::RunSession;
use crate::shell::AgentShell;
use crate::step_runner::{engine_failed, failed};

/// Obtains everything that steps need outside the repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetupTask {
    /// Toolchains.
    pub toolchains: Vec<ToolchainRequirement>,
    /// Operating-system packages, those of the services included.
    pub packages: Vec<SystemPackage>,
}

/// What was obtained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    /// Toolchains, in the plan's order.
    pub toolchains: Vec<Toolchain>,
    /// The layer of operating-system packages, where any were asked for.
    pub layer: Option<SystemLayer>,
    /// What could not be had, and what was taken instead.
    pub notes: Vec<String>,
}

/// The agent.
pub type SetupAgent = AgentShell<SetupTask, Prepared>;

impl SetupAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self::new(AgentName::SetupAgent, move |task: SetupTask| prepare(&session, &task))
    }
}

fn prepare(session: &RunSession, task: &SetupTask) -> Result<Prepared, AgentError> {
    let log = open_log(session)?;
    let environment = session.environment();
    let (toolchains, layer) = thread::scope(|scope| {
        let layer = scope.spawn(|| layer(session, &task.packages, &log));
        let obtained: Vec<_> = task
            .toolchains
            .iter()
            .map(|requirement| {
                let (log, environment) = (log.clone(), &environment);
                scope.spawn(move || {
                    session.engine.toolchains.obtain(requirement, environment, log, &session.cancel)
                })
            })
            .collect();
        let toolchains: Vec<_> = obtained.into_iter().map(thread::ScopedJoinHandle::join).collect();
        (toolchains, layer.join())
    });
    let mut prepared = Prepared::default();
    match joined(layer)? {
        Ok(layer) => prepared.layer = layer,
        Err(error) if error.is_retryable() || session.cancel.is_cancelled() => return Err(error),
        // As for a toolchain: the step that needs a package says so with its own evidence.
        Err(error) => prepared.notes.push(error.to_string()),
    }
    for (requirement, obtained) in task.toolchains.iter().zip(toolchains) {
        match joined(obtained)? {
            Ok(toolchain) => keep(&mut prepared, requirement, toolchain),
            Err(error) if error.kind == rr_core::EngineErrorKind::Cancelled => {
                return Err(engine_failed(AgentName::SetupAgent, "obtain toolchains", &error));
            }
            // The step that needs it will say what is missing, with its own evidence.
            Err(error) => prepared.notes.push(format!("no {}: {error}", requirement.tool)),
        }
    }
    for name in prepared.layer.iter().flat_map(|layer| &layer.missing) {
        prepared.notes.push(format!("no operating-system package `{name}`"));
    }
    Ok(prepared)
}

fn keep(prepared: &mut Prepared, requirement: &ToolchainRequirement, toolchain: Toolchain) {
    if !toolchain.satisfies {
        prepared.notes.push(format!(
            "{} {} instead of the version asked for ({:?})",
            toolchain.tool, toolchain.version, requirement.version
        ));
    }
    prepared.toolchains.push(toolchain);
}

fn layer(
    session: &RunSession,
    packages: &[SystemPackage],
    log: &Arc<StepLog>,
) -> Result<Option<SystemLayer>, AgentError> {
    if packages.is_empty() {
        return Ok(None);
    }
    session
        .engine
        .packages
        .layer(packages, log.clone(), &session.cancel)
        .map(Some)
        .map_err(|e| engine_failed(AgentName::SetupAgent, "install system packages", &e))
}

fn open_log(session: &RunSession) -> Result<Arc<StepLog>, AgentError> {
    let step = StepId::new("toolchains");
    session.tell(&RunEvent::StepStarted {
        step: step.clone(),
        phase: Phase::ManageDependencies,
        title: "obtain toolchains and system packages".to_owned(),
        command: String::new(),
        attempt: 1,
    });
    StepLog::create(&session.folder.join("logs/toolchains.log"), step, session.observer.clone())
        .map(Arc::new)
        .map_err(|e| failed(AgentName::SetupAgent, "create `logs/toolchains.log`", &e))
}

fn joined<T>(result: thread::Result<T>) -> Result<T, AgentError> {
    result.map_err(|_| AgentError::Failed {
        agent: AgentName::SetupAgent,
        attempted: "obtain toolchains".to_owned(),
        reason: "a thread panicked".to_owned(),
        retryable: false,
    })
}
