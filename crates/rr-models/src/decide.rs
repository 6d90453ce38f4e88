//! A language model as a decision model: it may choose among the options and nothing else.

use std::sync::Arc;

use rr_core::{
    AnswerSchema, CancelToken, Decision, DecisionModel, DecisionQuestion, GenerativeModel, Part,
    Prompt, Turn,
};
use serde_json::json;

/// Chooses by asking a generative model; declines where it gives no usable answer.
pub struct LanguageDecision {
    model: Arc<dyn GenerativeModel>,
    cancel: CancelToken,
}

impl LanguageDecision {
    /// A decision model that asks this one.
    #[must_use]
    pub fn new(model: Arc<dyn GenerativeModel>, cancel: CancelToken) -> Self {
        Self { model, cancel }
    }
}

impl DecisionModel for LanguageDecision {
    fn name(&self) -> &str {
        "language-model"
    }

    fn decide(&self, question: &DecisionQuestion) -> Option<Decision> {
        if question.options.len() < 2 {
            return None;
        }
        let names: Vec<String> = (1..=question.options.len()).map(|n| n.to_string()).collect();
        let answer = self.model.generate(&prompt(question, &names), &self.cancel).ok()?.clone();
        let value = answer.value?;
        let at = names.iter().position(|name| value["choice"] == **name)?;
        let chosen = question.options.get(at)?;
        Some(Decision {
            topic: question.topic.clone(),
            question: question.question.clone(),
            options: question.options.iter().map(|o| o.name.clone()).collect(),
            choice: chosen.name.clone(),
            confidence: 0.5,
            rationale: value["reason"].as_str().unwrap_or_default().to_owned(),
            model: answer.model,
            manager: String::new(),
        })
    }
}

fn prompt(question: &DecisionQuestion, names: &[String]) -> Prompt {
    let mut parts = vec![Part::ours(format!("{}\nThe options:", question.question))];
    for (name, option) in names.iter().zip(&question.options) {
        let features: Vec<String> =
            option.features.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let known = if features.is_empty() { String::new() } else { features.join(", ") };
        parts.push(Part::ours(format!("option {name} ({known}):")));
        // Descriptions quote what a failing program printed.
        parts.push(Part::untrusted(format!("option {name}"), option.description.clone()));
    }
    Prompt {
        purpose: question.topic.clone(),
        system: "You choose which of several remedies is tried first on a failed step of a \
                 repository's set-up. `prior` is how likely the rules think it helps; tries and \
                 cures are how often it was tried before and helped."
            .to_owned(),
        turns: vec![Turn::Ask(parts)],
        schema: Some(AnswerSchema {
            name: "choice".to_owned(),
            schema: json!({
                "type": "object",
                "properties": {
                    "choice": {"type": "string", "enum": names},
                    "reason": {"type": "string", "maxLength": 300},
                },
                "required": ["choice", "reason"],
                "additionalProperties": false,
            }),
        }),
        max_tokens: 300,
    }
}
