//! ModelManager: which models answer, in which order, and what they may cost.

use std::sync::Arc;

use rr_accounts::TierPolicy;
use rr_core::{
    AgentName, Decision, DecisionQuestion, GenerativeModel, Manager, ManagerName, ModelCall, Tier,
};
use rr_models::{DecisionChain, ModelPool, ModelSettings, Spending, Spent};
use serde_json::{Value, json};

use crate::desk::Desk;

/// Keeps the chain of decision models that the other managers ask, and the pool of language models
/// that agents ask.
pub struct ModelManager {
    desk: Desk,
    pool: Option<Arc<ModelPool>>,
}

impl ModelManager {
    /// A manager over this chain, without language models.
    #[must_use]
    pub fn new(chain: DecisionChain) -> Self {
        Self { desk: Desk::new(ManagerName::ModelManager, AGENTS, chain), pool: None }
    }

    /// The same with language models.
    #[must_use]
    pub fn with_models(self, pool: Arc<ModelPool>) -> Self {
        Self { pool: Some(pool), ..self }
    }

    /// The chain for another manager.
    #[must_use]
    pub fn chain(&self) -> DecisionChain {
        self.desk.chain().clone()
    }

    /// The language models as agents see them: one that knows its fallbacks itself.
    #[must_use]
    pub fn generative(&self) -> Option<Arc<dyn GenerativeModel>> {
        self.pool.clone().map(|pool| pool as Arc<dyn GenerativeModel>)
    }

    /// What a user of this tier may spend in a day, each limit with its name in messages.
    #[must_use]
    pub fn daily_limits(tier: Tier, settings: &ModelSettings) -> Vec<(String, Spending)> {
        let quota = &TierPolicy::of(tier).quota;
        let of_tier = Spending {
            tokens: Some(quota.model_tokens_per_day),
            cost_micros: Some(quota.model_cost_micros_per_day),
        };
        vec![("user's day".to_owned(), settings.per_user), (format!("tier `{tier}`"), of_tier)]
    }

    /// Says what the run spent before this process took it up.
    pub fn resume(&self, spent: Spent) {
        if let Some(pool) = &self.pool {
            pool.account().resume(spent);
        }
    }

    /// The calls since the last time, each consultation's choice of a model recorded as a decision.
    #[must_use]
    pub fn settle(&self) -> Vec<ModelCall> {
        let Some(pool) = &self.pool else { return Vec::new() };
        let calls = pool.take_calls();
        if let Some(decision) = choice(&pool.labels(), &calls) {
            self.desk.record(decision);
        }
        calls
    }
}

const AGENTS: &[AgentName] = &[AgentName::FixerAgent];

/// Which model answered, and why those before it did not. `None` where none was asked.
fn choice(models: &[String], calls: &[ModelCall]) -> Option<Decision> {
    let last = calls.last()?;
    let label = |call: &ModelCall| format!("{} ({})", call.provider, call.model);
    let mut passed: Vec<String> = calls
        .iter()
        .filter_map(|call| Some(format!("{}: {}", call.provider, call.error.as_ref()?)))
        .collect();
    passed.dedup();
    let rationale = match (passed.is_empty(), last.cached) {
        (true, true) => "it answered the same before".to_owned(),
        (true, false) => "the first in the configured order".to_owned(),
        (false, _) => passed.join("; "),
    };
    let answered = last.error.is_none();
    Some(Decision {
        topic: "choose-model".to_owned(),
        question: "which model answers?".to_owned(),
        options: models.to_vec(),
        choice: if answered { label(last) } else { String::new() },
        confidence: if answered { 1.0 } else { 0.0 },
        rationale,
        model: "rules".to_owned(),
        manager: ManagerName::ModelManager.to_string(),
    })
}

impl Manager for ModelManager {
    fn name(&self) -> ManagerName {
        self.desk.name()
    }

    fn agents(&self) -> &[AgentName] {
        self.desk.agents()
    }

    fn decide(&self, question: &DecisionQuestion) -> Decision {
        self.desk.decide(question)
    }

    fn checkpoint(&self) -> Value {
        let mut state = self.desk.checkpoint();
        if let Some(pool) = &self.pool {
            let states = pool.states();
            let models = states.iter().map(|(settings, state)| {
                json!({
                    "name": settings.name,
                    "kind": settings.kind.as_str(),
                    "model": settings.model,
                    "not_asked_because": state,
                })
            });
            state["models"] = models.collect();
            let spent = pool.account().spent();
            state["spent"] = json!({"tokens": spent.tokens, "cost_micros": spent.cost_micros});
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(provider: &str, error: Option<&str>) -> ModelCall {
        ModelCall {
            purpose: "p".into(),
            provider: provider.into(),
            model: "m".into(),
            attempts: 1,
            input_tokens: 0,
            output_tokens: 0,
            cost_micros: None,
            seconds: 0.0,
            cached: false,
            error: error.map(str::to_owned),
        }
    }

    #[test]
    fn a_fallback_is_a_decision_with_its_reason() {
        let models = ["a (m)".to_owned(), "b (m)".to_owned()];
        let calls = [call("a", Some("status 429")), call("b", None)];
        let decision = choice(&models, &calls).expect("a decision");
        assert_eq!(decision.choice, "b (m)");
        assert_eq!(decision.rationale, "a: status 429");
        assert_eq!(choice(&models, &[]), None);
        let none = choice(&models, &calls[..1]).expect("a decision");
        assert_eq!((none.choice.as_str(), none.confidence), ("", 0.0));
    }

    #[test]
    fn every_tier_is_limited_in_tokens_and_cost() {
        let text = "[models.providers.a]\nkind = \"ollama\"\nmodel = \"m\"\n";
        let settings = ModelSettings::read(std::path::Path::new("c"), text);
        let settings = settings.expect("reads").expect("models");
        for tier in Tier::ALL {
            let limits = ModelManager::daily_limits(tier, &settings);
            let (_, of_tier) = &limits[1];
            assert!(of_tier.tokens.is_some() && of_tier.cost_micros.is_some(), "{tier}");
        }
    }
}
