//! What the host is and has: kinds, resources, tools, variables and registry settings.
//!
//! It must not change the host, and must not wait: everything asked of a program or a metadata
//! service has a short time limit.

mod catalogue;
mod discovery;
mod doctor;
mod jvm_proxies;
mod kinds;
mod registries;
mod registry_files;
mod resources;
mod tool_versions;
mod variables;

use std::path::Path;
use std::sync::Arc;

use rr_core::{EnvironmentProbe, EnvironmentReport, IndexKind};

pub use doctor::{Doctor, DoctorItem};
pub use registry_files::registry_files;
pub(crate) use registry_files::{cargo_settings, element, npm_settings, pip_settings};
pub use variables::passed_variables;

use crate::host::HostTools;

/// Looks at the host it runs on.
pub struct HostProbe {
    host: HostTools,
}

impl HostProbe {
    /// A probe that asks programs through `host`.
    #[must_use]
    pub fn new(host: HostTools) -> Self {
        Self { host }
    }
}

impl EnvironmentProbe for HostProbe {
    fn probe(&self, data_folder: &Path) -> EnvironmentReport {
        let settings = Arc::clone(self.host.settings());
        let release = resources::os_release();
        let (gpus, kinds, registries, tools) = std::thread::scope(|scope| {
            let gpus = scope.spawn(|| resources::gpus(&self.host));
            let kinds = scope.spawn(|| kinds::detect(&settings));
            let registries = scope.spawn(|| registries::reachable(&settings));
            let tools = discovery::tools(&self.host);
            let kinds = kinds.join().unwrap_or_default();
            (gpus.join().unwrap_or_default(), kinds, registries.join().unwrap_or_default(), tools)
        });
        EnvironmentReport {
            kinds,
            os: release.name,
            distribution: release.distribution,
            arch: std::env::consts::ARCH.to_owned(),
            cpus: resources::cpus(),
            memory: resources::memory(),
            disk_free: resources::disk_free(data_folder),
            gpus,
            root: rustix::process::geteuid().is_root(),
            tools,
            abilities: resources::abilities(),
            passed_variables: passed_variables(&settings),
            registries,
            // The vector indexes are not in this version, so they cannot be recommended.
            recommended_indexes: vec![IndexKind::Simple],
        }
    }

    fn glance(&self) -> EnvironmentReport {
        EnvironmentReport {
            arch: std::env::consts::ARCH.to_owned(),
            cpus: resources::cpus(),
            memory: resources::memory(),
            root: rustix::process::geteuid().is_root(),
            tools: discovery::at_a_glance(&self.host),
            passed_variables: passed_variables(self.host.settings()),
            ..EnvironmentReport::default()
        }
    }
}
