//! What remedies did in the past: the records of the fix memory, and how they are counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnosis::{Diagnosis, RemedyKind};

/// Which remedy for which error, as the memory tells them apart.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct FixKey {
    /// The ecosystem of the failed step: `python`.
    pub ecosystem: String,
    /// The error's signature with its subject: `python.missing-module:yaml`.
    pub signature: String,
    /// The remedy's kind: `add-dependency`.
    pub kind: String,
    /// Its place among the remedies of its diagnosis, from 0.
    pub place: u32,
    /// What was done, in words.
    pub remedy: String,
}

/// How often something was tried, and how often it helped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FixCounts {
    /// Times tried.
    pub tries: u32,
    /// Times after which the step got further.
    pub cured: u32,
    /// Seconds that the repeated attempts took, all together.
    pub seconds: f64,
}

/// Where a record comes from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FixOrigin {
    /// Runs of this home.
    Own,
    /// A file that the user imported.
    Imported,
    /// The seed that the program brings along.
    Seed,
}

/// One line of the fix memory: a remedy for an error, with what it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FixRecord {
    /// Which remedy for which error.
    #[serde(flatten)]
    pub key: FixKey,
    /// What it did.
    #[serde(flatten)]
    pub counts: FixCounts,
    /// Where the record comes from.
    pub origin: FixOrigin,
}

/// What is known of one remedy before it is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FixHistory {
    /// For this very signature.
    pub exact: FixCounts,
    /// For other signatures of the same class, by remedies of the same kind and place.
    pub class: FixCounts,
}

impl FixKey {
    /// The key of a remedy that stands at `place` among those of its diagnosis.
    #[must_use]
    pub fn of(ecosystem: &str, diagnosis: &Diagnosis, place: usize) -> Option<Self> {
        let remedy = diagnosis.remedies.get(place)?;
        Some(Self {
            ecosystem: ecosystem.to_owned(),
            signature: diagnosis.signature.clone(),
            kind: remedy.kind.name().to_owned(),
            place: u32::try_from(place).unwrap_or(u32::MAX),
            remedy: remedy.title.clone(),
        })
    }

    /// The signature without its subject: `python.missing-module`.
    #[must_use]
    pub fn class(&self) -> &str {
        self.signature.split(':').next().unwrap_or_default()
    }

    /// Whether another record speaks of the same class of errors and the same choice among its
    /// remedies.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        self.ecosystem == other.ecosystem
            && self.class() == other.class()
            && self.kind == other.kind
            && self.place == other.place
    }
}

impl FixCounts {
    /// One try.
    #[must_use]
    pub fn once(cured: bool, seconds: f64) -> Self {
        Self { tries: 1, cured: u32::from(cured), seconds }
    }

    /// Adds other counts.
    pub fn add(&mut self, other: Self) {
        self.tries = self.tries.saturating_add(other.tries);
        self.cured = self.cured.saturating_add(other.cured);
        self.seconds += other.seconds;
    }
}

impl FixHistory {
    /// What a memory knows of a remedy.
    #[must_use]
    pub fn of(key: &FixKey, memory: &[FixRecord]) -> Self {
        let mut history = Self::default();
        for record in memory.iter().filter(|record| record.key.is_alike(key)) {
            let same = record.key.signature == key.signature;
            let counts = if same { &mut history.exact } else { &mut history.class };
            counts.add(record.counts);
        }
        history
    }

    /// Whether anything is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.tries == 0 && self.class.tries == 0
    }
}

impl RemedyKind {
    /// The kind's name, as it stands in reports: `add-dependency`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UseToolchain { .. } => "use-toolchain",
            Self::InstallSystemPackage { .. } => "install-system-package",
            Self::AddDependency { .. } => "add-dependency",
            Self::PinDependency { .. } => "pin-dependency",
            Self::ResolveAsOf { .. } => "resolve-as-of",
            Self::SetVariable { .. } => "set-variable",
            Self::ProvisionService { .. } => "provision-service",
            Self::ChangeDirectory { .. } => "change-directory",
            Self::ChangeUser { .. } => "change-user",
            Self::ChangeCommand { .. } => "change-command",
            Self::Retry => "retry",
            Self::SelectTests { .. } => "select-tests",
            Self::ExtendTime { .. } => "extend-time",
            Self::PatchRecipe { .. } => "patch-recipe",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(signature: &str, place: u32, tries: u32, cured: u32) -> FixRecord {
        FixRecord {
            key: FixKey {
                ecosystem: "python".into(),
                signature: signature.into(),
                kind: "add-dependency".into(),
                place,
                remedy: "install it".into(),
            },
            counts: FixCounts { tries, cured, seconds: 1.0 },
            origin: FixOrigin::Own,
        }
    }

    #[test]
    fn a_history_tells_the_same_error_from_others_of_its_class() {
        let memory = [
            record("python.missing-module:yaml", 0, 2, 1),
            record("python.missing-module:attr", 0, 5, 5),
            record("python.missing-module:attr", 1, 7, 0),
            record("python.too-old:3.6", 0, 9, 9),
        ];
        let history = FixHistory::of(&record("python.missing-module:yaml", 0, 0, 0).key, &memory);
        assert_eq!((history.exact.tries, history.exact.cured), (2, 1));
        assert_eq!((history.class.tries, history.class.cured), (5, 5));
        assert!(FixHistory::of(&record("rust.other", 0, 0, 0).key, &memory).is_empty());
    }

    #[test]
    fn kinds_are_named_as_they_are_serialised() {
        let kinds = [
            RemedyKind::Retry,
            RemedyKind::SetVariable { name: "A".into() },
            RemedyKind::InstallSystemPackage { names: vec![] },
            RemedyKind::ResolveAsOf { date: "2020-01-01".into() },
        ];
        for kind in kinds {
            let text = serde_json::to_value(&kind).expect("JSON");
            assert_eq!(text["kind"], kind.name());
        }
    }
}
