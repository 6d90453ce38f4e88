//! Where a step's output goes: its log file, and line by line to whoever watches.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rr_core::{Observer, OutputSink, RunEvent, StepId};

use crate::session::RunSession;

/// Longest line that is told to observers, in bytes; the log file has it whole.
const LINE: usize = 500;

/// A sink into a log file below the run's folder, whose lines observers see as those of `step`.
///
/// # Errors
/// Where the file cannot be made.
pub fn log_sink(session: &RunSession, log: &Path, step: &str) -> io::Result<Arc<dyn OutputSink>> {
    let path = session.folder.join(log);
    Ok(Arc::new(StepLog::create(&path, StepId::new(step), session.observer.clone())?))
}

/// Writes a step's log and tells its lines.
pub(crate) struct StepLog {
    step: StepId,
    observer: Arc<dyn Observer>,
    state: Mutex<State>,
}

struct State {
    file: File,
    partial: Vec<u8>,
    failed: Option<io::Error>,
}

impl StepLog {
    /// Creates the log file, its folder included.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub(crate) fn create(
        path: &Path,
        step: StepId,
        observer: Arc<dyn Observer>,
    ) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let state = State { file: File::create(path)?, partial: Vec::new(), failed: None };
        Ok(Self { step, observer, state: Mutex::new(state) })
    }

    /// The first error while writing the log file, where there was one.
    pub(crate) fn take_error(&self) -> Option<io::Error> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).failed.take()
    }

    fn tell(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(&line[..line.len().min(LINE)]);
        // A carriage return redraws a line, as progress bars do: the last drawing counts.
        let shown = text.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
        let line = shown.to_owned();
        self.observer.on_event(&RunEvent::Output { step: self.step.clone(), line });
    }
}

impl OutputSink for StepLog {
    fn write(&self, chunk: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = state.file.write_all(chunk) {
            state.failed.get_or_insert(error);
        }
        let mut rest = chunk;
        while let Some(at) = rest.iter().position(|b| *b == b'\n') {
            state.partial.extend_from_slice(&rest[..at]);
            let line = std::mem::take(&mut state.partial);
            self.tell(&line);
            rest = &rest[at + 1..];
        }
        let room = (64 << 10) - state.partial.len().min(64 << 10);
        state.partial.extend_from_slice(&rest[..rest.len().min(room)]);
    }
}
