//! The state of a workflow, as its journal tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

/// The state of a workflow. Cheap to clone: results are shared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub(super) begun: Option<Begun>,
    pub(super) status: Status,
    pub(super) next_sequence: u64,
    pub(super) positions: Vec<Position>,
    pub(super) signals: Vec<Signal>,
    pub(super) processes: Vec<LiveProcess>,
    pub(super) notes: BTreeMap<u64, u32>,
}

/// How far a workflow is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Status {
    /// Its journal is empty.
    #[default]
    NotStarted,
    /// It began and has not ended; somebody may drive it, or nobody.
    Running,
    /// It ended with this result.
    Completed(Arc<Value>),
    /// It ended with an error.
    Failed {
        /// Stable name of the kind of error.
        code: String,
        /// The error as text.
        error: String,
    },
}

/// How a workflow began.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// Name of the workflow.
    pub workflow: String,
    /// Version of the code that began it.
    pub version: u32,
    /// Its input.
    pub input: Arc<Value>,
}

/// One operation of the workflow's body, in the order in which the body asked for them.
#[derive(Clone, Debug, PartialEq)]
pub enum Position {
    /// A step.
    Step(StepState),
    /// A timer.
    Timer {
        /// When it fires, milliseconds since the Unix epoch.
        fires_at: u64,
        /// Whether it fired.
        fired: bool,
    },
    /// A signal that was waited for and came.
    Signal(Signal),
}

/// A step at its position.
#[derive(Clone, Debug, PartialEq)]
pub struct StepState {
    /// The step's name.
    pub name: String,
    /// Attempts begun.
    pub attempts: u32,
    /// Attempts that ended with an error; the others were cut off or go on.
    pub failures: u32,
    /// How far it is.
    pub progress: Progress,
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// An attempt was begun and has not ended: it runs, or was cut off.
    Running,
    /// The last attempt failed and another one is permitted.
    AwaitingRetry {
        /// When it failed, milliseconds since the Unix epoch.
        failed_at: u64,
    },
    /// It ended with this result.
    Completed(Arc<Value>),
    /// It failed for good.
    Failed {
        /// The step error's code.
        code: String,
        /// The step error's message.
        error: String,
    },
}

/// A signal.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// What it carries.
    pub payload: Arc<Value>,
}

/// A process that was started on behalf of the workflow and is not known to be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveProcess {
    /// Name given by the step that started it.
    pub label: String,
    /// Process id on the host.
    pub pid: u32,
    /// Its start time in clock ticks since boot.
    pub started_ticks: u64,
}

impl State {
    /// How the workflow began; `None` where its journal is empty.
    #[must_use]
    pub const fn begun(&self) -> Option<&Begun> {
        self.begun.as_ref()
    }

    /// How far the workflow is.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.status
    }

    /// Whether the workflow completed or failed.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(self.status, Status::Completed(_) | Status::Failed { .. })
    }

    /// The sequence number that the next record must have.
    #[must_use]
    pub const fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The operations so far; an operation's index in the journal is its index here.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// The operation at an index of the journal.
    #[must_use]
    pub fn position(&self, index: u64) -> Option<&Position> {
        usize::try_from(index).ok().and_then(|index| self.positions.get(index))
    }

    /// Processes journaled as started and not as ended, in order of start.
    #[must_use]
    pub fn live_processes(&self) -> &[LiveProcess] {
        &self.processes
    }

    /// Signals received and not consumed, earliest first.
    #[must_use]
    pub fn unconsumed_signals(&self) -> &[Signal] {
        &self.signals
    }

    /// The earliest unconsumed signal of a name.
    #[must_use]
    pub fn signal(&self, name: &str) -> Option<&Signal> {
        self.signals.iter().find(|signal| signal.name == name)
    }

    /// How many notes the body wrote after it had passed `index` positions.
    #[must_use]
    pub fn notes_at(&self, index: u64) -> u32 {
        self.notes.get(&index).copied().unwrap_or(0)
    }
}

impl Position {
    /// The position in words, for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Step(step) => format!("step `{}`", step.name),
            Self::Timer { .. } => "a timer".to_owned(),
            Self::Signal(signal) => format!("signal `{}`", signal.name),
        }
    }

    /// Whether nothing more can happen at this position.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        match self {
            Self::Step(step) => step.is_finished(),
            Self::Timer { fired, .. } => *fired,
            Self::Signal(_) => true,
        }
    }
}

impl StepState {
    /// Whether the step completed or failed for good.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        matches!(self.progress, Progress::Completed(_) | Progress::Failed { .. })
    }

    /// Attempts that were begun and ended neither way: cut off, or running now.
    #[must_use]
    pub const fn cut_off(&self) -> u32 {
        let completed = matches!(self.progress, Progress::Completed(_)) as u32;
        self.attempts.saturating_sub(self.failures).saturating_sub(completed)
    }
}
