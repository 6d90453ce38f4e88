//! The managers of the specification. They decide; agents do the work.
//!
//! Every decision goes through a [`rr_models::DecisionChain`] and is recorded with its inputs.
//! Managers start no processes and read no files: what they need to know is handed to them.

mod desk;
mod model;
mod orchestrator;
mod port;
mod service;

pub use model::ModelManager;
pub use orchestrator::{MOST_DEPARTURES, OrchestratorManager, RemedyChoice, RemedyQuestion};
pub use port::PortManager;
pub use service::ServiceManager;
