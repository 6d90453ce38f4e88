//! Decision models: who chooses when there is more than one way on.
//!
//! A [`DecisionChain`] asks its models in turn; the first that does not decline decides. The last
//! one is always [`RuleModel`], which never declines, so that the product works with no model and
//! no key at all. Nothing here knows what is being decided.

mod chain;
pub mod outcomes;
mod rules;
mod seed;

pub use chain::DecisionChain;
pub use outcomes::OutcomeModel;
pub use rules::RuleModel;
pub use seed::seed_fixes;
