//! The outcome model: a contextual bandit over what options did before.
//!
//! Each option's chance is a Beta distribution. Its prior is what the rules believe; recorded
//! tries move it. Options with a record are drawn from their distribution (Thompson sampling:
//! what did well is tried first, what is uncertain still gets its turn), options without one stand
//! at their prior, so that a model without experience changes nothing.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand_distr::{Beta, Distribution as _};
use rr_core::{Decision, DecisionModel, DecisionOption, DecisionQuestion};

/// Feature: tries for this very case.
pub const EXACT_TRIES: &str = "exact_tries";
/// Feature: those of [`EXACT_TRIES`] that helped.
pub const EXACT_CURED: &str = "exact_cured";
/// Feature: tries for cases of the same class.
pub const CLASS_TRIES: &str = "class_tries";
/// Feature: those of [`CLASS_TRIES`] that helped.
pub const CLASS_CURED: &str = "class_cured";
/// Context: seeds the draw, so that a decision can be repeated.
pub const SEED: &str = "seed";

/// How many tries the rules' belief weighs.
const PRIOR_WEIGHT: f64 = 4.0;
/// What a try for another case of the class weighs, against one for this very case.
const CLASS_WEIGHT: f64 = 0.5;
/// No record weighs more than this many tries: the world changes, and imports may be wrong.
const MOST_TRIES: f64 = 40.0;

/// Chooses by recorded outcomes; declines where no option has any.
#[derive(Debug, Default)]
pub struct OutcomeModel;

/// What is believed of one option.
struct Belief {
    alpha: f64,
    beta: f64,
    known: bool,
}

impl DecisionModel for OutcomeModel {
    fn name(&self) -> &str {
        "outcomes"
    }

    fn decide(&self, question: &DecisionQuestion) -> Option<Decision> {
        let beliefs: Vec<Belief> = question.options.iter().map(Belief::of).collect();
        if !beliefs.iter().any(|belief| belief.known) {
            return None;
        }
        let seed = question.context.get(SEED).map_or(0, |text| hash(text));
        let mut random = StdRng::seed_from_u64(seed);
        let drawn: Vec<f64> = beliefs.iter().map(|belief| belief.draw(&mut random)).collect();
        let mut best = 0;
        for (at, value) in drawn.iter().enumerate() {
            if *value > drawn[best] {
                best = at;
            }
        }
        let chosen = question.options.get(best)?;
        Some(Decision {
            topic: question.topic.clone(),
            question: question.question.clone(),
            options: question.options.iter().map(|o| o.name.clone()).collect(),
            choice: chosen.name.clone(),
            confidence: beliefs[best].mean(),
            rationale: rationale(chosen),
            model: self.name().to_owned(),
            manager: String::new(),
        })
    }
}

impl Belief {
    fn of(option: &DecisionOption) -> Self {
        let feature = |name: &str| option.features.get(name).copied().unwrap_or(0.0).max(0.0);
        let prior = feature("prior").clamp(0.05, 0.95);
        let (exact_cured, exact_failed) = capped(feature(EXACT_TRIES), feature(EXACT_CURED));
        let (class_cured, class_failed) = capped(feature(CLASS_TRIES), feature(CLASS_CURED));
        Self {
            alpha: PRIOR_WEIGHT * prior + exact_cured + CLASS_WEIGHT * class_cured,
            beta: PRIOR_WEIGHT * (1.0 - prior) + exact_failed + CLASS_WEIGHT * class_failed,
            known: feature(EXACT_TRIES) + feature(CLASS_TRIES) > 0.0,
        }
    }

    fn mean(&self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    fn draw(&self, random: &mut StdRng) -> f64 {
        match Beta::new(self.alpha, self.beta) {
            Ok(distribution) if self.known => distribution.sample(random),
            _ => self.mean(),
        }
    }
}

/// Successes and failures, scaled down together where there are too many.
fn capped(tries: f64, cured: f64) -> (f64, f64) {
    let cured = cured.min(tries);
    let scale = if tries > MOST_TRIES { MOST_TRIES / tries } else { 1.0 };
    (cured * scale, (tries - cured) * scale)
}

fn rationale(option: &DecisionOption) -> String {
    let feature = |name: &str| option.features.get(name).copied().unwrap_or(0.0);
    let exact = (feature(EXACT_CURED), feature(EXACT_TRIES));
    let class = (feature(CLASS_CURED), feature(CLASS_TRIES));
    let told = match (exact.1 > 0.0, class.1 > 0.0) {
        (true, _) => format!("helped {} of {} times before", exact.0, exact.1),
        (false, true) => format!("helped {} of {} times for errors of its class", class.0, class.1),
        (false, false) => "not tried before".to_owned(),
    };
    format!("{} ({told})", option.description)
}

/// FNV-1a, 64 bits: the same on every machine and in every version.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn option(name: &str, features: &[(&str, f64)]) -> DecisionOption {
        DecisionOption {
            name: name.into(),
            description: name.into(),
            features: features.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        }
    }

    fn choices(options: &[DecisionOption]) -> BTreeMap<String, usize> {
        let mut counted = BTreeMap::new();
        for seed in 0..200 {
            let question = DecisionQuestion {
                topic: "t".into(),
                question: "q".into(),
                options: options.to_vec(),
                context: BTreeMap::from([(SEED.to_owned(), format!("run {seed}"))]),
            };
            let decision = OutcomeModel.decide(&question).expect("experience");
            assert_eq!(Some(&decision), OutcomeModel.decide(&question).as_ref(), "repeatable");
            *counted.entry(decision.choice).or_default() += 1;
        }
        counted
    }

    #[test]
    fn without_experience_the_question_is_handed_on() {
        let question = DecisionQuestion {
            topic: "t".into(),
            question: "q".into(),
            options: vec![option("a", &[("prior", 0.9)]), option("b", &[("prior", 0.1)])],
            context: BTreeMap::new(),
        };
        assert_eq!(OutcomeModel.decide(&question), None);
    }

    #[test]
    fn what_helped_before_comes_before_what_the_rules_prefer() {
        let counted = choices(&[
            option("preferred", &[("prior", 0.8), (EXACT_TRIES, 12.0)]),
            option("proved", &[("prior", 0.4), (CLASS_TRIES, 30.0), (CLASS_CURED, 29.0)]),
        ]);
        assert!(counted["proved"] > 190, "{counted:?}");
    }

    #[test]
    fn little_experience_leaves_both_their_turn() {
        let counted = choices(&[
            option("a", &[("prior", 0.6), (EXACT_TRIES, 1.0)]),
            option("b", &[("prior", 0.5), (EXACT_TRIES, 1.0), (EXACT_CURED, 1.0)]),
        ]);
        assert!(counted["a"] > 10 && counted["b"] > 60, "{counted:?}");
    }

    #[test]
    fn no_count_outweighs_everything_for_ever() {
        let (cured, failed) = capped(1e9, 1e9);
        assert!(cured <= MOST_TRIES && failed < 1.0);
        let (cured, failed) = capped(3.0, 7.0);
        assert_eq!((cured, failed), (3.0, 0.0), "more cures than tries are no more than tries");
    }
}
