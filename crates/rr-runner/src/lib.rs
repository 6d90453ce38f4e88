//! Puts agents, managers and the durable workflow together: the OrchestratorAgent, single point
//! of contact, the AdminAgent above it, and the twelve phases between a source and a verdict.
//!
//! [`RunService`] is what interfaces call. This crate speaks no SQL, starts no process itself
//! and knows no language; it wires the crates that do.

mod admin;
mod cases;
#[cfg(test)]
mod durability_tests;
mod error;
mod fixes;
mod home;
mod installed;
mod keep;
mod live;
mod look;
mod models;
mod orchestrator;
#[cfg(test)]
mod overlap_tests;
mod prepared;
mod recipe;
mod report;
mod request;
mod room;
mod schemas;
mod service;
mod system_clock;
mod wiring;
mod workflow;

pub use admin::{AdminAgent, Supervised};
pub use error::RunError;
pub use home::Home;
pub use look::LookService;
pub use models::{ModelListing, ModelTrial};
pub use orchestrator::{OnReport, OrchestratorAgent, StepWrapper};
pub use report::{ExitKind, junit_xml, report_schema};
pub use request::{ExecutorChoice, RepairBudget, RunRequest};
pub use room::DEFAULT_CACHE_LIMIT;
pub use rr_ecosystems::overrides::{
    FILE as OVERRIDE_FILE, same_work, schema as override_schema, template as override_template,
};
pub use rr_models::account::units as amount;
pub use rr_provision::DoctorItem;
pub use rr_recipe::{Export, ExportFile, ExportForm, HEADER_MARK, RecipeLock, export, lock_schema};
pub use schemas::{analysis_schema, plan_schema};
pub use service::{RunService, RunSummary};
pub use system_clock::SystemClock;
pub use wiring::Wiring;
