//! A run while a process drives it: its session, agents, managers, and what steps need in place.
//!
//! Nothing here is journaled. After a crash a new [`LiveRun`] is made and brought to the same
//! state lazily, by what the replayed workflow asks of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rr_agents::{
    ConfigAgent, ConfigTask, Configured, ConsultantAgent, ContextIndexerAgent, DatabaseAgent,
    DatabaseTask, Databases, DependencyAgent, DetectionAgent, EnvDetectorAgent, FileAgent,
    FixerAgent, HealthAgent, Prepared, RequirementsAgent, RunSession, RunnerAgent, SetupAgent,
};
use rr_core::{
    Agent, AgentError, AgentName, Bind, Clock, Decision, DecisionModel, Enforcement,
    EnforcementItem, EnforcementLevel, Executor, Limits, Manager, Phase, PhaseOutcome, RunEvent,
    RunId, RunPlan, SandboxBackend, SandboxPolicy, ServiceRequirement,
};
use rr_managers::{ModelManager, OrchestratorManager, PortManager, ServiceManager};
use rr_models::{DecisionChain, LanguageDecision, ModelPool, OutcomeModel};
use rr_store::Database;

use crate::error::RunError;
use crate::home::Home;
use crate::request::RunRequest;
use crate::workflow::TimeLimit;

/// Share of the host's memory that a run may use, in percent.
const MEMORY_PERCENT: u64 = 85;

/// The agents of one run.
pub(crate) struct Agents {
    pub env_detector: EnvDetectorAgent,
    pub detection: DetectionAgent,
    pub requirements: RequirementsAgent,
    pub dependency: DependencyAgent,
    pub setup: SetupAgent,
    pub builds: DependencyAgent,
    pub migrations: DependencyAgent,
    pub config: ConfigAgent,
    pub database: DatabaseAgent,
    pub files: FileAgent,
    pub indexer: ContextIndexerAgent,
    pub runner: RunnerAgent,
    pub health: HealthAgent,
    pub fixer: FixerAgent,
    /// The fixer with a language model, where one is configured.
    pub consultant: Option<ConsultantAgent>,
}

/// The managers of one run.
pub(crate) struct Managers {
    pub orchestrator: OrchestratorManager,
    pub port: PortManager,
    pub model: ModelManager,
    pub service: ServiceManager,
}

/// What the next step needs in place.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Setting {
    /// Toolchains and layer.
    pub prepared: Prepared,
    /// A prepared environment to start from.
    pub snapshot: Option<PathBuf>,
    /// The plan as it stands; its variables count.
    pub plan: RunPlan,
    /// Services that could be provisioned.
    pub services: Vec<ServiceRequirement>,
}

/// A run that this process drives.
pub(crate) struct LiveRun {
    pub id: RunId,
    pub request: RunRequest,
    /// The run's time limit, where it has one.
    pub limit: Option<TimeLimit>,
    pub home: Home,
    pub store: Arc<Database>,
    pub session: Arc<RunSession>,
    pub agents: Agents,
    pub managers: Managers,
    /// What sandboxes can do on this host.
    pub abilities: Vec<String>,
    backend: Arc<dyn SandboxBackend>,
    home_files: Vec<(String, String)>,
    setting: Mutex<Setting>,
    open: Mutex<Option<Open>>,
    phase: Mutex<Option<Phase>>,
}

/// The sandbox that is open, and for which toolchains and layer it was opened.
struct Open {
    prepared: Prepared,
    configured: Configured,
    plan_env: BTreeMap<String, String>,
    plan_path: Vec<String>,
}

/// What a [`LiveRun`] is made of.
pub(crate) struct LiveParts {
    pub id: RunId,
    pub request: RunRequest,
    pub limit: Option<TimeLimit>,
    pub home: Home,
    pub store: Arc<Database>,
    pub session: Arc<RunSession>,
    pub backend: Arc<dyn SandboxBackend>,
    pub home_files: Vec<(String, String)>,
    pub abilities: Vec<String>,
    /// The language models that the run may ask.
    pub models: Option<Arc<ModelPool>>,
    /// Whether they also choose where several remedies compete.
    pub models_decide: bool,
}

