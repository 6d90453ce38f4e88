//! The engine as agents see it: one trait per engine crate, so that agents import none of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::analysis::Analysis;
use crate::diagnosis::{Diagnosis, Remedy};
use crate::ecosystem::FailedStep;
use crate::environment::EnvironmentReport;
use crate::executor::{CancelToken, ExecError, Executor, OutputSink, RunningProcess};
use crate::outcome::Outcome;
use crate::overrides::ConfigFile;
use crate::plan::{RunPlan, Step};
use crate::policy::{Bind, SandboxPolicy};
use crate::proposal::Proposal;
use crate::requirement::{ServiceKind, ServiceRequirement, SystemPackage, ToolchainRequirement};
use crate::source::RepoSource;
use crate::test_run::TestRun;
use crate::view::FileEntry;

/// Analysis, planning, diagnosis and test reports: `rr-ecosystems`.
pub trait Analyzer: Send + Sync {
    /// Analyses the tree below `root`. `commit_date` is `YYYY-MM-DD` where known; `config` is the
    /// user's own configuration, which outranks the repository's `repo-runner.toml`.
    ///
    /// # Errors
    /// Where the tree cannot be listed, or one of the two configurations is refused.
    fn analyze(
        &self,
        root: &Path,
        commit_date: Option<&str>,
        config: Option<&ConfigFile>,
    ) -> Result<Analysis, EngineError>;

    /// Makes the plan for the primary units (or for `package` alone, a unit's path or name).
    ///
    /// # Errors
    /// Where `package` names no unit; the error lists those there are.
    fn plan(
        &self,
        root: &Path,
        analysis: &Analysis,
        environment: &EnvironmentReport,
        package: Option<&str>,
    ) -> Result<RunPlan, EngineError>;

    /// Analyses and plans a listed folder where it stands, reading nothing but listed files.
    ///
    /// # Errors
    /// As of [`Analyzer::analyze`] and [`Analyzer::plan`].
    fn look(&self, look: &Look<'_>) -> Result<Looked, EngineError>;

    /// What is wrong with a failed step, the surest diagnosis first.
    fn diagnose(&self, root: &Path, failed: &FailedStep<'_>) -> Vec<Diagnosis>;

    /// Makes a remedy of what was proposed for a failed step, in the step's own ecosystem's way.
    ///
    /// # Errors
    /// Why that cannot be done, in a lowercase fragment.
    fn carry_out(
        &self,
        root: &Path,
        failed: &FailedStep<'_>,
        proposal: &Proposal,
    ) -> Result<Remedy, String>;

    /// Reads the outcomes of a test step. `files` are the files its report pattern matched, with
    /// their bytes; `output` is the step's whole log (capped).
    fn read_tests(
        &self,
        step: &Step,
        outcome: &Outcome,
        files: &[(String, Vec<u8>)],
        output: &[u8],
    ) -> TestRun;

    /// Files that must lie below `@{tools}` for test steps to record outcomes: `(path, bytes)`.
    fn tool_files(&self) -> Vec<(String, &'static [u8])>;

    /// The files whose bytes decide what installing and building brings (manifests, lockfiles,
    /// version pins), relative to the root, sorted: part of the prepared environment's key.
    fn input_files(&self, root: &Path, plan: &RunPlan) -> Vec<String>;
}

/// Fetches repositories: `rr-provision`.
pub trait SourceFetcher: Send + Sync {
    /// Reads what a user typed. `cwd` is where relative paths start.
    ///
    /// # Errors
    /// [`EngineError`] of kind refused where it is no source, or a hostile one.
    fn parse(
        &self,
        text: &str,
        reference: Option<&str>,
        cwd: &Path,
    ) -> Result<RepoSource, EngineError>;

    /// Brings the source's files into the empty folder `into`.
    ///
    /// # Errors
    /// Where it cannot be fetched, or its content is refused.
    fn fetch(
        &self,
        source: &RepoSource,
        into: &Path,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<FetchedSource, EngineError>;

    /// Lists a working folder without copying it.
    ///
    /// # Errors
    /// Where the folder cannot be listed.
    fn list(&self, folder: &Path, cancel: &CancelToken) -> Result<Listing, EngineError>;
}

/// A working folder as a fetch would bring it, listed instead of copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Files relative to the folder, sorted: tracked ones, and untracked ones that git does not
    /// ignore.
    pub files: Vec<FileEntry>,
    /// Day of the last commit, `YYYY-MM-DD`; without git that of the newest file.
    pub commit_date: Option<String>,
    /// What was left out.
    pub notes: Vec<String>,
    /// Absolute paths of all that this listing rests on: while none of them changes, a new listing
    /// would be the same. Some may be absent.
    #[serde(skip)]
    pub rests_on: Vec<PathBuf>,
}

/// What [`Analyzer::look`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    /// What the folder is.
    pub analysis: Analysis,
    /// What would be run.
    pub plan: RunPlan,
    /// The listed files that were looked into: nothing but them and the listing decided.
    pub read: Vec<String>,
}

/// What [`Analyzer::look`] looks at.
pub struct Look<'a> {
    /// The folder.
    pub root: &'a Path,
    /// What it holds.
    pub listing: &'a Listing,
    /// The user's own configuration.
    pub config: Option<&'a ConfigFile>,
    /// The host.
    pub environment: &'a EnvironmentReport,
    /// The one unit to plan, by path or name.
    pub package: Option<&'a str>,
}

/// What a fetch brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedSource {
    /// Commit hash, or `tree:` and a hash of paths and contents where there is no git.
    pub commit: String,
    /// Date of the commit (or of the newest file in an archive), `YYYY-MM-DD`.
    pub commit_date: Option<String>,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
    /// Remarks: submodules that could not be had, LFS pointers, files left out.
    pub notes: Vec<String>,
}

