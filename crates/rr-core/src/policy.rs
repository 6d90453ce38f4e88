//! What a sandbox may see and use. Data, the same for every backend.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A host folder or file made visible in the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bind {
    /// Absolute path on the host.
    pub host: PathBuf,
    /// Absolute path in the sandbox.
    pub guest: PathBuf,
    /// Whether the sandbox may write to it.
    pub writable: bool,
}

/// Limits of one process tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Bytes of memory, all processes together.
    pub memory: Option<u64>,
    /// Processors, in hundredths: 150 is one and a half.
    pub cpu_percent: Option<u32>,
    /// Processes and threads.
    pub processes: Option<u32>,
    /// Open files per process.
    pub open_files: Option<u64>,
    /// Bytes of output kept in the step's log; more is counted and dropped.
    pub output: u64,
    /// Largest file a process may write, in bytes.
    pub file_size: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: None,
            cpu_percent: None,
            processes: Some(8192),
            open_files: Some(65_536),
            output: 64 << 20,
            file_size: Some(32 << 30),
        }
    }
}

/// What a run's sandbox may see and use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SandboxPolicy {
    /// The run's folder on the host. The backend keeps the writable tree below it: `base/`
    /// (`repo/` is the clean source), `upper/`, `reports/`, `logs/`.
    pub run_folder: PathBuf,
    /// Layers of operating-system packages, each a tree laid over `/`, the newest first.
    pub root_layers: Vec<PathBuf>,
    /// Prepared environments laid under the writable tree, the newest first.
    pub snapshots: Vec<PathBuf>,
    /// Further binds: tools read-only, caches writable.
    pub binds: Vec<Bind>,
    /// The whole environment of every process, before the plan's own variables.
    pub env: BTreeMap<String, String>,
    /// Limits.
    pub limits: Limits,
    /// Grace between SIGTERM and SIGKILL when something is stopped.
    pub stop_grace: Duration,
}