impl LiveRun {
    pub(crate) fn new(parts: LiveParts) -> Self {
        let session = &parts.session;
        let model = model_manager(&parts);
        let steps = |name| DependencyAgent::in_the_name_of(name, session.clone());
        let agents = Agents {
            env_detector: EnvDetectorAgent::of(session.clone()),
            detection: DetectionAgent::of(session.clone()),
            requirements: RequirementsAgent::of(session.clone()),
            dependency: DependencyAgent::of(session.clone()),
            setup: SetupAgent::of(session.clone()),
            builds: steps(AgentName::SetupAgent),
            migrations: steps(AgentName::DatabaseAgent),
            config: ConfigAgent::of(session.clone()),
            database: DatabaseAgent::of(session.clone()),
            files: FileAgent::of(session.clone()),
            indexer: ContextIndexerAgent::of(session.clone()),
            runner: RunnerAgent::of(session.clone()),
            health: HealthAgent::of(session.clone()),
            fixer: FixerAgent::of(session.clone()),
            consultant: model
                .generative()
                .map(|model| ConsultantAgent::asking(session.clone(), model)),
        };
        let managers = Managers {
            orchestrator: OrchestratorManager::new(model.chain()),
            port: PortManager::new(model.chain()),
            service: ServiceManager::new(model.chain()),
            model,
        };
        Self {
            id: parts.id,
            request: parts.request,
            limit: parts.limit,
            home: parts.home,
            store: parts.store,
            session: parts.session,
            agents,
            managers,
            backend: parts.backend,
            home_files: parts.home_files,
            abilities: parts.abilities,
            setting: Mutex::default(),
            open: Mutex::default(),
            phase: Mutex::default(),
        }
    }

    /// Says what the next steps need. Takes effect when a step needs it.
    pub(crate) fn set(&self, setting: Setting) {
        *lock(&self.setting) = setting;
    }

    pub(crate) fn setting(&self) -> Setting {
        lock(&self.setting).clone()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.session.clock.as_ref()
    }

    /// The sandbox and what every step sees in it, opened or opened anew where toolchains or
    /// layer changed.
    pub(crate) fn ready(&self) -> Result<Configured, AgentError> {
        let setting = self.setting();
        let mut open = lock(&self.open);
        let opened = open.as_ref().is_some_and(|o| o.prepared == setting.prepared);
        if !opened {
            if let Some(old) = self.session.open_executor() {
                self.session.stop_services();
                old.close();
            }
            let executor = self.backend.open(self.policy(&setting))?;
            self.session.set_executor(executor);
            *open = None;
        }
        let current = open
            .as_ref()
            .filter(|o| o.plan_env == setting.plan.env && o.plan_path == setting.plan.path);
        if let Some(open) = current {
            return Ok(open.configured.clone());
        }
        let configured = self.agents.config.perform(ConfigTask {
            plan: setting.plan.clone(),
            toolchains: setting.prepared.toolchains.clone(),
            user_env: self.request.env.clone(),
            home_files: self.home_files.clone(),
        })?;
        *open = Some(Open {
            prepared: setting.prepared,
            configured: configured.clone(),
            plan_env: setting.plan.env,
            plan_path: setting.plan.path,
        });
        Ok(configured)
    }

    /// The run's databases, up.
    pub(crate) fn databases(&self) -> Result<Databases, AgentError> {
        let services = self.setting().services;
        if services.is_empty() {
            return Ok(Databases::default());
        }
        self.agents.database.perform(DatabaseTask { services })
    }

    /// The run's sandbox, opened.
    pub(crate) fn executor(&self) -> Result<Arc<dyn Executor>, AgentError> {
        self.ready()?;
        self.session.executor(AgentName::RunnerAgent)
    }

    /// Tells what was decided and why.
    pub(crate) fn decided(&self, decision: &Decision) {
        self.session.tell(&RunEvent::Decided { decision: decision.clone() });
    }

    /// Tells what a phase found, in one line.
    pub(crate) fn found(&self, phase: Phase, text: String) {
        self.session.tell(&RunEvent::Found { phase, text });
    }

    /// Tells that a phase is being worked in. Phases may be entered again: repair goes back.
    pub(crate) fn enter(&self, phase: Phase) {
        let mut current = lock(&self.phase);
        if *current == Some(phase) {
            return;
        }
        if let Some(before) = current.replace(phase) {
            self.tell_end(before, PhaseOutcome::Succeeded, String::new());
        }
        self.session.tell(&RunEvent::PhaseStarted { phase });
    }

