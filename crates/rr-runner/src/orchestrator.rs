//! The OrchestratorAgent: the single point of contact. It drives one run from request to report.

use std::path::PathBuf;
use std::sync::Arc;

use rr_agents::RunSession;
use rr_core::report::RunReport;
use rr_core::{CancelToken, Clock, Observer, RunId};
use rr_store::{Database, RunState};
use rr_workflow::{JournaledEngine, StepRegistry, WorkflowError};
use serde_json::Value;

use crate::admin::AdminAgent;
use crate::error::RunError;
use crate::home::Home;
use crate::keep::keep_up;
use crate::live::{LiveParts, LiveRun};
use crate::models::{Asker, LOCAL_USER};
use crate::report::REPORT_FILE;
use crate::request::RunRequest;
use crate::wiring::Wiring;
use crate::workflow::{self, Finished, TimeLimit};

/// Drives runs.
pub struct OrchestratorAgent {
    home: Home,
    store: Arc<Database>,
    clock: Arc<dyn Clock>,
    wiring: Arc<Wiring>,
    wrap: Option<StepWrapper>,
}

/// Is given a run's report before its services are kept up.
pub type OnReport<'a> = &'a dyn Fn(&RunReport);

/// Wraps a run's steps, for tests that kill or repeat them.
pub type StepWrapper = Arc<dyn Fn(StepRegistry) -> StepRegistry + Send + Sync>;

impl OrchestratorAgent {
    /// An orchestrator over this home.
    pub(crate) fn new(
        home: Home,
        store: Arc<Database>,
        clock: Arc<dyn Clock>,
        wiring: Arc<Wiring>,
    ) -> Self {
        Self { home, store, clock, wiring, wrap: None }
    }

    /// An orchestrator whose steps are wrapped so.
    #[cfg(test)]
    pub(crate) fn with_steps(self, wrap: StepWrapper) -> Self {
        Self { wrap: Some(wrap), ..self }
    }

    /// Drives a run to its end: starts its journal, or takes it up where it was. With
    /// `on_report` its services are then kept up until `cancel`; the report is given to it first.
    ///
    /// # Errors
    /// Where it was refused, interrupted, or failed without a report, or nothing can be kept up.
    pub fn drive(
        &self,
        id: &RunId,
        request: &RunRequest,
        observer: Arc<dyn Observer>,
        cancel: &CancelToken,
        on_report: Option<OnReport<'_>>,
    ) -> Result<RunReport, RunError> {
        let now = self.clock.unix_millis();
        self.store.set_run_state(id, RunState::Running, now)?;
        let live = self.live(id, request, observer, cancel)?;
        let result = self.play(&live, request, cancel);
        let result = self.judge(id, result);
        let kept = match (&result, on_report) {
            (Ok(report), Some(on_report)) => {
                on_report(report);
                keep_up(&live, report)
            }
            _ => Ok(()),
        };
        live.session.close();
        kept.and(result)
    }

    /// The report of a play, or how it is marked without one.
    fn judge(
        &self,
        id: &RunId,
        result: Result<Value, WorkflowError>,
    ) -> Result<RunReport, RunError> {
        let ended = self.clock.unix_millis();
        match result {
            Ok(value) => self.report(id, value),
            // The run is another process's, and goes on as it was.
            Err(error) if error.code() == "lease-held" => {
                Err(RunError::from_workflow(id.as_str(), error))
            }
            Err(error) => {
                let state =
                    if error.is_resumable() { RunState::Interrupted } else { RunState::Failed };
                self.store.set_run_state(id, state, ended)?;
                Err(RunError::from_workflow(id.as_str(), error))
            }
        }
    }

    fn play(
        &self,
        live: &Arc<LiveRun>,
        request: &RunRequest,
        cancel: &CancelToken,
    ) -> Result<Value, WorkflowError> {
        let mut steps = workflow::bound(live.clone())?;
        if let Some(wrap) = &self.wrap {
            steps = wrap(steps);
        }
        let store: Arc<Database> = self.store.clone();
        let engine =
            JournaledEngine::new(store, self.clock.clone(), rr_workflow::owner::current(), steps)
                .with_workflow(workflow::workflow(live.clone()))
                .with_owner_probe(Arc::new(rr_workflow::owner::is_gone))
                .with_reaper(Arc::new(|process: &rr_workflow::LiveProcess| {
                    // Gone already is as good as ended.
                    let _ended = rr_sandbox::reap(process.pid, process.started_ticks);
                }));
        let input = serde_json::to_value(request).map_err(|e| WorkflowError::Encode {
            step: workflow::WORKFLOW.to_owned(),
            reason: e.to_string(),
        })?;
        engine.run(workflow::WORKFLOW, live.id.as_str(), input, cancel)
    }

    pub(crate) fn live(
        &self,
        id: &RunId,
        request: &RunRequest,
        observer: Arc<dyn Observer>,
        cancel: &CancelToken,
    ) -> Result<Arc<LiveRun>, RunError> {
        let folder: PathBuf = self.home.run(id);
        let backend = self.wiring.backend(request.executor, request.trust)?;
        let limit = request.timeout_seconds.map(TimeLimit::starting_now);
        let session = Arc::new(RunSession::new(
            self.wiring.engine(request.trust),
            folder,
            limit.map_or_else(|| cancel.clone(), |limit| limit.token(cancel)),
            observer,
            self.clock.clone(),
        ));
        let settings = if request.models { self.wiring.models()? } else { None };
        let models = settings.as_ref().map(|settings| {
            let asker = Asker {
                user: LOCAL_USER,
                tier: request.tier,
                given: &request.env,
                cost_micros: request.budget.cost_micros,
                seed: id.as_str(),
            };
            self.wiring.open_models(settings, &self.store, &self.clock, asker)
        });
        Ok(Arc::new(LiveRun::new(LiveParts {
            id: id.clone(),
            request: request.clone(),
            limit,
            home: self.home.clone(),
            store: self.store.clone(),
            session,
            backend,
            home_files: self.wiring.home_files(request.trust),
            abilities: self.wiring.abilities(),
            models: models.transpose()?,
            models_decide: settings.is_some_and(|settings| settings.decide),
        })))
    }

    /// Reads the report that the workflow wrote, and hands it to the Admin Agent.
    fn report(&self, id: &RunId, value: Value) -> Result<RunReport, RunError> {
        let finished: Finished =
            serde_json::from_value(value).map_err(|e| RunError::Internal(e.to_string()))?;
        let path = self.home.run(id).join(&finished.report);
        let report = read_report(&path)?;
        AdminAgent::new(self.home.clone(), self.store.clone(), self.clock.clone())
            .take_report(&report)?;
        Ok(report)
    }
}

/// Reads a run's report.
pub(crate) fn read_report(path: &std::path::Path) -> Result<RunReport, RunError> {
    let bytes =
        std::fs::read(path).map_err(|e| RunError::io(format!("read `{}`", path.display()), e))?;
    serde_json::from_slice(&bytes)
        .map_err(|e| RunError::Internal(format!("`{}` is broken: {e}", path.display())))
}

/// The report's place in a run's folder.
pub(crate) fn report_path(home: &Home, id: &RunId) -> PathBuf {
    home.run(id).join(REPORT_FILE)
}
