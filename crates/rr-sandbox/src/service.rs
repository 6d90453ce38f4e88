//! A command that goes on, as its user holds it. Dropping it ends the whole tree.

use std::sync::Arc;

use rr_core::{Exit, ListeningSocket, RunningProcess, Usage};

use crate::process::SandboxProcess;

/// Shares the process with its session, which must be able to end it when it closes.
pub(crate) struct ServiceProcess(Arc<SandboxProcess>);

impl ServiceProcess {
    /// Holds a process.
    pub(crate) fn new(process: Arc<SandboxProcess>) -> Self {
        Self(process)
    }
}

impl RunningProcess for ServiceProcess {
    fn identity(&self) -> (u32, u64) {
        self.0.identity()
    }

    fn listening(&self) -> Vec<ListeningSocket> {
        self.0.listening()
    }

    fn try_wait(&self) -> Option<Exit> {
        self.0.try_wait()
    }

    fn main_exit(&self) -> Option<Exit> {
        self.0.main_exit()
    }

    fn usage(&self) -> Usage {
        self.0.usage()
    }

    fn tail(&self) -> String {
        self.0.tail()
    }

    fn stop(&self) -> Exit {
        self.0.stop()
    }
}
