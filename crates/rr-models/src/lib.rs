//! Models: who chooses when there is more than one way on, and who is asked for ideas.
//!
//! A [`DecisionChain`] asks its decision models in turn; the first that does not decline decides.
//! The last one is always [`RuleModel`], which never declines, so that the product works with no
//! model and no key at all. A [`ModelPool`] is all configured language models behind
//! [`rr_core::GenerativeModel`]. Nothing here knows what is being decided or repaired; processes
//! are started through an [`rr_core::Executor`] that others made.

pub mod account;
mod breaker;
mod chain;
mod decide;
mod exchanges;
pub mod outcomes;
mod pool;
mod provider;
mod redact;
mod render;
mod retry;
mod rules;
pub mod schema;
mod seed;
pub mod settings;

pub use account::{Account, Spent, UsageBook};
pub use chain::DecisionChain;
pub use decide::LanguageDecision;
pub use outcomes::OutcomeModel;
pub use pool::{ModelPool, PoolParts};
pub use provider::open_pool;
pub use redact::{HIDDEN, Redactor};
pub use rules::RuleModel;
pub use seed::seed_fixes;
pub use settings::{ModelSettings, ProviderKind, ProviderSettings, Spending};
