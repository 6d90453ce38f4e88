//! How a process ended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "value", rename_all = "kebab-case")]
pub enum Exit {
    /// With this status.
    Code(i32),
    /// Killed by this signal.
    Signal(i32),
    /// Ran past its time limit and was killed whole.
    TimedOut,
    /// Killed because it went over its memory limit.
    OutOfMemory,
    /// Stopped because the run was cancelled.
    Cancelled,
}

/// What came of one process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// Seconds from start to end.
    pub seconds: f64,
    /// Bytes of output in all.
    pub output_bytes: u64,
    /// The end of the output (standard output and error interleaved), at most 64 KiB, lossy UTF-8.
    pub tail: String,
    /// The start of the output, at most 16 KiB, where the tail does not hold all of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub head: String,
    /// Peak resident memory in bytes, where it could be measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// Whether processes were left behind after the main one ended (they were killed).
    #[serde(default)]
    pub left_processes: bool,
}

impl Exit {
    /// Whether this is exit status 0.
    #[must_use]
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(signal) => write!(f, "killed by signal {signal}"),
            Self::TimedOut => f.write_str("time limit reached"),
            Self::OutOfMemory => f.write_str("memory limit reached"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}
