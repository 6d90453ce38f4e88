//! Follows a started process: its output and its events, on one thread, until both have ended.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rr_core::Exit;
use rustix::event::{PollFd, PollFlags, poll};

use crate::child::plan::Event;
use crate::output::Output;

/// What is known of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct State {
    /// Id of the first process of its tree, on the host.
    pub(crate) init: Option<u32>,
    /// Whether the command itself runs or has run.
    pub(crate) started: bool,
    /// Wait status of the sandbox where it failed before the command started.
    pub(crate) failed: Option<i32>,
    /// Wait status of the command's first process.
    pub(crate) main: Option<i32>,
    /// Whether others were alive after it.
    pub(crate) left: bool,
    /// Whether the whole tree is gone.
    pub(crate) ended: bool,
}

/// The state of a process, shared between those who follow and those who wait.
#[derive(Default)]
pub(crate) struct Followed {
    state: Mutex<State>,
    changed: Condvar,
}

impl Followed {
    /// The state now.
    pub(crate) fn state(&self) -> State {
        *self.lock()
    }

    /// Waits until the condition holds, at most this long. Returns the state either way.
    pub(crate) fn wait(&self, most: Duration, until: impl Fn(&State) -> bool) -> State {
        let guard = self.lock();
        let (guard, _) = self
            .changed
            .wait_timeout_while(guard, most, |state| !until(state))
            .unwrap_or_else(PoisonError::into_inner);
        *guard
    }

    /// Changes the state and wakes those who wait.
    pub(crate) fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn event(&self, event: Event) {
        self.update(|state| match event {
            Event::Init(pid) => state.init = u32::try_from(pid).ok(),
            Event::Started => state.started = true,
            Event::Failed(status) => state.failed = Some(status),
            Event::Main(status) => state.main = Some(status),
            Event::Left => state.left = true,
        });
    }
}

/// Starts the thread that follows; `child` is waited for at the end.
///
/// # Errors
/// Where the thread cannot be started.
pub(crate) fn follow(
    output: OwnedFd,
    events: OwnedFd,
    mut child: Child,
    taken: Arc<Output>,
) -> std::io::Result<Arc<Followed>> {
    let followed = Arc::new(Followed::default());
    let shared = Arc::clone(&followed);
    std::thread::Builder::new().name("rr-follow".to_owned()).spawn(move || {
        copy_all(File::from(output), Some(File::from(events)), &taken, &shared);
        let status = child.wait();
        shared.update(|state| {
            if state.init.is_none()
                && let Ok(status) = status
            {
                use std::os::unix::process::ExitStatusExt as _;
                state.failed.get_or_insert(status.into_raw());
            }
            state.ended = true;
        });
    })?;
    Ok(followed)
}

fn copy_all(mut output: File, events: Option<File>, taken: &Output, shared: &Followed) {
    let mut output_open = true;
    let mut events = events;
    let mut buffer = vec![0_u8; 64 << 10];
    while output_open || events.is_some() {
        let (readable_output, readable_event) = ready(&output, output_open, events.as_ref());
        if readable_output {
            match output.read(&mut buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // A terminal's other end being closed shows as EIO.
                Ok(0) | Err(_) => output_open = false,
                Ok(count) => taken.take(&buffer[..count]),
            }
        }
        if readable_event && let Some(file) = &mut events {
            let mut bytes = [0_u8; 8];
            match file.read_exact(&mut bytes) {
                Ok(()) => {
                    if let Some(event) = Event::read(bytes) {
                        shared.event(event);
                    }
                }
                Err(_) => events = None,
            }
        }
    }
}

/// Takes output until everybody who could write has closed it.
pub(crate) fn copy_output(output: OwnedFd, taken: &Output) {
    copy_all(File::from(output), None, taken, &Followed::default());
}

/// Waits until one of both can be read.
fn ready(output: &File, output_open: bool, events: Option<&File>) -> (bool, bool) {
    let mut polled = Vec::with_capacity(2);
    if output_open {
        polled.push(PollFd::new(output, PollFlags::IN));
    }
    if let Some(events) = events {
        polled.push(PollFd::new(events, PollFlags::IN));
    }
    // An interrupted wait is tried again by the caller.
    let _ = poll(&mut polled, None);
    let mut ready = polled.iter().map(|fd| !fd.revents().is_empty());
    let readable_output = output_open && ready.next().unwrap_or(false);
    (readable_output, events.is_some() && ready.next().unwrap_or(false))
}

/// A raw wait status in the words of the contract.
pub(crate) fn exit_of(status: i32) -> Exit {
    if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Code(libc::WEXITSTATUS(status))
    }
}
