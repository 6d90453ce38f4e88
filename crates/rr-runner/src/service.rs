//! The run service: what interfaces call. Thin over the OrchestratorAgent and the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rr_core::report::RunReport;
use rr_core::{
    CancelToken, Clock, FixRecord, JournalStore, Look, Observer, RepoSource, RunId, SearchHit, Tier,
};
use rr_models::ModelPool;
use rr_recipe::{LOCK_FILE, RecipeLock};
use rr_store::{Database, RunCursor, RunRow, RunState};
use serde_json::Value;

use crate::admin::AdminAgent;
use crate::error::RunError;
use crate::fixes;
use crate::home::Home;
use crate::models::{self, Asker, LOCAL_USER, ModelListing, ModelTrial};
use crate::orchestrator::{OnReport, OrchestratorAgent, read_report, report_path};
use crate::recipe;
use crate::request::RunRequest;
use crate::wiring::Wiring;

/// Runs, as interfaces see them.
pub struct RunService {
    home: Home,
    store: Arc<Database>,
    clock: Arc<dyn Clock>,
    wiring: Arc<Wiring>,
    orchestrator: OrchestratorAgent,
}

/// One run in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// The database's row.
    pub row: RunRow,
}

impl RunService {
    /// A service over this home, with the process environment as it was at the start.
    ///
    /// # Errors
    /// Where the database or the engine cannot be opened.
    pub fn open(
        home: Home,
        variables: std::collections::BTreeMap<String, String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RunError> {
        let store = Arc::new(Database::open(&home.database())?);
        let wiring = Arc::new(Wiring::new(&home, variables, clock.as_ref())?);
        let orchestrator =
            OrchestratorAgent::new(home.clone(), store.clone(), clock.clone(), wiring.clone());
        Ok(Self { home, store, clock, wiring, orchestrator })
    }

    /// This service with each run's steps wrapped so.
    #[cfg(test)]
    pub(crate) fn with_steps(self, wrap: crate::orchestrator::StepWrapper) -> Self {
        Self { orchestrator: self.orchestrator.with_steps(wrap), ..self }
    }

    /// The product's folders.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The lock of a working folder of which nothing is run. `None` where the source is no plain
    /// working folder; then a run up to rung `analyzed` leaves one.
    ///
    /// # Errors
    /// Where the folder cannot be listed, or its configuration or the named package is refused.
    pub fn look_lock(
        &self,
        request: &RunRequest,
        cancel: &CancelToken,
    ) -> Result<Option<RecipeLock>, RunError> {
        let RepoSource::Folder { path, reference: None } = &request.source else {
            return Ok(None);
        };
        let engine = self.wiring.engine(request.trust);
        let listing = engine.fetcher.list(path, cancel)?;
        let environment = engine.environment.probe(self.home.root());
        let look = Look {
            root: path,
            listing: &listing,
            config: request.config.as_ref(),
            environment: &environment,
            package: request.package.as_deref(),
        };
        let looked = engine.analyzer.look(&look)?;
        Ok(Some(recipe::of_look(&request.source, &look, &looked)))
    }

    /// Creates a run and drives it to its end.
    ///
    /// # Errors
    /// Where it was refused, interrupted, or failed without a report.
    pub fn start(
        &self,
        request: &RunRequest,
        observer: Arc<dyn Observer>,
        cancel: &CancelToken,
    ) -> Result<RunReport, RunError> {
        let id = self.create(request)?;
        observer.on_event(&rr_core::RunEvent::RunStarted {
            run_id: id.to_string(),
            source: request.source.to_string(),
        });
        self.orchestrator.drive(&id, request, observer, cancel, None)
    }

    /// As [`Self::start`], but when the run ended and `on_report` saw its report, the services that
    /// answered are started once more and stay up until `cancel`.
    ///
    /// # Errors
    /// As [`Self::start`]; [`RunError::Refused`] where no service answered.
    pub fn start_and_keep(
        &self,
        request: &RunRequest,
        observer: Arc<dyn Observer>,
        cancel: &CancelToken,
        on_report: OnReport<'_>,
    ) -> Result<RunReport, RunError> {
        let id = self.create(request)?;
        observer.on_event(&rr_core::RunEvent::RunStarted {
            run_id: id.to_string(),
            source: request.source.to_string(),
        });
        self.orchestrator.drive(&id, request, observer, cancel, Some(on_report))
    }

    /// Takes up a run where it was.
    ///
    /// # Errors
    /// As [`Self::start`]; [`RunError::Unknown`] where there is no such run.
    pub fn resume(
        &self,
        id: &RunId,
        observer: Arc<dyn Observer>,
        cancel: &CancelToken,
    ) -> Result<RunReport, RunError> {
        let request = self.request(id)?;
        observer.on_event(&rr_core::RunEvent::RunStarted {
            run_id: id.to_string(),
            source: request.source.to_string(),
        });
        self.orchestrator.drive(id, &request, observer, cancel, None)
    }

    /// The runs, newest first. Runs whose driver is gone are shown as interrupted.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn list(&self, limit: u32) -> Result<Vec<RunSummary>, RunError> {
        self.admin().supervise()?;
        let page = self.store.runs(None::<&RunCursor>, limit)?;
        Ok(page.runs.into_iter().map(|row| RunSummary { row }).collect())
    }