/// Finds out what the host is and has: `rr-provision`.
pub trait EnvironmentProbe: Send + Sync {
    /// Looks at the host. Never blocks longer than about a second.
    fn probe(&self, data_folder: &Path) -> EnvironmentReport;

    /// What planning needs to know of the host, asked of files alone: no program is run and no
    /// network is used, and what only they could tell is left empty.
    fn glance(&self) -> EnvironmentReport;
}

/// Obtains toolchains and tools: `rr-provision`.
pub trait ToolchainProvider: Send + Sync {
    /// Obtains every requirement, or says which could not be met and what is taken instead.
    ///
    /// # Errors
    /// Where nothing usable for a tool can be had at all.
    fn obtain(
        &self,
        requirement: &ToolchainRequirement,
        environment: &EnvironmentReport,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Toolchain, EngineError>;
}

/// A toolchain that can be put on a PATH.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// Which tool.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// Folders for the PATH, as the guest sees them.
    pub path: Vec<PathBuf>,
    /// Variables it needs.
    pub env: BTreeMap<String, String>,
    /// What must be visible in the sandbox.
    pub binds: Vec<Bind>,
    /// Trees to lay over `/`, where the tool comes as packages of the operating system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<PathBuf>,
    /// Where it comes from: `host /usr/bin/python3`, `npm node@18.20.8`.
    pub provenance: String,
    /// Whether it satisfies the request; `false` is the closest that could be had.
    pub satisfies: bool,
}

/// Obtains operating-system packages without touching the host: `rr-provision`.
pub trait SystemPackageProvider: Send + Sync {
    /// Makes (or finds) a layer that holds these packages and what they need.
    ///
    /// # Errors
    /// Where this host has no way to do so.
    fn layer(
        &self,
        packages: &[SystemPackage],
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<SystemLayer, EngineError>;

    /// Packages that would bring a missing thing, the likeliest first; empty where unknown.
    fn find(&self, need: &SystemNeed) -> Vec<String>;
}

/// Something of the operating system that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
pub enum SystemNeed {
    /// A C or C++ header: `libpq-fe.h`.
    Header(String),
    /// A pkg-config module: `openssl`.
    PkgConfig(String),
    /// A library to link: `pq` (for `-lpq`), or a shared object `libGL.so.1`.
    Library(String),
    /// A program: `ffmpeg`.
    Program(String),
}

/// A layer of operating-system packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemLayer {
    /// The tree to lay over `/`; `None` where the host already has everything.
    pub layer: Option<PathBuf>,
    /// Packages it holds or the host has: name and version.
    pub installed: Vec<(String, String)>,
    /// Packages that could not be had.
    pub missing: Vec<String>,
}

/// Provisions databases and brokers inside a run's sandbox: `rr-provision`.
pub trait ServiceProvider: Send + Sync {
    /// Operating-system packages that bring the server.
    fn packages(&self, kind: ServiceKind) -> Vec<SystemPackage>;

    /// The same with what one requirement asks for besides: its extensions.
    fn packages_for(&self, requirement: &ServiceRequirement) -> Vec<SystemPackage> {
        self.packages(requirement.kind)
    }

    /// Starts one, creates its user and databases, proves a connection.
    ///
    /// # Errors
    /// Where it cannot be started or does not answer.
    fn provision(
        &self,
        requirement: &ServiceRequirement,
        executor: &dyn Executor,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<ProvisionedService, EngineError>;
}

/// A database or broker that is up.
pub struct ProvisionedService {
    /// Which kind.
    pub kind: ServiceKind,
    /// Its version.
    pub version: String,
    /// Port on the run's loopback.
    pub port: u16,
    /// Variables for the steps, bindings filled in.
    pub env: BTreeMap<String, String>,
    /// Its process.
    pub process: Box<dyn RunningProcess>,
}

/// Opens sandboxes: `rr-sandbox`.
pub trait SandboxBackend: Send + Sync {
    /// The backend's name: `bubblewrap`, `host`.
    fn name(&self) -> &'static str;

    /// Opens the sandbox of one run.
    ///
    /// # Errors
    /// Where the policy cannot be set up.
    fn open(&self, policy: SandboxPolicy) -> Result<Arc<dyn Executor>, ExecError>;
}

/// What can go wrong in the engine.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// Which kind; decides the exit code.
    pub kind: EngineErrorKind,
    /// A lowercase fragment with path and value in backticks and what was attempted.
    pub message: String,
    /// The way out, where there is one.
    pub hint: Option<String>,
}

/// Kinds of engine errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineErrorKind {
    /// The input is refused: not a source, hostile content, no such package or reference.
    Refused,
    /// The environment lacks something; trying elsewhere or later may help.
    Environment,
    /// A network or registry failure that a retry may cure.
    Transient,
    /// The run was cancelled.
    Cancelled,
    /// A fault of ours.
    Internal,
}

impl EngineError {
    /// An error of a kind.
    pub fn new(kind: EngineErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// The same error with the way out.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether trying again may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind == EngineErrorKind::Transient
    }
}

impl From<ExecError> for EngineError {
    fn from(error: ExecError) -> Self {
        Self::new(EngineErrorKind::Environment, error.to_string())
    }
}
