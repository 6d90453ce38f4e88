//! The database: journals and leases of workflows, runs, prepared environments, decisions.
//!
//! One SQLite file, opened by any number of processes at once. This is the only crate that
//! speaks SQL; it knows nothing of what the JSON it keeps means.

mod decisions;
mod environments;
mod error;
mod fixes;
mod journal;
mod model_calls;
mod runs;
mod schema;
mod sqlite;

pub use decisions::DecisionRow;
pub use environments::EnvironmentRow;
pub use error::StoreError;
pub use fixes::FixBatch;
pub use journal::WorkflowRow;
pub use model_calls::ModelSpending;
pub use runs::{RunCursor, RunPage, RunRow, RunState};
pub use schema::SCHEMA_VERSION;
pub use sqlite::{Database, Durability};
