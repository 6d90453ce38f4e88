//! The one thread that forks.
//!
//! A parent-death signal fires when the *thread* that forked ends, so children forked from a
//! short-lived thread would die with it. This thread lives as long as the process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use rr_core::ExecError;

type Job = Box<dyn FnOnce() + Send>;

static SPAWNER: OnceLock<Sender<Job>> = OnceLock::new();

/// Runs a job on the forking thread and waits for its result.
///
/// # Errors
/// [`ExecError::Setup`] where the thread cannot be started or the job panicked.
pub(crate) fn on_spawner<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ExecError> {
    let gone = || ExecError::Setup("the forking thread is gone".to_owned());
    let (answer, result) = channel();
    let job: Job = Box::new(move || {
        if let Ok(value) = catch_unwind(AssertUnwindSafe(job)) {
            let _ = answer.send(value);
        }
    });
    SPAWNER.get_or_init(start).send(job).map_err(|_| gone())?;
    result.recv().map_err(|_| gone())
}

fn start() -> Sender<Job> {
    let (sender, jobs) = channel::<Job>();
    // Where the thread cannot be started the receiver is dropped, and sending reports it.
    let _ = std::thread::Builder::new().name("rr-spawner".to_owned()).spawn(move || {
        for job in jobs {
            job();
        }
    });
    sender
}
