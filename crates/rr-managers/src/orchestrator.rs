//! OrchestratorManager: what a run does next when something failed.

use std::collections::BTreeMap;

use rr_core::{
    AgentName, Decision, DecisionOption, DecisionQuestion, Diagnosis, ManagerName, Remedy,
};
use rr_models::DecisionChain;

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

    /// Chooses among the remedies of all diagnoses that were not tried before (see
    /// [`remedy_key`](Self::remedy_key)). `None` where none is left.
    pub fn choose_remedy(
        &self,
        ecosystem: &str,
        diagnoses: &[Diagnosis],
        tried: &[String],
    ) -> Option<RemedyChoice> {
        let candidates: Vec<(&Diagnosis, &Remedy, f64)> = diagnoses
            .iter()
            .flat_map(|diagnosis| {
                diagnosis.remedies.iter().enumerate().map(move |(at, remedy)| {
                    // Later remedies of one diagnosis are its second choices.
                    let prior = f64::from(diagnosis.confidence) / (1.0 + at as f64 * 0.25);
                    (diagnosis, remedy, prior)
                })
            })
            .filter(|(diagnosis, remedy, _)| !tried.contains(&Self::remedy_key(diagnosis, remedy)))
            .collect();
        let options: Vec<DecisionOption> = candidates
            .iter()
            .map(|(diagnosis, remedy, prior)| DecisionOption {
                name: Self::remedy_key(diagnosis, remedy),
                description: format!("{}: {}", diagnosis.explanation, remedy.title),
                features: BTreeMap::from([("prior".to_owned(), *prior)]),
            })
            .collect();
        let step = &diagnoses.first()?.step;
        if options.is_empty() {
            return None;
        }
        let decision = self.desk.decide(&DecisionQuestion {
            topic: "rank-remedies".to_owned(),
            question: format!("which remedy for the failure of step `{step}`?"),
            options,
            context: BTreeMap::from([("ecosystem".to_owned(), ecosystem.to_owned())]),
        });
        let (diagnosis, remedy, _) = candidates.into_iter().find(|(diagnosis, remedy, _)| {
            Self::remedy_key(diagnosis, remedy) == decision.choice
        })?;
        Some(RemedyChoice { diagnosis: diagnosis.clone(), remedy: remedy.clone(), decision })
    }

    /// Names a remedy for a signature: it is never applied twice in one run.
    #[must_use]
    pub fn remedy_key(diagnosis: &Diagnosis, remedy: &Remedy) -> String {
        format!("{} -> {}", diagnosis.signature, remedy.title)
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
        while let Some(choice) = manager.choose_remedy("python", &diagnoses, &tried) {
            tried.push(OrchestratorManager::remedy_key(&choice.diagnosis, &choice.remedy));
            order.push(choice.remedy.title);
        }
        assert_eq!(order, ["y", "z", "x"]);
    }
}
