//! A plain process and what descends from it.
//!
//! Nothing holds such a tree together, so it is found by three signs: parent links, the session,
//! and a variable that descendants inherit (they would have to clear it on purpose).

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rr_core::{CancelToken, ExecError, Exit, ListeningSocket, Outcome, RunningProcess, Usage};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::follow::{Followed, copy_output, exit_of};
use crate::output::Output;
use crate::process_table::{self, ProcessEntry};

/// Name of the variable by which descendants are known.
pub(crate) const MARK: &str = "REPO_RUNNER_PROCESS";

/// How often ends and bounds are looked at.
const TICK: Duration = Duration::from_millis(20);

/// How long others may take to end by themselves after the first process has.
const LEFT_GRACE: Duration = Duration::from_millis(100);

/// How long output is waited for when everybody known is gone.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);

/// A started command.
pub(crate) struct HostProcess {
    pid: u32,
    started_ticks: u64,
    mark: String,
    followed: Arc<Followed>,
    output: Arc<Output>,
    grace: Duration,
    begun: Instant,
}

impl HostProcess {
    /// Takes over a process that was just started.
    ///
    /// # Errors
    /// Where no thread can be started to wait for it.
    pub(crate) fn new(
        mut child: Child,
        stream: OwnedFd,
        mark: String,
        output: Arc<Output>,
        grace: Duration,
    ) -> Result<Self, ExecError> {
        let pid = child.id();
        let started_ticks = process_table::process(pid).map_or(0, |entry| entry.started);
        let followed = Arc::new(Followed::default());
        let (waited, read) = (Arc::clone(&followed), Arc::clone(&followed));
        let taken = Arc::clone(&output);
        let failed = |source| ExecError::io("starting a thread to follow a process", source);
        std::thread::Builder::new()
            .name("rr-wait".to_owned())
            .spawn(move || {
                let status = child.wait().map_or(-1, ExitStatusExt::into_raw);
                waited.update(|state| state.main = Some(status));
            })
            .map_err(failed)?;
        std::thread::Builder::new()
            .name("rr-follow".to_owned())
            .spawn(move || {
                copy_output(stream, &taken);
                read.update(|state| state.ended = true);
            })
            .map_err(failed)?;
        let begun = Instant::now();
        Ok(Self { pid, started_ticks, mark, followed, output, grace, begun })
    }

    /// Waits for the first process, then ends the others.
    pub(crate) fn finish(&self, timeout: Duration, cancel: &CancelToken) -> Outcome {
        let deadline = self.begun + timeout;
        let mut reason = None;
        while self.followed.wait(TICK, |state| state.main.is_some()).main.is_none() {
            if cancel.is_cancelled() {
                reason = Some(Exit::Cancelled);
            } else if Instant::now() >= deadline {
                reason = Some(Exit::TimedOut);
            }
            if reason.is_some() {
                self.kill_all();
            }
        }
        // Each look at the processes reads all that the host has.
        let given = Instant::now() + LEFT_GRACE;
        let mut left = !self.tree().is_empty();
        while left && Instant::now() < given {
            std::thread::sleep(TICK);
            left = !self.tree().is_empty();
        }
        if left {
            self.kill_all();
        }
        self.followed.wait(OUTPUT_GRACE, |state| state.ended);
        Outcome {
            exit: reason
                .unwrap_or_else(|| self.first_exit().unwrap_or(Exit::Signal(libc::SIGKILL))),
            seconds: self.begun.elapsed().as_secs_f64(),
            output_bytes: self.output.total(),
            tail: self.output.tail(),
            head: self.output.head(),
            peak_memory: None,
            left_processes: left && reason.is_none(),
        }
    }

    /// Kills everything, until nothing new turns up.
    pub(crate) fn kill_all(&self) {
        for _ in 0..200 {
            let tree = self.tree();
            if tree.is_empty() {
                return;
            }
            for entry in &tree {
                signal(entry, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn first_exit(&self) -> Option<Exit> {
        self.followed.state().main.map(exit_of)
    }

    /// Live processes of the tree.
    fn tree(&self) -> Vec<ProcessEntry> {
        tree_of_mark(self.pid, self.started_ticks, &self.mark)
    }
}

/// Live processes that descend from one, by parent links, session or mark.
fn tree_of_mark(pid: u32, started_ticks: u64, mark: &str) -> Vec<ProcessEntry> {
    let all = process_table::all_processes();
    let entry = format!("{MARK}={mark}").into_bytes();
    let is_marked = |process: &ProcessEntry| {
        fs::read(format!("/proc/{}/environ", process.pid))
            .is_ok_and(|env| env.split(|byte| *byte == 0).any(|variable| variable == entry))
    };
    let own = std::process::id();
    let mut known: BTreeSet<u32> = all
        .iter()
        .filter(|process| process.pid != own && process.started >= started_ticks)
        .filter(|process| process.pid == pid || process.session == pid || is_marked(process))
        .map(|process| process.pid)
        .collect();
    loop {
        let more: Vec<u32> = all
            .iter()
            .filter(|process| known.contains(&process.parent) && !known.contains(&process.pid))
            .map(|process| process.pid)
            .collect();
        if more.is_empty() {
            break;
        }
        known.extend(more);
    }
    all.into_iter()
        .filter(|process| known.contains(&process.pid) && process.state != b'Z')
        .collect()
}

/// Signals a process if it is still the one that was seen.
pub(crate) fn signal(entry: &ProcessEntry, signal: Signal) {
    let Some(pid) = i32::try_from(entry.pid).ok().and_then(Pid::from_raw) else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    let same = process_table::process(entry.pid).is_some_and(|now| now.started == entry.started);
    if same {
        // The only failure is that it has ended.
        let _ = pidfd_send_signal(&handle, signal);
    }
}

impl RunningProcess for HostProcess {
    fn identity(&self) -> (u32, u64) {
        (self.pid, self.started_ticks)
    }

    fn listening(&self) -> Vec<ListeningSocket> {
        process_table::listening(std::process::id(), &self.tree())
    }

    fn try_wait(&self) -> Option<Exit> {
        let exit = self.first_exit()?;
        self.tree().is_empty().then_some(exit)
    }

    fn main_exit(&self) -> Option<Exit> {
        self.first_exit()
    }

    fn usage(&self) -> Usage {
        process_table::usage(&self.tree())
    }

    fn tail(&self) -> String {
        self.output.tail()
    }

    fn stop(&self) -> Exit {
        for entry in self.tree() {
            signal(&entry, Signal::TERM);
        }
        let deadline = Instant::now() + self.grace;
        while !self.tree().is_empty() && Instant::now() < deadline {
            std::thread::sleep(TICK);
        }
        self.kill_all();
        self.followed.wait(OUTPUT_GRACE, |state| state.main.is_some());
        self.first_exit().unwrap_or(Exit::Signal(libc::SIGKILL))
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        self.kill_all();
    }
}
