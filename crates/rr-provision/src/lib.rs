//! Obtains what a run needs: the repository's files, a description of the host, toolchains,
//! operating-system packages, databases.
//!
//! Everything it keeps lies below one data folder; the host itself is never changed. Processes are
//! started only through the [`rr_core::Executor`] given at construction. It must not know plans,
//! phases or the journal, and takes the process environment as a value ([`ProvisionSettings`]).

pub mod environment;
mod fault;
mod host;
pub mod packages;
mod registries;
pub mod services;
mod settings;
pub mod sources;
mod store;
pub mod toolchains;
pub mod version;

pub use environment::{Doctor, DoctorItem, HostProbe};
pub use host::{Captured, HostCommand, HostTools};
pub use packages::SystemPackages;
pub use services::Services;
pub use settings::ProvisionSettings;
pub use sources::Fetcher;
pub use store::ToolStore;
pub use toolchains::Toolchains;
