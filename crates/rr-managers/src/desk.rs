//! What all managers share: a chain of decision models and a record of decisions.

use std::sync::{Mutex, PoisonError};

use rr_core::{AgentName, Decision, DecisionModel as _, DecisionQuestion, ManagerName};
use rr_models::{DecisionChain, RuleModel};
use serde_json::{Value, json};

/// A manager's desk: it decides, and keeps what was decided.
pub(crate) struct Desk {
    name: ManagerName,
    agents: &'static [AgentName],
    chain: DecisionChain,
    decided: Mutex<Vec<Decision>>,
}

impl Desk {
    pub(crate) fn new(
        name: ManagerName,
        agents: &'static [AgentName],
        chain: DecisionChain,
    ) -> Self {
        Self { name, agents, chain, decided: Mutex::new(Vec::new()) }
    }

    pub(crate) fn name(&self) -> ManagerName {
        self.name
    }

    pub(crate) fn agents(&self) -> &'static [AgentName] {
        self.agents
    }

    pub(crate) fn chain(&self) -> &DecisionChain {
        &self.chain
    }

    /// Decides and records. A question without options yields a decision for nothing.
    pub(crate) fn decide(&self, question: &DecisionQuestion) -> Decision {
        let mut decision = self.chain.decide(question).unwrap_or_else(|| Decision {
            topic: question.topic.clone(),
            question: question.question.clone(),
            options: Vec::new(),
            choice: String::new(),
            confidence: 0.0,
            rationale: "there was nothing to choose from".to_owned(),
            model: "rules".to_owned(),
            manager: String::new(),
        });
        decision.manager = self.name.to_string();
        self.record(decision.clone());
        decision
    }

    /// Decides by the rules alone, and records.
    pub(crate) fn decide_by_rules(&self, question: &DecisionQuestion) -> Option<Decision> {
        let mut decision = RuleModel.decide(question)?;
        decision.manager = self.name.to_string();
        self.record(decision.clone());
        Some(decision)
    }

    /// Records a decision that followed from facts alone.
    pub(crate) fn record(&self, decision: Decision) {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).push(decision);
    }

    /// What was decided so far.
    pub(crate) fn decisions(&self) -> Vec<Decision> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The state for `manager_state_<Manager>.json`.
    pub(crate) fn checkpoint(&self) -> Value {
        let decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "manager": self.name,
            "managed_agents": self.agents,
            "decision_models": self.chain.names(),
            "decisions": *decided,
        })
    }
}

/// Implements [`rr_core::Manager`] for a struct with a `desk` field.
macro_rules! manager {
    ($name:ident) => {
        impl rr_core::Manager for $name {
            fn name(&self) -> rr_core::ManagerName {
                self.desk.name()
            }

            fn agents(&self) -> &[rr_core::AgentName] {
                self.desk.agents()
            }

            fn decide(&self, question: &rr_core::DecisionQuestion) -> rr_core::Decision {
                self.desk.decide(question)
            }

            fn checkpoint(&self) -> serde_json::Value {
                self.desk.checkpoint()
            }
        }
    };
}

pub(crate) use manager;