    /// A run's row.
    ///
    /// # Errors
    /// [`RunError::Unknown`] where there is no such run.
    pub fn row(&self, id: &RunId) -> Result<RunRow, RunError> {
        self.store.run(id)?.ok_or_else(|| RunError::Unknown(id.to_string()))
    }

    /// The run that a user names: an id, a unique beginning of one, or `latest`.
    ///
    /// # Errors
    /// [`RunError::Unknown`] where none or several fit.
    pub fn find(&self, text: &str) -> Result<RunId, RunError> {
        let runs = self.list(1000)?;
        if matches!(text, "latest" | "last") {
            return runs
                .first()
                .map(|run| run.row.id.clone())
                .ok_or_else(|| RunError::Unknown(text.to_owned()));
        }
        let mut fits = runs.iter().filter(|run| run.row.id.as_str().starts_with(text));
        match (fits.next(), fits.next()) {
            (Some(run), None) => Ok(run.row.id.clone()),
            (Some(run), Some(_)) if run.row.id.as_str() == text => Ok(run.row.id.clone()),
            _ => Err(RunError::Unknown(text.to_owned())),
        }
    }

    /// The report of a run that ended.
    ///
    /// # Errors
    /// Where the run has none.
    pub fn report(&self, id: &RunId) -> Result<RunReport, RunError> {
        let row = self.row(id)?;
        if row.state != RunState::Finished {
            return Err(RunError::Refused {
                message: format!("run `{id}` has no report: it is {}", row.state.as_str()),
                hint: Some(format!("`repo-runner resume {id}` takes it up where it was")),
            });
        }
        read_report(&report_path(&self.home, id))
    }

    /// The lock of a run that ended.
    ///
    /// # Errors
    /// Where the run has none.
    pub fn lock(&self, id: &RunId) -> Result<RecipeLock, RunError> {
        let path = self.home.run(id).join(LOCK_FILE);
        if !path.is_file() {
            let message = format!("run `{id}` has no lock (`{}`)", path.display());
            let hint = format!("`repo-runner resume {id}` takes it to its end");
            return Err(RunError::Refused { message, hint: Some(hint) });
        }
        self.read_lock(&path)
    }

