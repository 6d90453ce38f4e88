//! The verdict ladder.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rungs of the verdict ladder, lowest first. A run reports the highest rung it *proved*.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Rung {
    /// Ecosystems, manifests and commands found, each with evidence.
    Analyzed,
    /// Every declared dependency installed; an import or link check passes.
    Installed,
    /// The build that the repository documents succeeds (vacuous where nothing is built).
    Built,
    /// Service: its own process tree answers a probe from outside. Command line: its entry
    /// point runs. Library: its public module loads.
    Running,
    /// The test runner discovered more than zero tests and ran them to the end.
    Tested,
    /// The exported recipe, replayed on a clean clone, gave the same test outcomes.
    Reproduced,
}

impl Rung {
    /// All rungs, lowest first.
    pub const ALL: [Self; 6] = [
        Self::Analyzed,
        Self::Installed,
        Self::Built,
        Self::Running,
        Self::Tested,
        Self::Reproduced,
    ];

    /// The rung's name as users type it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Analyzed => "analyzed",
            Self::Installed => "installed",
            Self::Built => "built",
            Self::Running => "running",
            Self::Tested => "tested",
            Self::Reproduced => "reproduced",
        }
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Rung {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|rung| rung.as_str() == text)
            .ok_or_else(|| format!("unknown rung `{text}`: use one of analyzed, installed, built, running, tested, reproduced"))
    }
}
