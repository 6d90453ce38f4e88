//! Remedies that somebody outside the rules proposes: typed, and checked before they are applied.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cause::CauseClass;
use crate::diagnosis::RemedyKind;
use crate::generative::ModelCall;

/// A remedy that was proposed and is not applied yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// What to do, with its subject.
    pub kind: RemedyKind,
    /// What the kind does not hold: a variable's value, a command's words.
    pub values: Vec<String>,
    /// Why, in the proposer's words.
    pub reason: String,
}

/// What became of asking a model about one failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelConsultation {
    /// The step that failed.
    pub step: String,
    /// The failure's signature.
    pub signature: String,
    /// Which model answered last.
    pub model: String,
    /// What it proposed and was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<String>,
    /// Its reason, as it gave it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Whose fault it takes the failure for, where it proposed nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseClass>,
    /// What it asked to look at: `read-file README.md`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inspected: Vec<String>,
    /// What it proposed and was refused, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// Why there is no answer, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Every call.
    pub calls: Vec<ModelCall>,
}

impl ModelConsultation {
    /// Tokens sent and received, and the cost where one is known.
    #[must_use]
    pub fn totals(&self) -> (u64, u64, Option<u64>) {
        let calls = self.calls.iter();
        let sent = calls.clone().map(|c| c.input_tokens).sum();
        let received = calls.clone().map(|c| c.output_tokens).sum();
        let costs: Vec<u64> = calls.filter_map(|c| c.cost_micros).collect();
        (sent, received, (!costs.is_empty()).then(|| costs.iter().sum()))
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = match &self.kind {
            RemedyKind::UseToolchain { tool, version } => format!("{tool} {version}"),
            RemedyKind::InstallSystemPackage { names } | RemedyKind::AddDependency { names } => {
                names.join(", ")
            }
            RemedyKind::PinDependency { requirements } => requirements.join(", "),
            RemedyKind::ResolveAsOf { date } => date.clone(),
            RemedyKind::SetVariable { name } => format!("{name}={}", self.values.join(" ")),
            RemedyKind::ProvisionService { service } => service.clone(),
            RemedyKind::ChangeDirectory { to }
            | RemedyKind::ChangeUser { to }
            | RemedyKind::ChangeCommand { to } => to.clone(),
            RemedyKind::Retry => String::new(),
            RemedyKind::SelectTests { without } => without.join(", "),
            RemedyKind::ExtendTime { seconds } => format!("{seconds} s"),
            RemedyKind::PatchRecipe { what } => what.clone(),
        };
        write!(f, "{} {subject}", self.kind.name())
    }
}
