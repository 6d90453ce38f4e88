//! Repairs with and without a fix memory: what a wrong one may cost.

use std::collections::BTreeMap;
use std::sync::Arc;

use rr_core::{
    CauseClass, Diagnosis, FixCounts, FixKey, FixOrigin, FixRecord, Remedy, RemedyKind, StepId,
};
use rr_managers::{MOST_DEPARTURES, OrchestratorManager, RemedyQuestion};
use rr_models::{DecisionChain, OutcomeModel};

/// A failure with its remedies, and which of them help.
struct Episode {
    ecosystem: String,
    diagnosis: Diagnosis,
    helps: BTreeMap<String, bool>,
}

fn manager() -> OrchestratorManager {
    OrchestratorManager::new(DecisionChain::new(vec![Arc::new(OutcomeModel)]))
}

/// A remedy's kind and place are what the memory knows it by.
fn remedy(title: &str) -> Remedy {
    let kind = RemedyKind::PatchRecipe { what: title.to_owned() };
    Remedy { kind, title: title.to_owned(), edits: Vec::new(), resume_at: None }
}

fn episode(ecosystem: &str, signature: &str, confidence: f32, titles: &[&str]) -> Episode {
    Episode {
        ecosystem: ecosystem.to_owned(),
        diagnosis: Diagnosis {
            signature: signature.to_owned(),
            cause: CauseClass::Environment,
            step: StepId::new("s"),
            evidence_line: String::new(),
            explanation: String::new(),
            confidence,
            remedies: titles.iter().map(|title| remedy(title)).collect(),
        },
        helps: BTreeMap::new(),
    }
}

impl Episode {
    /// Attempts until one helps, or until nothing is left.
    fn attempts(&self, memory: &[FixRecord], seed: &str) -> u32 {
        let (mut tried, mut departures) = (Vec::new(), 0);
        while let Some(choice) = manager().choose_remedy(&RemedyQuestion {
            ecosystem: &self.ecosystem,
            diagnoses: std::slice::from_ref(&self.diagnosis),
            tried: &tried,
            memory,
            departures,
            seed: &format!("{seed} {}", tried.len()),
        }) {
            tried.push(OrchestratorManager::remedy_key(&choice.diagnosis, &choice.remedy));
            if self.helps.get(&choice.remedy.title) == Some(&true) {
                break;
            }
            departures += u32::from(choice.departed);
        }
        tried.len() as u32
    }

    /// A memory that lies: what helps is said to have failed `times`, and the other way round.
    fn lies(&self, times: u32) -> Vec<FixRecord> {
        let record = |(place, remedy): (usize, &Remedy)| {
            let helped = self.helps.get(&remedy.title) != Some(&true);
            Some(FixRecord {
                key: FixKey::of(&self.ecosystem, &self.diagnosis, place)?,
                counts: FixCounts { tries: times, cured: times * u32::from(helped), seconds: 1.0 },
                origin: FixOrigin::Own,
            })
        };
        self.diagnosis.remedies.iter().enumerate().filter_map(record).collect()
    }
}

#[test]
fn the_bound_holds_whatever_the_memory_says_and_whichever_remedy_helps() {
    let titles = ["a", "b", "c", "d", "e", "f"];
    for helping in titles {
        let mut episode = episode("python", "python.broken:x", 0.7, &titles);
        episode.helps.insert(helping.to_owned(), true);
        let rules = episode.attempts(&[], "");
        for trusted in 0..titles.len() {
            let mut memory = episode.lies(50);
            memory[trusted].counts.cured = memory[trusted].counts.tries;
            for seed in 0..20 {
                let attempts = episode.attempts(&memory, &format!("{seed}"));
                assert!(attempts <= rules + MOST_DEPARTURES, "{helping} {trusted} {seed}");
            }
        }
    }
}
