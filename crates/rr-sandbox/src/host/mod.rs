//! The backend for what is trusted: plain processes of the runner's own user.

mod process;
mod session;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rr_core::{ExecError, Executor, Limits, SandboxBackend, SandboxPolicy};

pub(crate) use process::signal;
use session::HostSession;

/// Runs commands without any isolation, in a copy of the repository.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

impl SandboxBackend for Host {
    fn name(&self) -> &'static str {
        "host"
    }

    fn open(&self, policy: SandboxPolicy) -> Result<Arc<dyn Executor>, ExecError> {
        Ok(Arc::new(HostSession::open(policy)?))
    }
}

/// An executor for the product's own trusted tools (git, package managers): plain processes with
/// exactly the environment `env`. `folder` gets a scratch folder `host-tools`; working folders of
/// commands may be any absolute path.
///
/// # Errors
/// Where the folder cannot be set up.
pub fn host_tools(
    folder: &Path,
    env: BTreeMap<String, String>,
) -> Result<Arc<dyn Executor>, ExecError> {
    Host.open(SandboxPolicy {
        run_folder: folder.join("host-tools"),
        root_layers: Vec::new(),
        snapshots: Vec::new(),
        binds: Vec::new(),
        env,
        limits: Limits::default(),
        stop_grace: Duration::from_secs(2),
    })
}
