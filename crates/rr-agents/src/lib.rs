//! The twelve agents of the specification: they do the work of a run.
//!
//! Agents see the engine through the traits of `rr-core` only, and a run's live things (its
//! sandbox, its observer) through [`RunSession`]. They do not decide between alternatives; that
//! is what managers are for.

mod ask;
mod config;
mod consultant;
mod context_indexer;
mod database;
mod dependency;
mod detection;
mod engine;
mod env_detector;
mod file;
mod fixer;
mod grpc_probe;
mod health;
mod http_probe;
mod log;
mod requirements;
mod runner;
mod session;
mod setup;
mod shell;
mod step_runner;

pub use config::{ConfigAgent, ConfigTask, Configured};
pub use consultant::{ConsultTask, ConsultantAgent, Consulted};
pub use context_indexer::{ContextIndexerAgent, IndexTask, Indexed};
pub use database::{DatabaseAgent, DatabaseTask, Databases, ServiceMissing, ServiceUp};
pub use dependency::DependencyAgent;
pub use detection::{DetectionAgent, DetectionTask};
pub use engine::{Engine, IndexFactory};
pub use env_detector::{EnvDetectorAgent, EnvDetectorTask};
pub use file::{FileAgent, FileTask, Inventory};
pub use fixer::{FixerAgent, FixerTask};
pub use health::{HealthAgent, HealthFinding, HealthTask};
pub use log::log_sink;
pub use requirements::{RequirementsAgent, RequirementsTask};
pub use runner::{RunnerAgent, TestTask, TestsRead, read_tests};
pub use session::{LiveService, RunSession};
pub use setup::{Prepared, SetupAgent, SetupTask};
pub use shell::AgentShell;
pub use step_runner::{StepResult, StepTask};
