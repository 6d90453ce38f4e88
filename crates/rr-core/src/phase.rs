//! The twelve phases of a run (specification: OrchestratorAgent Workflow).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The phases, in the specification's order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is described by `Phase::title`")]
pub enum Phase {
    Authenticate,
    DetectEnvironment,
    AnalyzeProject,
    ManageDependencies,
    ChooseIndexer,
    Configure,
    IndexFiles,
    Execute,
    MonitorHealth,
    ResolveErrors,
    RunTests,
    Report,
}

impl Phase {
    /// All phases, first to last.
    pub const ALL: [Self; 12] = [
        Self::Authenticate,
        Self::DetectEnvironment,
        Self::AnalyzeProject,
        Self::ManageDependencies,
        Self::ChooseIndexer,
        Self::Configure,
        Self::IndexFiles,
        Self::Execute,
        Self::MonitorHealth,
        Self::ResolveErrors,
        Self::RunTests,
        Self::Report,
    ];

    /// The phase's number, from 1 to 12.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// What the phase does, as a terminal shows it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Authenticate => "Authenticate and check tier",
            Self::DetectEnvironment => "Detect environment",
            Self::AnalyzeProject => "Analyze project",
            Self::ManageDependencies => "Manage dependencies",
            Self::ChooseIndexer => "Choose context indexer",
            Self::Configure => "Set up and configure",
            Self::IndexFiles => "Process files and index",
            Self::Execute => "Execute",
            Self::MonitorHealth => "Monitor health",
            Self::ResolveErrors => "Resolve errors",
            Self::RunTests => "Run the repository's tests",
            Self::Report => "Report",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// How a phase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseOutcome {
    /// Did its work.
    Succeeded,
    /// Could not; the report says why.
    Failed,
    /// Not needed here, or not reached.
    Skipped,
}

/// What a report says of one phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseRecord {
    /// Which phase.
    pub name: Phase,
    /// The agents that worked in it, comma-separated.
    pub agent: String,
    /// Start, RFC 3339 UTC.
    pub started: String,
    /// End, RFC 3339 UTC.
    pub ended: String,
    /// How it ended.
    pub outcome: PhaseOutcome,
    /// One line on what was found, decided or done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}
