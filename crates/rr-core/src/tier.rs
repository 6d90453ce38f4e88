//! The six user tiers (specification: Tier System). What each may do is in `rr-accounts`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A user's subscription tier.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the specification's own names")]
pub enum Tier {
    Free,
    Advanced,
    Premium,
    Tester,
    Admin,
    Developer,
}

impl Tier {
    /// All tiers, in the specification's order.
    pub const ALL: [Self; 6] =
        [Self::Free, Self::Advanced, Self::Premium, Self::Tester, Self::Admin, Self::Developer];

    /// The tier's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Advanced => "advanced",
            Self::Premium => "premium",
            Self::Tester => "tester",
            Self::Admin => "admin",
            Self::Developer => "developer",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == text).ok_or_else(|| {
            format!("unknown tier `{text}`: use one of free, advanced, premium, tester, admin, developer")
        })
    }
}
