//! A run's live things, shared by its agents.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rr_core::{
    AgentError, AgentName, CancelToken, Clock, EnvironmentReport, Executor, Observer, RunEvent,
    RunningProcess, ServiceKind,
};

use crate::engine::Engine;

/// A run's live things: everything that is not in the journal because it dies with the process.
pub struct RunSession {
    /// The engine.
    pub engine: Engine,
    /// The run's folder on the host: `base/repo`, `logs/`, `tests/`, `index/`.
    pub folder: PathBuf,
    /// Tells the run to stop.
    pub cancel: CancelToken,
    /// Who watches.
    pub observer: Arc<dyn Observer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    executor: Mutex<Option<Arc<dyn Executor>>>,
    environment: Mutex<Option<EnvironmentReport>>,
    services: Mutex<Vec<LiveService>>,
}

/// A database or broker that is up.
pub struct LiveService {
    /// Which kind.
    pub kind: ServiceKind,
    /// Its version.
    pub version: String,
    /// Port on the run's loopback.
    pub port: u16,
    /// Variables for the steps that run on the run's own loopback.
    pub env: BTreeMap<String, String>,
    /// Its process.
    pub process: Box<dyn RunningProcess>,
}

impl RunSession {
    /// A session without a sandbox yet.
    pub fn new(
        engine: Engine,
        folder: PathBuf,
        cancel: CancelToken,
        observer: Arc<dyn Observer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            engine,
            folder,
            cancel,
            observer,
            clock,
            executor: Mutex::default(),
            environment: Mutex::default(),
            services: Mutex::default(),
        }
    }

    /// The clean source.
    #[must_use]
    pub fn source(&self) -> PathBuf {
        self.folder.join("base").join("repo")
    }

    /// Tells whoever watches.
    pub fn tell(&self, event: &RunEvent) {
        self.observer.on_event(event);
    }

    /// Puts the run's sandbox in place, closing an earlier one.
    pub fn set_executor(&self, executor: Arc<dyn Executor>) {
        if let Some(old) = lock(&self.executor).replace(executor) {
            old.close();
        }
    }

    /// The run's sandbox.
    ///
    /// # Errors
    /// Where none was opened.
    pub fn executor(&self, agent: AgentName) -> Result<Arc<dyn Executor>, AgentError> {
        lock(&self.executor).clone().ok_or_else(|| AgentError::Task {
            agent,
            reason: "the run's sandbox is not open".to_owned(),
        })
    }

    /// The run's sandbox, if one is open.
    #[must_use]
    pub fn open_executor(&self) -> Option<Arc<dyn Executor>> {
        lock(&self.executor).clone()
    }

    /// Keeps what was found out about the host.
    pub fn set_environment(&self, report: EnvironmentReport) {
        *lock(&self.environment) = Some(report);
    }

    /// What was found out about the host; an empty report before that.
    #[must_use]
    pub fn environment(&self) -> EnvironmentReport {
        lock(&self.environment).clone().unwrap_or_default()
    }

    /// The services that are up.
    pub fn services(&self) -> MutexGuard<'_, Vec<LiveService>> {
        lock(&self.services)
    }

    /// Ends the services, which hold the writable tree while they are up. The next step that
    /// needs them starts them again on the data that they left.
    pub fn stop_services(&self) {
        for service in self.services().drain(..) {
            service.process.stop();
        }
    }

    /// Variables by which steps find the services that are up.
    #[must_use]
    pub fn service_env(&self) -> BTreeMap<String, String> {
        self.services().iter().flat_map(|service| service.env.clone()).collect()
    }

    /// Ports that the run's databases and brokers have.
    #[must_use]
    pub fn service_ports(&self) -> Vec<u16> {
        self.services().iter().map(|service| service.port).collect()
    }

    /// Ends everything the run started and gives the sandbox back.
    pub fn close(&self) {
        self.stop_services();
        if let Some(executor) = lock(&self.executor).take() {
            executor.close();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
