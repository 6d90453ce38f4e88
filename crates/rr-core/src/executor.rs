//! Running processes, behind traits. `rr-sandbox` implements them; nobody else starts processes.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::enforcement::Enforcement;
use crate::outcome::{Exit, Outcome};
use crate::plan::NetworkNeed;
use crate::policy::Bind;

/// One process to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessSpec {
    /// Program and arguments; `@{…}` tokens are replaced by guest paths.
    pub argv: Vec<String>,
    /// Working folder: a guest path, tokens allowed.
    pub cwd: String,
    /// Variables on top of the policy's environment; tokens allowed.
    pub env: BTreeMap<String, String>,
    /// Folders before the PATH of the policy's environment; tokens allowed.
    pub path: Vec<String>,
    /// What standard input gives; empty means `/dev/null`.
    #[serde(default)]
    pub stdin: Vec<u8>,
    /// Time limit, after which the whole process tree is killed.
    pub timeout: Duration,
    /// Network.
    pub network: NetworkNeed,
    /// Whether to give it a pseudo-terminal.
    #[serde(default)]
    pub tty: bool,
    /// Whether to run as (namespaced or real) root inside the sandbox.
    #[serde(default)]
    pub as_root: bool,
}

/// Where things are inside the sandbox (or on the host, for the host executor).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestLayout {
    /// The repository: `@{workspace}`.
    pub workspace: PathBuf,
    /// A private home: `@{home}`.
    pub home: PathBuf,
    /// Environments such as virtual environments: `@{env}`.
    pub env: PathBuf,
    /// Where test reports go, emptied before each test step: `@{reports}`.
    pub reports: PathBuf,
    /// Our own tools, read-only: `@{tools}`.
    pub tools: PathBuf,
    /// Package caches: `@{caches}`.
    pub caches: PathBuf,
}

/// Takes output as it comes, in chunks that need not end at line ends.
pub trait OutputSink: Send + Sync {
    /// One chunk of standard output or error.
    fn write(&self, chunk: &[u8]);
}

/// A sink that keeps nothing.
#[derive(Debug, Default)]
pub struct NoOutput;

impl OutputSink for NoOutput {
    fn write(&self, _chunk: &[u8]) {}
}

/// Tells a whole run to stop. Cheap to clone; all clones are one token.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    asked: Arc<AtomicBool>,
    limit: Option<Instant>,
}

impl CancelToken {
    /// Asks everything that holds a clone to stop.
    pub fn cancel(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// The same token for work that must also end at `limit`. Reaching the limit asks nobody
    /// else to stop.
    #[must_use]
    pub fn until(&self, limit: Instant) -> Self {
        Self { asked: Arc::clone(&self.asked), limit: Some(limit) }
    }

    /// Whether somebody asked to stop, or the limit is reached.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.is_asked() || self.limit.is_some_and(|limit| Instant::now() >= limit)
    }

    /// Whether somebody asked to stop.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Runs processes of one run in one place, under one policy.
pub trait Executor: Send + Sync {
    /// What is enforced here.
    fn enforcement(&self) -> Enforcement;

    /// Where things are inside.
    fn layout(&self) -> &GuestLayout;

