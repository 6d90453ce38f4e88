//! One command in the sandbox: waiting for it, looking at it, ending it.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rr_core::{CancelToken, ExecError, Exit, ListeningSocket, Outcome, RunningProcess, Usage};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::cgroup::Group;
use crate::follow::{Followed, State, exit_of};
use crate::output::Output;
use crate::process_table;

/// How long a wait may last before cancellation and time limits are looked at again.
const TICK: Duration = Duration::from_millis(50);

/// How long the sandbox itself may take to start a command on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A started command.
pub(crate) struct SandboxProcess {
    program: String,
    followed: Arc<Followed>,
    output: Arc<Output>,
    group: Option<Arc<Group>>,
    init: u32,
    started_ticks: u64,
    handle: Option<OwnedFd>,
    begun: Instant,
    grace: Duration,
}

/// What ends a command that does not end by itself.
pub(crate) struct Bounds<'a> {
    /// Time limit.
    pub(crate) timeout: Duration,
    /// Cancellation.
    pub(crate) cancel: &'a CancelToken,
}

impl SandboxProcess {
    /// Takes over a command that was just launched.
    pub(crate) fn new(
        program: &str,
        followed: Arc<Followed>,
        output: Arc<Output>,
        group: Option<Arc<Group>>,
        grace: Duration,
    ) -> Self {
        let begun = Instant::now();
        let state = followed.wait(START_TIMEOUT, |state| state.init.is_some() || state.ended);
        let init = state.init.unwrap_or(0);
        // Fails where it has ended already; there is nothing to signal then.
        let handle = i32::try_from(init)
            .ok()
            .and_then(Pid::from_raw)
            .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let started_ticks = process_table::process(init).map_or(0, |entry| entry.started);
        let program = program.to_owned();
        Self { program, followed, output, group, init, started_ticks, handle, begun, grace }
    }

    /// Waits for the end of the whole tree, at most until the bounds.
    ///
    /// # Errors
    /// Where the sandbox could not start the command.
    pub(crate) fn finish(&self, bounds: &Bounds<'_>) -> Result<Outcome, ExecError> {
        let deadline = self.begun + bounds.timeout;
        let mut reason = None;
        let state = loop {
            let state = self.followed.wait(TICK, |state| state.ended);
            if state.ended {
                break state;
            }
            // What the command's own end decided stays, should a bound be met while tidying up.
            if reason.is_none() && state.main.is_none() {
                if bounds.cancel.is_cancelled() {
                    reason = Some(Exit::Cancelled);
                } else if Instant::now() >= deadline {
                    reason = Some(Exit::TimedOut);
                }
                if reason.is_some() {
                    self.signal(Signal::KILL);
                }
            }
        };
        if reason.is_none() {
            self.check_started(&state)?;
        }
        Ok(Outcome {
            exit: reason.unwrap_or_else(|| self.exit(&state)),
            seconds: self.begun.elapsed().as_secs_f64(),
            output_bytes: self.output.total(),
            tail: self.output.tail(),
            head: self.output.head(),
            peak_memory: self.group.as_ref().and_then(|group| group.peak_memory()),
            left_processes: state.left,
        })
    }

    /// Waits until the command itself has started.
    ///
    /// # Errors
    /// Where the sandbox could not start it.
    pub(crate) fn wait_started(&self) -> Result<(), ExecError> {
        let state = self.followed.wait(START_TIMEOUT, |state| state.started || state.ended);
        if state.started {
            return Ok(());
        }
        self.signal(Signal::KILL);
        self.check_started(&self.followed.wait(START_TIMEOUT, |state| state.ended))
    }

    /// Kills the whole tree: the kernel ends a process-id namespace with its first process.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Whether the whole tree is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.followed.state().ended
    }

    /// Waits until the whole tree is gone.
    pub(crate) fn wait_gone(&self, most: Duration) -> bool {
        self.followed.wait(most, |state| state.ended).ended
    }

    fn signal(&self, signal: Signal) {
        if let Some(handle) = &self.handle {
            // The only failure is that it has ended.
            let _ = pidfd_send_signal(handle, signal);
        }
    }

    fn check_started(&self, state: &State) -> Result<(), ExecError> {
        if state.started || state.main.is_some() {
            return Ok(());
        }
        let said = self.output.tail();
        let how =
            state.failed.map_or_else(|| "it was killed".to_owned(), |s| exit_of(s).to_string());
        Err(ExecError::Start {
            program: self.program.clone(),
            reason: format!("the sandbox ended first ({how}): {}", said.trim()),
        })
    }

    fn exit(&self, state: &State) -> Exit {
        let exit = state.main.map_or(Exit::Signal(libc::SIGKILL), exit_of);
        let ran_out = self.group.as_ref().is_some_and(|group| group.memory_kills() > 0);
        if ran_out && !exit.success() { Exit::OutOfMemory } else { exit }
    }
}

impl RunningProcess for SandboxProcess {
    fn identity(&self) -> (u32, u64) {
        (self.init, self.started_ticks)
    }

    fn listening(&self) -> Vec<ListeningSocket> {
        if self.is_gone() {
            return Vec::new();
        }
        process_table::listening(self.init, &process_table::tree_of(self.init))
    }

    fn try_wait(&self) -> Option<Exit> {
        let state = self.followed.state();
        state.ended.then(|| self.exit(&state))
    }

    fn main_exit(&self) -> Option<Exit> {
        let state = self.followed.state();
        (state.main.is_some() || state.ended).then(|| self.exit(&state))
    }

    fn usage(&self) -> Usage {
        if self.is_gone() {
            return Usage::default();
        }
        let mut tree = process_table::tree_of(self.init);
        let usage = process_table::usage(&tree);
        // The first process is ours: its memory is the runner's, shared until written.
        tree.retain(|entry| entry.pid != self.init);
        let own = process_table::usage(&tree);
        Usage { cpu_seconds: usage.cpu_seconds, ..own }
    }

    fn tail(&self) -> String {
        self.output.tail()
    }

    fn stop(&self) -> Exit {
        // The first process passes it on to all others.
        self.signal(Signal::TERM);
        if !self.wait_gone(self.grace) {
            self.signal(Signal::KILL);
            self.wait_gone(START_TIMEOUT);
        }
        self.exit(&self.followed.state())
    }
}

impl Drop for SandboxProcess {
    fn drop(&mut self) {
        self.kill();
        self.wait_gone(START_TIMEOUT);
    }
}
