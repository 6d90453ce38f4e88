//! The engine, as one bundle of traits.

use std::path::Path;
use std::sync::Arc;

use rr_core::{
    Analyzer, ContextIndex, EnvironmentProbe, ServiceProvider, SourceFetcher,
    SystemPackageProvider, ToolchainProvider,
};

/// Opens the context index of a run in this folder.
pub type IndexFactory = Arc<dyn Fn(&Path) -> Arc<dyn ContextIndex> + Send + Sync>;

/// The engine crates behind their traits.
#[derive(Clone)]
pub struct Engine {
    /// Analysis, plans, diagnosis, test reports.
    pub analyzer: Arc<dyn Analyzer>,
    /// Sources.
    pub fetcher: Arc<dyn SourceFetcher>,
    /// The host.
    pub environment: Arc<dyn EnvironmentProbe>,
    /// Toolchains.
    pub toolchains: Arc<dyn ToolchainProvider>,
    /// Operating-system packages.
    pub packages: Arc<dyn SystemPackageProvider>,
    /// Databases and brokers.
    pub services: Arc<dyn ServiceProvider>,
    /// Context indexes.
    pub index: IndexFactory,
}
