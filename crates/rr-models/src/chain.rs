//! A chain of decision models.

use std::sync::Arc;

use rr_core::{Decision, DecisionModel, DecisionQuestion};

use crate::rules::RuleModel;

/// Asks models in turn. A model that answers with something that was no option is passed over.
#[derive(Clone)]
pub struct DecisionChain {
    models: Vec<Arc<dyn DecisionModel>>,
}

impl DecisionChain {
    /// A chain of these models, with the rules behind them.
    #[must_use]
    pub fn new(mut models: Vec<Arc<dyn DecisionModel>>) -> Self {
        models.push(Arc::new(RuleModel));
        Self { models }
    }

    /// The names of the models, in the order in which they are asked.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.models.iter().map(|model| model.name().to_owned()).collect()
    }

    /// Decides. `None` only where the question has no options.
    #[must_use]
    pub fn decide(&self, question: &DecisionQuestion) -> Option<Decision> {
        self.models.iter().find_map(|model| {
            let decision = model.decide(question)?;
            question.options.iter().any(|o| o.name == decision.choice).then_some(decision)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rr_core::DecisionOption;

    use super::*;

    struct Stray;

    impl DecisionModel for Stray {
        fn name(&self) -> &str {
            "stray"
        }

        fn decide(&self, question: &DecisionQuestion) -> Option<Decision> {
            let mut decision = RuleModel.decide(question)?;
            decision.choice = "never offered".into();
            decision.model = "stray".into();
            Some(decision)
        }
    }

    #[test]
    fn an_answer_that_was_no_option_falls_through_to_the_rules() {
        let question = DecisionQuestion {
            topic: "t".into(),
            question: "q".into(),
            options: vec![DecisionOption {
                name: "only".into(),
                description: String::new(),
                features: BTreeMap::new(),
            }],
            context: BTreeMap::new(),
        };
        let decision = DecisionChain::new(vec![Arc::new(Stray)]).decide(&question);
        assert_eq!(decision.map(|d| (d.choice, d.model)), Some(("only".into(), "rules".into())));
    }
}
