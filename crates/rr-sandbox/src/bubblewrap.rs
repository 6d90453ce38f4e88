//! The default backend on Linux.

use std::path::PathBuf;
use std::sync::Arc;

use rr_core::{ExecError, Executor, SandboxBackend, SandboxPolicy};

use crate::session::Session;

/// Opens sandboxes made with bubblewrap.
#[derive(Clone, Debug)]
pub struct Bubblewrap {
    program: PathBuf,
    overlay: bool,
}

impl Bubblewrap {
    /// Uses the bubblewrap at this path.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), overlay: true }
    }

    /// Copies the writable tree instead of mounting an overlay.
    #[must_use]
    pub fn without_overlay(self) -> Self {
        Self { overlay: false, ..self }
    }
}

impl SandboxBackend for Bubblewrap {
    fn name(&self) -> &'static str {
        "bubblewrap"
    }

    fn open(&self, policy: SandboxPolicy) -> Result<Arc<dyn Executor>, ExecError> {
        if !self.program.is_file() {
            return Err(ExecError::Setup(format!(
                "`{}` is not there: install bubblewrap",
                self.program.display()
            )));
        }
        Ok(Arc::new(Session::open(self.program.clone(), policy, self.overlay)?))
    }
}
