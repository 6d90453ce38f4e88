//! The rule model: takes the option with the largest `prior`.

use rr_core::{Decision, DecisionModel, DecisionQuestion};

/// Chooses the option whose `prior` feature is largest; ties go to the earlier option, because
/// callers list options in their own order of preference.
#[derive(Debug, Default)]
pub struct RuleModel;

impl DecisionModel for RuleModel {
    fn name(&self) -> &str {
        "rules"
    }

    fn decide(&self, question: &DecisionQuestion) -> Option<Decision> {
        let priors: Vec<f64> = question
            .options
            .iter()
            .map(|option| option.features.get("prior").copied().unwrap_or(0.0))
            .collect();
        let mut best = 0;
        for (at, prior) in priors.iter().enumerate() {
            if *prior > priors[best] {
                best = at;
            }
        }
        let chosen = question.options.get(best)?;
        let total: f64 = priors.iter().map(|p| p.max(0.0)).sum();
        let confidence =
            if total > 0.0 { priors[best] / total } else { 1.0 / question.options.len() as f64 };
        Some(Decision {
            topic: question.topic.clone(),
            question: question.question.clone(),
            options: question.options.iter().map(|o| o.name.clone()).collect(),
            choice: chosen.name.clone(),
            confidence,
            rationale: chosen.description.clone(),
            model: self.name().to_owned(),
            manager: String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rr_core::DecisionOption;

    use super::*;

    fn question(priors: &[f64]) -> DecisionQuestion {
        let option = |(at, prior): (usize, &f64)| DecisionOption {
            name: format!("o{at}"),
            description: String::new(),
            features: BTreeMap::from([("prior".to_owned(), *prior)]),
        };
        DecisionQuestion {
            topic: "t".into(),
            question: "q".into(),
            options: priors.iter().enumerate().map(option).collect(),
            context: BTreeMap::new(),
        }
    }

    #[test]
    fn largest_prior_wins_and_ties_go_to_the_first() {
        let choice = |p: &[f64]| RuleModel.decide(&question(p)).map(|d| d.choice);
        assert_eq!(choice(&[0.2, 0.7, 0.1]).as_deref(), Some("o1"));
        assert_eq!(choice(&[0.5, 0.5]).as_deref(), Some("o0"));
        assert_eq!(choice(&[]), None);
    }
}
