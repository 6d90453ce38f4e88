//! A fault as it stands in its file: data only.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::edit::Edit;

/// One fault.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    /// What is wrong, in one sentence.
    pub(super) description: String,
    /// The healthy fixture of `fixtures/repos/`.
    pub(super) base: String,
    /// The class of faults in the published table.
    pub(super) class: String,
    /// What must come of it.
    pub(super) expect: End,
    /// For a reported fault: its right cause class.
    pub(super) cause: Option<String>,
    /// Texts that the verdict, a failure or a test must hold.
    #[serde(default)]
    pub(super) says: Vec<String>,
    /// Counts of the healthy verdict, where the fault's files bring other tests.
    pub(super) tests: Option<BTreeMap<String, u64>>,
    /// Further arguments of `run`.
    #[serde(default)]
    pub(super) arguments: Vec<String>,
    /// Variables of the host on which `repo-runner` runs.
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    /// Why it takes too long to be run with all others, as of a fixture.
    pub(super) slow: Option<String>,
    /// What is done to the healthy fixture.
    #[serde(default, rename = "edit")]
    pub(super) edits: Vec<Edit>,
}

/// How a fault ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum End {
    /// The verdict is the healthy one.
    Repaired,
    /// It is not, and a failure carries the fault's cause class.
    Reported,
    /// Neither.
    Missed,
}