    /// Tells that the phase being worked in ended like this.
    pub(crate) fn leave(&self, outcome: PhaseOutcome, detail: String) {
        if let Some(phase) = lock(&self.phase).take() {
            self.tell_end(phase, outcome, detail);
        }
    }

    fn tell_end(&self, phase: Phase, outcome: PhaseOutcome, detail: String) {
        self.session.tell(&RunEvent::PhaseEnded { phase, outcome, detail });
    }

    /// The isolation reached; a run that never opened its sandbox ran nothing.
    pub(crate) fn enforcement(&self) -> Enforcement {
        self.session.open_executor().map_or_else(
            || Enforcement {
                backend: self.backend.name().to_owned(),
                level: EnforcementLevel::Sandboxed,
                items: vec![EnforcementItem {
                    name: "processes".to_owned(),
                    enforced: true,
                    detail: "none of the repository's code was run".to_owned(),
                }],
            },
            |executor| executor.enforcement(),
        )
    }

    /// The port manager's decisions so far.
    pub(crate) fn port_decisions(&self) -> Vec<Decision> {
        self.managers.port.decisions()
    }

    /// Every agent of the run.
    pub(crate) fn all_agents(&self) -> Vec<&dyn Agent> {
        let a = &self.agents;
        vec![
            &a.env_detector,
            &a.detection,
            &a.requirements,
            &a.dependency,
            &a.setup,
            &a.config,
            &a.database,
            &a.files,
            &a.indexer,
            &a.runner,
            &a.health,
            &a.fixer,
        ]
    }

    /// Every manager of the run.
    pub(crate) fn all_managers(&self) -> Vec<&dyn Manager> {
        let m = &self.managers;
        vec![&m.orchestrator, &m.port, &m.model, &m.service]
    }

    /// A policy for a folder of its own, with the same toolchains: for the replay of a recipe.
    pub(crate) fn policy_in(&self, run_folder: PathBuf) -> SandboxPolicy {
        let mut setting = self.setting();
        setting.snapshot = None;
        SandboxPolicy { run_folder, ..self.policy(&setting) }
    }

    /// Opens a further sandbox under this policy.
    pub(crate) fn open_sandbox(
        &self,
        policy: SandboxPolicy,
    ) -> Result<Arc<dyn Executor>, RunError> {
        Ok(self.backend.open(policy)?)
    }

    fn policy(&self, setting: &Setting) -> SandboxPolicy {
        let environment = self.session.environment();
        let mut binds: Vec<Bind> =
            setting.prepared.toolchains.iter().flat_map(|t| t.binds.clone()).collect();
        binds.push(Bind {
            host: self.home.tools(),
            guest: PathBuf::from("/tools"),
            writable: false,
        });
        binds.push(Bind {
            host: self.home.caches(),
            guest: PathBuf::from("/caches"),
            writable: true,
        });
        let layer = setting.prepared.layer.as_ref().and_then(|layer| layer.layer.clone());
        let mut root_layers: Vec<PathBuf> = layer.into_iter().collect();
        for layer in setting.prepared.toolchains.iter().flat_map(|t| &t.layers) {
            // Several tools may come from one layer, which cannot be laid twice.
            if !root_layers.contains(layer) {
                root_layers.push(layer.clone());
            }
        }
        SandboxPolicy {
            run_folder: self.session.folder.clone(),
            root_layers,
            snapshots: setting.snapshot.iter().cloned().collect(),
            binds,
            env: environment.passed_variables.clone(),
            limits: Limits {
                memory: Some(environment.memory / 100 * MEMORY_PERCENT).filter(|m| *m > 0),
                ..Limits::default()
            },
            stop_grace: Duration::from_secs(3),
        }
    }
}

/// The manager of models: recorded outcomes, before them a language model that was asked to decide.
fn model_manager(parts: &LiveParts) -> ModelManager {
    let mut chain: Vec<Arc<dyn DecisionModel>> = vec![Arc::new(OutcomeModel)];
    if let Some(pool) = parts.models.as_ref().filter(|_| parts.models_decide) {
        let cancel = parts.session.cancel.clone();
        chain.insert(0, Arc::new(LanguageDecision::new(pool.clone(), cancel)));
    }
    let manager = ModelManager::new(DecisionChain::new(chain));
    match &parts.models {
        Some(pool) => manager.with_models(pool.clone()),
        None => manager,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