    /// Runs a process to its end, its whole tree gone when this returns.
    ///
    /// # Errors
    /// Where the process could not be started or watched. A failing process is no error.
    fn run(
        &self,
        spec: &ProcessSpec,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Outcome, ExecError>;

    /// Starts a process that goes on after this returns. It dies with the executor.
    ///
    /// # Errors
    /// Where it could not be started.
    fn spawn(
        &self,
        spec: &ProcessSpec,
        sink: Arc<dyn OutputSink>,
    ) -> Result<Box<dyn RunningProcess>, ExecError>;

    /// Connects to a port of the run's own loopback, from outside.
    ///
    /// # Errors
    /// As `connect(2)`; `ConnectionRefused` where nobody listens.
    fn connect(&self, port: u16, timeout: Duration) -> std::io::Result<TcpStream>;

    /// Reads a file the guest may have written, no links followed, at most `cap` bytes.
    ///
    /// # Errors
    /// Where the path is outside the writable tree, a link, absent, or over the cap.
    fn read_file(&self, guest: &Path, cap: u64) -> Result<Vec<u8>, ExecError>;

    /// Paths of regular files below a guest folder that match a glob relative to it, sorted.
    ///
    /// # Errors
    /// Where the folder is outside the writable tree.
    fn glob(&self, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, ExecError>;

    /// Writes a file into the writable tree, parents made, no links followed.
    ///
    /// # Errors
    /// Where the path is outside the writable tree or cannot be written.
    fn write_file(&self, guest: &Path, bytes: &[u8], executable: bool) -> Result<(), ExecError>;

    /// Lays a tree of operating-system packages over `/` for processes started from now on.
    ///
    /// # Errors
    /// Where this backend cannot.
    fn add_root_layer(&self, layer: &Path) -> Result<(), ExecError>;

    /// Marks the present state of the writable tree; returns its number.
    ///
    /// # Errors
    /// Where this backend cannot.
    fn snapshot(&self) -> Result<u64, ExecError>;

    /// Puts the writable tree back to a snapshot.
    ///
    /// # Errors
    /// Where this backend cannot, or there is no such snapshot.
    fn rollback(&self, snapshot: u64) -> Result<(), ExecError>;

    /// Moves what was changed since the clean source (and the policy's snapshots) to the folder
    /// `to`, which must not exist: it can serve as a snapshot of other runs' policies, and must not
    /// be changed any more, because this run goes on above it. Snapshots taken before are gone.
    ///
    /// # Errors
    /// Where this backend cannot, or while processes of the run are alive.
    fn export_prepared(&self, to: &Path) -> Result<(), ExecError> {
        Err(ExecError::Unsupported {
            backend: self.enforcement().backend,
            what: format!("export the prepared environment to `{}`", to.display()),
        })
    }

    /// Shows one more host folder or file to processes started from now on.
    ///
    /// # Errors
    /// Where this backend cannot, or there is no such folder or file.
    fn add_bind(&self, bind: Bind) -> Result<(), ExecError> {
        Err(ExecError::Unsupported {
            backend: self.enforcement().backend,
            what: format!("show `{}` inside", bind.host.display()),
        })
    }

    /// Empties the reports folder.
    ///
    /// # Errors
    /// Where it cannot be emptied.
    fn clear_reports(&self) -> Result<(), ExecError>;

    /// Ends every process of the run and gives back what the backend holds.
    fn close(&self);
}

/// A process that goes on.
pub trait RunningProcess: Send + Sync {
    /// Process id on the host of the tree's root, and its start time in clock ticks since boot.
    fn identity(&self) -> (u32, u64);

    /// Sockets that the process's own tree listens on.
    fn listening(&self) -> Vec<ListeningSocket>;

    /// How it ended, where it has. A tree counts as running while any of its processes lives.
    fn try_wait(&self) -> Option<Exit>;

    /// How its first process ended, where it has; others of its tree may live on.
    fn main_exit(&self) -> Option<Exit>;

    /// What it uses now.
    fn usage(&self) -> Usage;

    /// Output so far: the last 64 KiB.
    fn tail(&self) -> String;

    /// Ends the whole tree: SIGTERM, grace, SIGKILL.
    fn stop(&self) -> Exit;
}

/// A listening socket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ListeningSocket {
    /// Address: `127.0.0.1`, `0.0.0.0`, `::`.
    pub address: String,
    /// Port.
    pub port: u16,
    /// Process id on the host.
    pub pid: u32,
}

/// Resources in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Resident bytes of all processes.
    pub memory: u64,
    /// Processor seconds so far.
    pub cpu_seconds: f64,
    /// Processes.
    pub processes: u32,
}

/// What can go wrong when running processes.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The program could not be started.
    #[error("cannot start `{program}`: {reason}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        reason: String,
    },
    /// The sandbox could not be set up as the policy asks.
    #[error("cannot set up the sandbox: {0}")]
    Setup(String),
    /// A path may not be touched or is not what it should be.
    #[error("refused path `{path}`: {reason}")]
    Path {
        /// The path.
        path: String,
        /// Why.
        reason: String,
    },
    /// This backend cannot do that.
    #[error("{backend} cannot {what}")]
    Unsupported {
        /// The backend.
        backend: String,
        /// What was asked.
        what: String,
    },
    /// Input or output failed.
    #[error("{attempted}: {source}")]
    Io {
        /// What was attempted.
        attempted: String,
        /// The cause.
        source: std::io::Error,
    },
}

impl ExecError {
    /// Wraps an input/output error with what was attempted.
    pub fn io(attempted: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { attempted: attempted.into(), source }
    }
}

impl GuestLayout {
    /// Replaces `@{workspace}`, `@{home}`, `@{env}`, `@{reports}`, `@{tools}`, `@{caches}`.
    #[must_use]
    pub fn expand(&self, text: &str) -> String {
        if !text.contains("@{") {
            return text.to_owned();
        }
        let pairs = [
            ("@{workspace}", &self.workspace),
            ("@{home}", &self.home),
            ("@{env}", &self.env),
            ("@{reports}", &self.reports),
            ("@{tools}", &self.tools),
            ("@{caches}", &self.caches),
        ];
        pairs
            .iter()
            .fold(text.to_owned(), |out, (token, path)| out.replace(token, &path.to_string_lossy()))
    }
}
