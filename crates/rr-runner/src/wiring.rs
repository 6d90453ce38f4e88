//! Which crate stands behind which trait. The one place that names them all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rr_agents::Engine;
use rr_core::executor::NoOutput;
use rr_core::{
    Analyzer, CancelToken, Clock, ContextIndex, EnvironmentProbe, Executor, OutputSink, RepoSource,
    SandboxBackend,
};
use rr_ecosystems::analysis::RepoAnalyzer;
use rr_index::SimpleIndex;
use rr_models::{ModelPool, ModelSettings};
use rr_provision::environment::registry_files;
use rr_provision::{
    Doctor, DoctorItem, Fetcher, HostProbe, HostTools, ProvisionSettings, Services, SystemPackages,
    Toolchains,
};
use rr_store::Database;

use crate::error::RunError;
use crate::home::Home;
use crate::models::{self, Asker};
use crate::request::ExecutorChoice;

/// The engine's crates, wired.
pub struct Wiring {
    home: Home,
    variables: BTreeMap<String, String>,
    now: u64,
    host: Arc<dyn Executor>,
    analyzer: Arc<RepoAnalyzer>,
}

impl Wiring {
    /// Wires the engine for this home and process environment.
    ///
    /// # Errors
    /// Where the host's tools cannot be used.
    pub(crate) fn new(
        home: &Home,
        variables: BTreeMap<String, String>,
        clock: &dyn Clock,
    ) -> Result<Self, RunError> {
        let wiring = Self::for_looking(home, variables, clock)?;
        wiring.write_tool_files()?;
        Ok(wiring)
    }

    /// The same for what runs nothing of a repository: without the recorders of test outcomes.
    ///
    /// # Errors
    /// Where the host's tools cannot be used.
    pub(crate) fn for_looking(
        home: &Home,
        variables: BTreeMap<String, String>,
        clock: &dyn Clock,
    ) -> Result<Self, RunError> {
        let host = rr_sandbox::host_tools(home.root(), variables.clone())?;
        let analyzer = Arc::new(RepoAnalyzer);
        Ok(Self { home: home.clone(), variables, now: clock.unix_millis(), host, analyzer })
    }

    /// Reads what a user named as a repository.
    ///
    /// # Errors
    /// Where it is none, or a hostile one.
    pub fn parse_source(
        &self,
        text: &str,
        reference: Option<&str>,
        cwd: &Path,
    ) -> Result<RepoSource, RunError> {
        Ok(self.engine(false).fetcher.parse(text, reference, cwd)?)
    }

    /// The engine for a repository that is, or is not, trusted.
    pub(crate) fn engine(&self, trusted: bool) -> Engine {
        let tools = self.host_tools(trusted);
        Engine {
            analyzer: self.analyzer.clone(),
            fetcher: Arc::new(Fetcher::new(tools.clone())),
            environment: Arc::new(HostProbe::new(tools.clone())),
            toolchains: Arc::new(Toolchains::new(tools.clone())),
            packages: Arc::new(SystemPackages::new(tools.clone())),
            services: Arc::new(Services::new(tools)),
            index: Arc::new(|folder| -> Arc<dyn ContextIndex> {
                Arc::new(SimpleIndex::new(folder))
            }),
        }
    }

    /// Reads the configured language models; `None` where none is.
    pub(crate) fn models(&self) -> Result<Option<ModelSettings>, RunError> {
        models::settings(&self.home)
    }

    /// Opens the configured language models.
    pub(crate) fn open_models(
        &self,
        settings: &ModelSettings,
        store: &Arc<Database>,
        clock: &Arc<dyn Clock>,
        asker: Asker<'_>,
    ) -> Result<Arc<ModelPool>, RunError> {
        let opening = models::Opening {
            home: &self.home,
            variables: &self.variables,
            host: &self.host,
            store,
            clock,
            asker,
        };
        models::open(settings, &opening)
    }

    /// The backend for a choice.
    pub(crate) fn backend(
        &self,
        choice: ExecutorChoice,
        trusted: bool,
    ) -> Result<Arc<dyn SandboxBackend>, RunError> {
        match choice {
            ExecutorChoice::Host if trusted => Ok(Arc::new(rr_sandbox::Host)),
            ExecutorChoice::Host => Err(RunError::Refused {
                message: "the `host` executor runs the repository without isolation".to_owned(),
                hint: Some("add `--trust` if you trust this repository".to_owned()),
            }),
            ExecutorChoice::Auto | ExecutorChoice::Bubblewrap => self.bubblewrap(),
        }
    }

