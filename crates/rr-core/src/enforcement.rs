//! What a backend really enforces of a policy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How strongly the run was isolated, item by item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Enforcement {
    /// Name of the backend: `bubblewrap`, `host`.
    pub backend: String,
    /// The level as a whole: the weakest of its items that matters.
    pub level: EnforcementLevel,
    /// Items, each with what was reached.
    pub items: Vec<EnforcementItem>,
}

/// One thing that a policy asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnforcementItem {
    /// What: `mount namespace`, `memory limit`, `private network`.
    pub name: String,
    /// Whether it is enforced.
    pub enforced: bool,
    /// By what, or why not.
    pub detail: String,
}

/// Levels of isolation, weakest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum EnforcementLevel {
    /// Nothing but a process group: `--trust` only.
    None,
    /// Some items are missing.
    Partial,
    /// Namespaces, an unprivileged user and limits all hold.
    Sandboxed,
}