    /// Reads a lock's file.
    ///
    /// # Errors
    /// Where it cannot be read or is no lock.
    pub fn read_lock(&self, path: &Path) -> Result<RecipeLock, RunError> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| RunError::io(format!("read `{}`", path.display()), e))?;
        Ok(RecipeLock::from_toml(&text)?)
    }

    /// Asks the process that drives a run to stop it. The run stays resumable.
    ///
    /// # Errors
    /// Where nobody drives it, or the database fails.
    pub fn stop(&self, id: &RunId) -> Result<(), RunError> {
        self.admin().supervise()?;
        let row = self.row(id)?;
        if row.state != RunState::Running {
            return Err(RunError::Refused {
                message: format!("run `{id}` is not running: it is {}", row.state.as_str()),
                hint: None,
            });
        }
        let now = self.clock.unix_millis();
        self.store
            .signal(id.as_str(), now, rr_workflow::STOP_SIGNAL, &Value::Null)
            .map_err(|e| RunError::Internal(e.to_string()))
    }

    /// Removes a run: its row, its journal, its folder.
    ///
    /// # Errors
    /// Where it is being driven, or something cannot be removed.
    pub fn remove(&self, id: &RunId) -> Result<(), RunError> {
        self.admin().supervise()?;
        if self.row(id)?.state == RunState::Running {
            return Err(RunError::Busy(id.to_string()));
        }
        let folder = self.home.run(id);
        if folder.exists() {
            rr_sandbox::remove_tree(&folder)?;
        }
        self.store
            .delete_journal(id.as_str(), self.clock.unix_millis())
            .map_err(|e| RunError::Internal(e.to_string()))?;
        Ok(self.store.delete_run(id)?)
    }

    /// Removes all prepared environments; gives how many.
    ///
    /// # Errors
    /// Where something cannot be removed.
    pub fn remove_environments(&self) -> Result<usize, RunError> {
        let rows = self.store.environments()?;
        for row in &rows {
            if row.path.is_dir() {
                rr_sandbox::remove_tree(&row.path)?;
            }
            self.store.delete_environment(&row.key)?;
        }
        Ok(rows.len())
    }

    /// The fix memory: what remedies did, for which errors.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn fixes(&self) -> Result<Vec<FixRecord>, RunError> {
        fixes::all(&self.store)
    }

    /// The fix memory as a file to hand on: this home's own and imported records, and with
    /// `by_class` only what does not point at any repository.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn export_fixes(&self, by_class: bool) -> Result<Vec<FixRecord>, RunError> {
        let records = self.store.fixes()?;
        Ok(if by_class { fixes::by_class(&records) } else { records })
    }

    /// Adds the records of an exported file; gives how many are new.
    ///
    /// # Errors
    /// [`RunError::Refused`] where the text is no such file.
    pub fn import_fixes(&self, text: &str) -> Result<usize, RunError> {
        fixes::import(&self.store, text, self.clock.unix_millis())
    }

    /// Forgets a signature or class, the seed's word on it included, or with `None` everything
    /// that runs and imports brought; gives how many records went.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn forget_fixes(&self, signature: Option<&str>) -> Result<usize, RunError> {
        Ok(match signature {
            Some(signature) => self.store.forget_fixes(signature)?,
            None => self.store.forget_all_fixes()?,
        })
    }

    /// Whether language models are configured.
    ///
    /// # Errors
    /// [`RunError::Refused`] where the configuration cannot be read.
    pub fn has_models(&self) -> Result<bool, RunError> {
        Ok(self.wiring.models()?.is_some())
    }

    /// The file that configures them.
    #[must_use]
    pub fn models_file(&self) -> PathBuf {
        self.home.root().join(rr_models::settings::CONFIG_FILE)
    }

    /// The configured language models, in the order in which they are asked.
    ///
    /// # Errors
    /// As of [`Self::has_models`].
    pub fn models(&self) -> Result<Vec<ModelListing>, RunError> {
        Ok(self.pool()?.map_or_else(Vec::new, |pool| models::list(&pool)))
    }

    /// Asks each configured model, or the named one, a small question.
    ///
    /// # Errors
    /// As of [`Self::has_models`]; [`RunError::Refused`] where there is no such model.
    pub fn test_models(
        &self,
        only: Option<&str>,
        cancel: &CancelToken,
    ) -> Result<Vec<ModelTrial>, RunError> {
        self.pool()?.map_or(Ok(Vec::new()), |pool| models::test(&pool, only, cancel))
    }

    fn pool(&self) -> Result<Option<Arc<ModelPool>>, RunError> {
        let Some(settings) = self.wiring.models()? else { return Ok(None) };
        let given = std::collections::BTreeMap::new();
        let asker = Asker {
            user: LOCAL_USER,
            tier: Tier::Developer,
            given: &given,
            cost_micros: None,
            seed: "test",
        };
        self.wiring.open_models(&settings, &self.store, &self.clock, asker).map(Some)
    }

    /// Searches a run's files.
    ///
    /// # Errors
    /// Where the run has no index.
    pub fn search(
        &self,
        id: &RunId,
        query: &str,
        limit: usize,
    ) -> Result<Vec<SearchHit>, RunError> {
        let folder = self.home.run(id).join("index");
        if !folder.is_dir() {
            return Err(RunError::Refused {
                message: format!("run `{id}` has no search index"),
                hint: Some("a run indexes its files in phase 7: let it get that far".to_owned()),
            });
        }
        Ok((self.wiring.engine(false).index)(&folder).search(query, limit)?)
    }

    /// A run's folder, with `logs/`, `report.json`, `junit.xml`, `repo-runner.lock` and `recipe.sh`.
    #[must_use]
    pub fn folder(&self, id: &RunId) -> PathBuf {
        self.home.run(id)
    }

    /// What the host lacks, see `doctor`.
    #[must_use]
    pub fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// The agent above the orchestrators.
    #[must_use]
    pub fn admin(&self) -> AdminAgent {
        AdminAgent::new(self.home.clone(), self.store.clone(), self.clock.clone())
    }

    fn create(&self, request: &RunRequest) -> Result<RunId, RunError> {
        let now = self.clock.unix_millis();
        let id = RunId::from_parts(now, random());
        let folder = self.home.run(&id);
        std::fs::create_dir_all(&folder)
            .map_err(|e| RunError::io(format!("create `{}`", folder.display()), e))?;
        self.store.insert_run(&RunRow {
            id: id.clone(),
            source: request.source.to_string(),
            commit: String::new(),
            created_at: now,
            updated_at: now,
            state: RunState::Queued,
            asked: request.until,
            rung: None,
            green: false,
            summary: String::new(),
            folder: folder.clone(),
            owner: "local".to_owned(),
        })?;
        crate::report::write_json(&folder.join("request.json"), request)?;
        Ok(id)
    }

    fn request(&self, id: &RunId) -> Result<RunRequest, RunError> {
        self.row(id)?;
        let path = self.home.run(id).join("request.json");
        let bytes = std::fs::read(&path)
            .map_err(|e| RunError::io(format!("read `{}`", path.display()), e))?;
        serde_json::from_slice(&bytes)
            .map_err(|e| RunError::Internal(format!("`{}` is broken: {e}", path.display())))
    }
}

/// 32 random bits; the hasher's keys are the standard library's own source of randomness.
fn random() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() as u32
}
