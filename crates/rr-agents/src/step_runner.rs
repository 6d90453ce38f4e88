//! Runs one step of a plan in the run's sandbox, with its log.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rr_core::{
    AgentError, AgentName, Executor, NetworkNeed, Outcome, ProcessSpec, RunEvent, Step, StepKind,
};
use serde::{Deserialize, Serialize};

use crate::log::StepLog;
use crate::session::RunSession;

/// One attempt at one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTask {
    /// The step.
    pub step: Step,
    /// Attempt, from 1.
    pub attempt: u32,
    /// The plan's variables, toolchains' included; the step's own come on top.
    pub env: BTreeMap<String, String>,
    /// Folders before the PATH.
    pub path: Vec<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    /// How the process ended.
    pub outcome: Outcome,
    /// Log file, relative to the run's folder.
    pub log: String,
}

/// Runs a step to its end.
pub(crate) fn run_step(
    session: &RunSession,
    agent: AgentName,
    task: &StepTask,
) -> Result<StepResult, AgentError> {
    let executor = session.executor(agent)?;
    let log = log_name(&task.step, task.attempt);
    let sink = open_log(session, agent, &log, &task.step)?;
    announce(session, task);
    let spec = process_spec(session, executor.as_ref(), task);
    let outcome = executor.run(&spec, sink.clone(), &session.cancel)?;
    finish_log(agent, &log, &sink)?;
    session.tell(&RunEvent::StepEnded {
        step: task.step.id.clone(),
        ok: outcome.exit.success(),
        detail: outcome.exit.to_string(),
        seconds: outcome.seconds,
    });
    Ok(StepResult { outcome, log })
}

/// The process of a step: the plan's variables, then those of its services, then its own.
pub(crate) fn process_spec(
    session: &RunSession,
    executor: &dyn Executor,
    task: &StepTask,
) -> ProcessSpec {
    let step = &task.step;
    let mut env = task.env.clone();
    if step.kind != StepKind::Install {
        env.extend(session.service_env());
    }
    env.extend(step.env.clone());
    let mut cwd = executor.layout().workspace.clone();
    if !step.cwd.is_empty() {
        cwd.push(&step.cwd);
    }
    ProcessSpec {
        argv: step.command.to_argv(),
        cwd: cwd.to_string_lossy().into_owned(),
        env,
        path: task.path.clone(),
        stdin: Vec::new(),
        timeout: Duration::from_secs(u64::from(step.timeout_seconds)),
        network: network(session, step),
        tty: false,
        as_root: step.as_root,
    }
}

/// Where the run has databases, every step after the install runs on the run's own loopback, the
/// only place from which they can be reached; what it needs was downloaded by the install.
fn network(session: &RunSession, step: &Step) -> NetworkNeed {
    let wants_services = step.kind > StepKind::Check;
    if wants_services && !session.services().is_empty() {
        NetworkNeed::Loopback
    } else {
        step.network
    }
}

/// Tells that a step begins.
pub(crate) fn announce(session: &RunSession, task: &StepTask) {
    session.tell(&RunEvent::StepStarted {
        step: task.step.id.clone(),
        phase: task.step.kind.phase(),
        title: task.step.title.clone(),
        command: task.step.command.to_string(),
        attempt: task.attempt,
    });
}

/// The log's name below the run's folder: `logs/python-install-2.log`.
pub(crate) fn log_name(step: &Step, attempt: u32) -> String {
    let safe: String = step
        .id
        .as_str()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' })
        .collect();
    format!("logs/{safe}-{attempt}.log")
}

/// Opens a step's log.
pub(crate) fn open_log(
    session: &RunSession,
    agent: AgentName,
    log: &str,
    step: &Step,
) -> Result<Arc<StepLog>, AgentError> {
    StepLog::create(&session.folder.join(log), step.id.clone(), session.observer.clone())
        .map(Arc::new)
        .map_err(|e| failed(agent, format!("create `{log}`"), &e))
}

/// Turns an error while writing a log into the step's error: a log with holes proves nothing.
pub(crate) fn finish_log(
    agent: AgentName,
    log: &str,
    sink: &Arc<StepLog>,
) -> Result<(), AgentError> {
    sink.take_error().map_or(Ok(()), |e| Err(failed(agent, format!("write `{log}`"), &e)))
}

/// An agent's error from anything that prints.
pub(crate) fn failed(
    agent: AgentName,
    attempted: impl Into<String>,
    error: &dyn std::fmt::Display,
) -> AgentError {
    AgentError::Failed {
        agent,
        attempted: attempted.into(),
        reason: error.to_string(),
        retryable: false,
    }
}

/// An agent's error from the engine's.
pub(crate) fn engine_failed(
    agent: AgentName,
    attempted: impl Into<String>,
    error: &rr_core::EngineError,
) -> AgentError {
    let hint = error.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    if error.kind == rr_core::EngineErrorKind::Refused {
        return AgentError::Refused { message: format!("{}{hint}", error.message) };
    }
    AgentError::Failed {
        agent,
        attempted: attempted.into(),
        reason: format!("{error}{hint}"),
        retryable: error.is_retryable(),
    }
}

/// Reads a log of the run, at most `cap` bytes: its start and its end where it is longer.
pub(crate) fn read_log(folder: &Path, log: &str, cap: usize) -> std::io::Result<Vec<u8>> {
    let path: PathBuf = folder.join(log);
    let mut bytes = std::fs::read(path)?;
    if bytes.len() > cap {
        let tail = bytes.split_off(bytes.len() - cap / 2);
        bytes.truncate(cap / 2);
        bytes.extend_from_slice(b"\n[...]\n");
        bytes.extend(tail);
    }
    Ok(bytes)
}
