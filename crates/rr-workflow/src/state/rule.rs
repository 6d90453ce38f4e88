//! The rules of a journal, and how a record can break them.

/// A record that does not fit the state before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` at {sequence}: {rule}")]
pub struct IllegalTransition {
    /// The record's place in the journal.
    pub sequence: u64,
    /// The event's name.
    pub event: &'static str,
    /// The rule it breaks.
    pub rule: Rule,
}

/// The rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// Sequence numbers have no gaps and no repetitions.
    #[error("expected sequence {expected}")]
    Sequence {
        /// The next free place.
        expected: u64,
    },
    /// The first event starts the workflow.
    #[error("the workflow has not started")]
    NotStarted,
    /// A workflow starts once.
    #[error("the workflow has started already")]
    StartedTwice,
    /// Nothing follows the end.
    #[error("the workflow has ended")]
    Ended,
    /// A workflow ends when all its operations have ended.
    #[error("{what} at position {index} has not ended")]
    Unfinished {
        /// The operation in words.
        what: String,
        /// Its position.
        index: u64,
    },
    /// Positions are taken in order.
    #[error("position {index} is out of order, the next is {expected}")]
    PositionOrder {
        /// The position named.
        index: u64,
        /// The next free one.
        expected: u64,
    },
    /// A position keeps its operation.
    #[error("position {index} holds {held}")]
    OtherOperation {
        /// The position named.
        index: u64,
        /// What is there.
        held: String,
    },
    /// Attempts count from 1 without gaps.
    #[error("attempt {attempt} at position {index}, expected {expected}")]
    AttemptOrder {
        /// The position.
        index: u64,
        /// The attempt named.
        attempt: u32,
        /// The attempt that is due.
        expected: u32,
    },
    /// Only a running attempt can end.
    #[error("the step at position {index} is not running")]
    NotRunning {
        /// The position.
        index: u64,
    },
    /// A step or timer ends once.
    #[error("position {index} has ended already")]
    EndedTwice {
        /// The position.
        index: u64,
    },
    /// A signal is consumed after it came, earliest first.
    #[error("signal `{name}` is not the earliest unconsumed one of its name")]
    NoSuchSignal {
        /// The signal's name.
        name: String,
    },
    /// Only a process that was started can end.
    #[error("no process {pid} is known to live")]
    NoSuchProcess {
        /// The process id.
        pid: u32,
    },
}
