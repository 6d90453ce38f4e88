//! How much of the machine a tier may use.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Upper limits of one user. All are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Quota {
    /// Requests in any sliding hour (specification: Tier System).
    pub requests_per_hour: u32,
    /// Runs at the same time.
    pub concurrent_runs: u32,
    /// Seconds from a run's start to its verdict.
    pub run_seconds: u64,
    /// Bytes that the folders of all of the user's runs may take on disk together.
    pub disk_bytes: u64,
    /// The largest class of GPU that a run may ask for.
    pub gpu: GpuClass,
    /// Tokens of language models in a day, sent and received.
    pub model_tokens_per_day: u64,
    /// Cost of language models in a day, in millionths of the unit of the configured prices.
    pub model_cost_micros_per_day: u64,
}

/// Classes of GPUs by their memory, smallest first (specification: Tier System names the classes;
/// their borders are ours).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum GpuClass {
    /// No GPU.
    None,
    /// Below 12 GiB.
    Small,
    /// Below 32 GiB.
    Medium,
    /// 32 GiB and more.
    Large,
}

const GIB: u64 = 1 << 30;

impl GpuClass {
    /// The class of a GPU with this many bytes of memory.
    #[must_use]
    pub const fn of_memory(bytes: u64) -> Self {
        match bytes / GIB {
            _ if bytes == 0 => Self::None,
            0..12 => Self::Small,
            12..32 => Self::Medium,
            _ => Self::Large,
        }
    }

    /// The class's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

impl Quota {
    /// Whether a GPU with this many bytes of memory is within the quota.
    #[must_use]
    pub fn admits_gpu(&self, memory_bytes: u64) -> bool {
        GpuClass::of_memory(memory_bytes) <= self.gpu
    }
}

impl fmt::Display for GpuClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_memory() {
        let classes = [0, 1, 8 * GIB, 12 * GIB - 1, 12 * GIB, 31 * GIB, 32 * GIB, 141 * GIB];
        let named: Vec<&str> = classes.map(|bytes| GpuClass::of_memory(bytes).as_str()).to_vec();
        let expected = ["none", "small", "small", "small", "medium", "medium", "large", "large"];
        assert_eq!(named, expected);
    }
}
