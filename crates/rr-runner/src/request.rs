//! What a user asks for.

use std::collections::BTreeMap;

use rr_core::{ConfigFile, RepoSource, Rung, Tier};
use serde::{Deserialize, Serialize};

/// One request for a run. It is the input of the workflow and stands in its journal, so it holds
/// no secret values: those that the user set are kept apart, see [`RunRequest::env`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    /// The repository.
    pub source: RepoSource,
    /// The rung to reach.
    pub until: Rung,
    /// Only this unit, by path or name.
    pub package: Option<String>,
    /// Variables for every step; they win over everything. They are written to the run's
    /// journal, which only its owner can read.
    pub env: BTreeMap<String, String>,
    /// The configuration that the user named; it outranks the repository's own. Its variables are
    /// in [`RunRequest::env`] too.
    #[serde(default)]
    pub config: Option<ConfigFile>,
    /// Seconds for the run, counted from when a process takes it up; `None` for no limit of its
    /// own. What was proved until then is reported.
    pub timeout_seconds: Option<u64>,
    /// Seconds for each start and each suite, in place of what the plan gives them.
    #[serde(default)]
    pub step_timeout_seconds: Option<u64>,
    /// How much repair is allowed.
    pub budget: RepairBudget,
    /// Whether the configured language models may be asked. Kept, because a run that is taken up
    /// again must take the same way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub models: bool,
    /// Which executor.
    pub executor: ExecutorChoice,
    /// Whether the user trusts the repository: allows running it without a sandbox.
    pub trust: bool,
    /// Whether a prepared environment of an earlier run must not be used.
    pub fresh: bool,
    /// The user's tier. The single-user command line runs as developer.
    pub tier: Tier,
    /// Milliseconds since the Unix epoch when the user asked.
    pub asked_at: u64,
}

/// How much repair is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairBudget {
    /// Remedies in all.
    pub remedies: u32,
    /// Remedies for one step.
    pub per_step: u32,
    /// Seconds that one step's attempts after its first may take together: a suite of an hour is
    /// not run ten times.
    #[serde(default = "default_seconds")]
    pub seconds: u64,
    /// What language models may cost in this run, in millionths of the unit of their prices; `None`
    /// leaves it to the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
}

const fn default_seconds() -> u64 {
    45 * 60
}

/// Which executor runs the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecutorChoice {
    /// The strongest there is.
    #[default]
    Auto,
    /// bubblewrap, or nothing.
    Bubblewrap,
    /// Plain processes of the host; needs `trust`.
    Host,
}

impl Default for RepairBudget {
    fn default() -> Self {
        Self { remedies: 24, per_step: 8, seconds: default_seconds(), cost_micros: None }
    }
}
