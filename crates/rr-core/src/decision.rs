//! Decisions, and the models that take them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question with options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionQuestion {
    /// Kind of question, stable: `rank-remedies`, `choose-indexer`, `choose-port`.
    pub topic: String,
    /// The question in words.
    pub question: String,
    /// The options; at least one.
    pub options: Vec<DecisionOption>,
    /// What is known: signature, ecosystem, versions.
    #[serde(default)]
    pub context: BTreeMap<String, String>,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionOption {
    /// Stable name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Numbers the rules rank by; larger `prior` is better.
    #[serde(default)]
    pub features: BTreeMap<String, f64>,
}

/// A decision, recorded with its inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Kind of question.
    pub topic: String,
    /// The question in words.
    pub question: String,
    /// Names of the options there were.
    pub options: Vec<String>,
    /// The name of the one chosen.
    pub choice: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// Why, in one sentence.
    pub rationale: String,
    /// Which model decided: `rules`, `outcomes`, a language model's name.
    pub model: String,
    /// Which manager asked.
    pub manager: String,
}

/// Takes decisions. `None` hands the question to the next model of the chain.
pub trait DecisionModel: Send + Sync {
    /// The model's name.
    fn name(&self) -> &str;

    /// Chooses one of the options, or declines.
    fn decide(&self, question: &DecisionQuestion) -> Option<Decision>;
}