    fn bubblewrap(&self) -> Result<Arc<dyn SandboxBackend>, RunError> {
        let tools = self.host_tools(false);
        let program = match tools.which("bwrap") {
            Some(program) => program,
            None => self.obtain_bubblewrap(tools)?,
        };
        Ok(Arc::new(rr_sandbox::Bubblewrap::new(program)))
    }

    fn obtain_bubblewrap(&self, tools: HostTools) -> Result<PathBuf, RunError> {
        let environment = HostProbe::new(tools.clone()).probe(self.home.root());
        let cancel = CancelToken::default();
        let toolchain = Toolchains::new(tools)
            .ensure_tool("bubblewrap", &environment, Arc::new(NoOutput), &cancel)
            .map_err(|error| RunError::Environment {
                message: format!("bubblewrap is missing and cannot be obtained: {error}"),
                hint: Some("`apt-get install bubblewrap`, see `repo-runner doctor`".to_owned()),
            })?;
        let folders = toolchain.path.iter().map(|folder| folder.join("bwrap"));
        folders.into_iter().find(|program| program.is_file()).ok_or_else(|| {
            RunError::Internal("bubblewrap was obtained without its program".to_owned())
        })
    }

    /// Registry configuration for the guest's home, without secrets unless trusted.
    pub(crate) fn home_files(&self, trusted: bool) -> Vec<(String, String)> {
        registry_files(self.host_tools(trusted).settings())
            .into_iter()
            .map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned()))
            .collect()
    }

    /// What sandboxes can do on this host.
    pub(crate) fn abilities(&self) -> Vec<String> {
        let program = self.host_tools(false).which("bwrap");
        rr_sandbox::abilities(program.as_deref(), self.home.root())
    }

    /// What this host has and lacks.
    #[must_use]
    pub fn doctor(&self) -> Vec<DoctorItem> {
        let tools = self.host_tools(false);
        let environment = HostProbe::new(tools.clone()).probe(self.home.root());
        let toolchains = Arc::new(Toolchains::new(tools.clone()));
        Doctor::new(tools, toolchains).examine(&environment)
    }

    /// Installs what is missing, each told to `sink`, then looks again. What cannot be installed
    /// does not keep the rest from being so: its reason and way out are told.
    #[must_use]
    pub fn doctor_fix(&self, sink: Arc<dyn OutputSink>) -> Vec<DoctorItem> {
        let tools = self.host_tools(false);
        let environment = HostProbe::new(tools.clone()).probe(self.home.root());
        let doctor = Doctor::new(tools.clone(), Arc::new(Toolchains::new(tools)));
        for item in doctor.examine(&environment).iter().filter(|item| item.found.is_none()) {
            sink.write(format!("installing {}\n", item.tool).as_bytes());
            let fixed = doctor.fix(item, &environment, sink.clone(), &CancelToken::default());
            if let Err(error) = fixed {
                let hint = error.hint.map(|hint| format!(": {hint}")).unwrap_or_default();
                sink.write(format!("{}{hint}\n", error.message).as_bytes());
            }
        }
        self.doctor()
    }

    fn host_tools(&self, trusted: bool) -> HostTools {
        let home = self.home.root().to_owned();
        let mut settings = ProvisionSettings::new(home, self.variables.clone(), self.now);
        settings.trusted = trusted;
        HostTools::new(self.host.clone(), Arc::new(settings))
    }

    /// The analyzer's recorders lie below the tools folder, where every sandbox sees them.
    fn write_tool_files(&self) -> Result<(), RunError> {
        for (path, bytes) in self.analyzer.tool_files() {
            let path: PathBuf = self.home.tools().join(path);
            let attempted = || format!("write `{}`", path.display());
            if std::fs::read(&path).is_ok_and(|there| there == bytes) {
                continue;
            }
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(|e| RunError::io(attempted(), e))?;
            }
            let partial = path.with_extension(format!("{}.partial", std::process::id()));
            std::fs::write(&partial, bytes)
                .and_then(|()| make_executable(&partial))
                .and_then(|()| std::fs::rename(&partial, &path))
                .map_err(|e| RunError::io(attempted(), e))?;
        }
        Ok(())
    }
}

fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}
