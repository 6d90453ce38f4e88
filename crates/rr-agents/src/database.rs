//! DatabaseAgent: databases and brokers, up and proved before the repository's own code starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use rr_core::{AgentError, AgentName, Phase, RunEvent, ServiceKind, ServiceRequirement, StepId};
use serde::{Deserialize, Serialize};

use crate::log::StepLog;
use crate::session::{LiveService, RunSession};
use crate::shell::AgentShell;
use crate::step_runner::{engine_failed, failed};

/// Brings services up. Those that are up already stay as they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatabaseTask {
    /// The services, in the order in which they start.
    pub services: Vec<ServiceRequirement>,
}

/// The services that are up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Databases {
    /// Each with its address.
    pub up: Vec<ServiceUp>,
    /// Those that could not be brought up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<ServiceMissing>,
}

/// A service that cannot be had here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceMissing {
    /// Which kind.
    pub kind: ServiceKind,
    /// Why.
    pub reason: String,
}

/// A service that is up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceUp {
    /// Which kind.
    pub kind: ServiceKind,
    /// Its version.
    pub version: String,
    /// Port on the run's loopback.
    pub port: u16,
    /// Process id on the host.
    pub pid: u32,
    /// Variables that were set for it.
    pub env: BTreeMap<String, String>,
}

/// The agent.
pub type DatabaseAgent = AgentShell<DatabaseTask, Databases>;

impl DatabaseAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self::new(AgentName::DatabaseAgent, move |task: DatabaseTask| bring_up(&session, &task))
    }
}

fn bring_up(session: &RunSession, task: &DatabaseTask) -> Result<Databases, AgentError> {
    let mut missing = Vec::new();
    for requirement in &task.services {
        let is_up = session
            .services()
            .iter()
            .any(|s| s.kind == requirement.kind && s.process.try_wait().is_none());
        if is_up {
            continue;
        }
        match start(session, requirement) {
            Ok(service) => {
                let mut services = session.services();
                services.retain(|s| s.kind != requirement.kind);
                services.push(service);
            }
            Err(error) if session.cancel.is_cancelled() => return Err(error),
            // One that cannot be had takes none of the others away.
            Err(error) => {
                session.tell(&RunEvent::StepEnded {
                    step: step_of(requirement.kind),
                    ok: false,
                    detail: error.to_string(),
                    seconds: 0.0,
                });
                let kind = requirement.kind;
                missing.push(ServiceMissing { kind, reason: error.to_string() });
            }
        }
    }
    let up = session.services().iter().map(describe).collect();
    Ok(Databases { up, missing })
}

/// The name under which a service's start is shown and logged.
fn step_of(kind: ServiceKind) -> StepId {
    StepId::new(format!("service:{}", kind.as_str()))
}

fn start(
    session: &RunSession,
    requirement: &ServiceRequirement,
) -> Result<LiveService, AgentError> {
    let name = requirement.kind.as_str();
    let step = step_of(requirement.kind);
    let log = session.folder.join(format!("logs/service-{name}.log"));
    let sink = StepLog::create(&log, step.clone(), session.observer.clone())
        .map_err(|e| failed(AgentName::DatabaseAgent, format!("create `{}`", log.display()), &e))?;
    session.tell(&RunEvent::StepStarted {
        step: step.clone(),
        phase: Phase::Configure,
        title: format!("provision {name}"),
        command: String::new(),
        attempt: 1,
    });
    let started = session.clock.unix_millis();
    let executor = session.executor(AgentName::DatabaseAgent)?;
    let provisioned = session
        .engine
        .services
        .provision(requirement, executor.as_ref(), Arc::new(sink), &session.cancel)
        .map_err(|e| engine_failed(AgentName::DatabaseAgent, format!("provision {name}"), &e))?;
    session.tell(&RunEvent::StepEnded {
        step,
        ok: true,
        detail: format!("{name} {} on port {}", provisioned.version, provisioned.port),
        seconds: (session.clock.unix_millis().saturating_sub(started)) as f64 / 1000.0,
    });
    Ok(LiveService {
        kind: provisioned.kind,
        version: provisioned.version,
        port: provisioned.port,
        env: provisioned.env,
        process: provisioned.process,
    })
}

fn describe(service: &LiveService) -> ServiceUp {
    ServiceUp {
        kind: service.kind,
        version: service.version.clone(),
        port: service.port,
        pid: service.process.identity().0,
        env: service.env.clone(),
    }
}
