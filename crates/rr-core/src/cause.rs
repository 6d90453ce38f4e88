//! Why something failed: the cause classes every failing step and test carries.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The class of a failure's cause. Only [`CauseClass::Environment`] stands in the way of green.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CauseClass {
    /// Ours to fix: a missing package, a wrong version, a service that is not there.
    Environment,
    /// Fails for its authors too.
    Intrinsic,
    /// Needs a key or password that only the user has.
    NeedsSecret,
    /// Needs a network host that the policy does not allow.
    NeedsNetwork,
    /// Needs (or refuses) root or a kernel privilege.
    NeedsPrivilege,
    /// Needs hardware that this machine lacks.
    NeedsHardware,
    /// Ran past its time limit.
    Timeout,
}

impl CauseClass {
    /// The class's name as it stands in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Intrinsic => "intrinsic",
            Self::NeedsSecret => "needs-secret",
            Self::NeedsNetwork => "needs-network",
            Self::NeedsPrivilege => "needs-privilege",
            Self::NeedsHardware => "needs-hardware",
            Self::Timeout => "timeout",
        }
    }
}

impl fmt::Display for CauseClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
