//! A command that goes on, as its user holds it. When the last holder drops it, the tree ends.

use std::sync::Arc;

use rr_core::{Exit, ListeningSocket, RunningProcess, Usage};

/// Shares the process with its session, which must be able to end it when it closes.
pub(crate) struct Service<P>(pub(crate) Arc<P>);

impl<P: RunningProcess> RunningProcess for Service<P> {
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
