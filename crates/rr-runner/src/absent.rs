//! Providers that are not there: they say so.

use std::sync::Arc;

use rr_core::{
    CancelToken, EngineError, EngineErrorKind, Executor, OutputSink, ProvisionedService,
    ServiceKind, ServiceProvider, ServiceRequirement, SystemLayer, SystemNeed, SystemPackage,
    SystemPackageProvider,
};

/// No operating-system packages beyond those of the host.
pub(crate) struct NoPackages;

impl SystemPackageProvider for NoPackages {
    fn layer(
        &self,
        packages: &[SystemPackage],
        _: Arc<dyn OutputSink>,
        _: &CancelToken,
    ) -> Result<SystemLayer, EngineError> {
        let missing = packages.iter().map(|package| package.name.clone()).collect();
        Ok(SystemLayer { layer: None, installed: Vec::new(), missing })
    }

    fn find(&self, _: &SystemNeed) -> Vec<String> {
        Vec::new()
    }
}

/// No databases or brokers.
pub(crate) struct NoServices;

impl ServiceProvider for NoServices {
    fn packages(&self, _: ServiceKind) -> Vec<SystemPackage> {
        Vec::new()
    }

    fn provision(
        &self,
        requirement: &ServiceRequirement,
        _: &dyn Executor,
        _: Arc<dyn OutputSink>,
        _: &CancelToken,
    ) -> Result<ProvisionedService, EngineError> {
        let message = format!("{} cannot be provisioned", requirement.kind.as_str());
        Err(EngineError::new(EngineErrorKind::Environment, message))
    }
}
