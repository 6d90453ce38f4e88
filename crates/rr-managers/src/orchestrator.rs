//! OrchestratorManager: what a run does next when something failed.

use std::collections::BTreeMap;

use rr_core::{
    AgentName, Decision, DecisionModel as _, DecisionOption, DecisionQuestion, Diagnosis,
    FixHistory, FixKey, FixRecord, ManagerName, Remedy,
};
use rr_models::{DecisionChain, RuleModel, outcomes};

use crate::desk::{Desk, manager};

/// Decides which remedy is tried next.
pub struct OrchestratorManager {
    desk: Desk,
}

/// A remedy chosen, with the decision that chose it.
#[derive(Clone, Debug, PartialEq)]
pub struct RemedyChoice {
    /// What it treats.
    pub diagnosis: Diagnosis,
    /// What is done.
    pub remedy: Remedy,
    /// Why this one.
    pub decision: Decision,
    /// Which remedy for which error, as the fix memory keeps it.
    pub fix: FixKey,
    /// Whether the rules alone would have taken another one first.
    pub departed: bool,
}

/// What a remedy is chosen from.
#[derive(Clone, Copy, Debug)]
pub struct RemedyQuestion<'a> {
    /// The ecosystem of the failed step.
    pub ecosystem: &'a str,
    /// What may be wrong, each with its remedies.
    pub diagnoses: &'a [Diagnosis],
    /// Remedies tried before in this run, see [`OrchestratorManager::remedy_key`].
    pub tried: &'a [String],
    /// What is remembered of such errors.
    pub memory: &'a [FixRecord],
    /// How many remedies that the rules would not have taken first did not help in this run.
    pub departures: u32,
    /// Seeds what is drawn at random, so that a decision can be repeated.
    pub seed: &'a str,
}

/// After so many departures from the rules' order that did not help, only the rules decide: a
/// memory that is wrong costs a run at most so many attempts.
pub const MOST_DEPARTURES: u32 = 2;

struct Candidate<'a> {
    diagnosis: &'a Diagnosis,
    remedy: &'a Remedy,
    name: String,
    fix: FixKey,
    prior: f64,
}

manager!(OrchestratorManager);

impl OrchestratorManager {
    /// A manager that asks this chain.
    #[must_use]
    pub fn new(chain: DecisionChain) -> Self {
        const AGENTS: &[AgentName] = &[
            AgentName::EnvDetectorAgent,
            AgentName::DetectionAgent,
            AgentName::RequirementsAgent,
            AgentName::DependencyAgent,
            AgentName::SetupAgent,
            AgentName::ConfigAgent,
            AgentName::FileAgent,
            AgentName::ContextIndexerAgent,
            AgentName::FixerAgent,
        ];
        Self { desk: Desk::new(ManagerName::OrchestratorManager, AGENTS, chain) }
    }

    /// Chooses among the remedies of all diagnoses that were not tried before. `None` where none
    /// is left.
    pub fn choose_remedy(&self, asked: &RemedyQuestion<'_>) -> Option<RemedyChoice> {
        let candidates = candidates(asked);
        let step = &asked.diagnoses.first()?.step;
        let mut question = DecisionQuestion {
            topic: "rank-remedies".to_owned(),
            question: format!("which remedy for the failure of step `{step}`?"),
            options: candidates.iter().map(|c| c.option(&[])).collect(),
            context: BTreeMap::from([
                ("ecosystem".to_owned(), asked.ecosystem.to_owned()),
                (outcomes::SEED.to_owned(), asked.seed.to_owned()),
            ]),
        };
        let by_rules = RuleModel.decide(&question)?.choice;
        let decision = if asked.departures < MOST_DEPARTURES {
            question.options = candidates.iter().map(|c| c.option(asked.memory)).collect();
            self.desk.decide(&question)
        } else {
            self.desk.decide_by_rules(&question)?
        };
        let departed = decision.choice != by_rules;
        let chosen = candidates.into_iter().find(|c| c.name == decision.choice)?;
        Some(RemedyChoice {
            diagnosis: chosen.diagnosis.clone(),
            remedy: chosen.remedy.clone(),
            fix: chosen.fix,
            decision,
            departed,
        })
    }

    /// Names a remedy for a signature: it is never applied twice in one run.
    #[must_use]
    pub fn remedy_key(diagnosis: &Diagnosis, remedy: &Remedy) -> String {
        format!("{} -> {}", diagnosis.signature, remedy.title)
    }
}

fn candidates<'a>(asked: &RemedyQuestion<'a>) -> Vec<Candidate<'a>> {
    let mut found = Vec::new();
    for diagnosis in asked.diagnoses {
        for (place, remedy) in diagnosis.remedies.iter().enumerate() {
            let name = OrchestratorManager::remedy_key(diagnosis, remedy);
            // Later remedies of one diagnosis are its second choices.
            let prior = f64::from(diagnosis.confidence) / (1.0 + place as f64 * 0.25);
            let fix = FixKey::of(asked.ecosystem, diagnosis, place);
            if let Some(fix) = fix.filter(|_| !asked.tried.contains(&name)) {
                found.push(Candidate { diagnosis, remedy, name, fix, prior });
            }
        }
    }
    found
}

impl Candidate<'_> {
    /// The candidate as an option, with what a memory knows of it.
    fn option(&self, memory: &[FixRecord]) -> DecisionOption {
        let history = FixHistory::of(&self.fix, memory);
        let mut features = BTreeMap::from([("prior".to_owned(), self.prior)]);
        if !history.is_empty() {
            let FixHistory { exact, class } = history;
            for (name, count) in [
                (outcomes::EXACT_TRIES, exact.tries),
                (outcomes::EXACT_CURED, exact.cured),
                (outcomes::CLASS_TRIES, class.tries),
                (outcomes::CLASS_CURED, class.cured),
            ] {
                features.insert(name.to_owned(), f64::from(count));
            }
        }
        DecisionOption {
            name: self.name.clone(),
            description: format!("{}: {}", self.diagnosis.explanation, self.remedy.title),
            features,
        }
    }
}

#[cfg(test)]
mod tests {
    use rr_core::{CauseClass, RemedyKind, StepId};

    use super::*;

    fn diagnosis(signature: &str, confidence: f32, titles: &[&str]) -> Diagnosis {
        Diagnosis {
            signature: signature.into(),
            cause: CauseClass::Environment,
            step: StepId::new("s"),
            evidence_line: String::new(),
            explanation: String::new(),
            confidence,
            remedies: titles
                .iter()
                .map(|title| Remedy {
                    kind: RemedyKind::Retry,
                    title: (*title).to_owned(),
                    edits: Vec::new(),
                    resume_at: None,
                })
                .collect(),
        }
    }

    #[test]
    fn surest_first_then_second_choices_and_never_twice() {
        let manager = OrchestratorManager::new(DecisionChain::new(Vec::new()));
        let diagnoses = [diagnosis("a", 0.5, &["x"]), diagnosis("b", 0.9, &["y", "z"])];
        let mut tried = Vec::new();
        let mut order = Vec::new();
        while let Some(choice) = manager.choose_remedy(&RemedyQuestion {
            ecosystem: "python",
            diagnoses: &diagnoses,
            tried: &tried,
            memory: &[],
            departures: 0,
            seed: "",
        }) {
            assert!(!choice.departed);
            tried.push(OrchestratorManager::remedy_key(&choice.diagnosis, &choice.remedy));
            order.push(choice.remedy.title);
        }
        assert_eq!(order, ["y", "z", "x"]);
    }
}
