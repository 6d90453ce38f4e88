//! What each user tier may do: capabilities, quotas, and the choice of a context index.
//!
//! Pure: tables and rules over values that are handed in. It must not know who a user is, where
//! accounts are kept, or how requests are counted over time; [`Quota`] only says how many there
//! may be.

mod capability;
mod indexer;
mod quota;
mod tier_policy;

pub use capability::Capability;
pub use indexer::{IndexChoice, IndexQuestion, Reason, Recommendation, Stage, choose_index};
pub use quota::{GpuClass, Quota};
pub use tier_policy::{IndexRule, TierPolicy, allows};
