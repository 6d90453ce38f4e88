//! Go: modules and workspaces.
//!
//! The go command does everything; our script (`assets/recorder/go`) only keeps its events.

mod detect;
mod diagnose;
mod documented;
mod legacy;
mod module;
mod plan;
mod program;
mod released;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct Go;

impl Ecosystem for Go {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("go")
    }

    fn detect(&self, repo: &dyn RepoView) -> Vec<Unit> {
        detect::units(repo)
    }

    fn plan(&self, repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
        plan::plan(repo, unit, context)
    }

    fn diagnose(&self, repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
        diagnose::diagnose(repo, failed)
    }
}

#[cfg(test)]
mod tests;
