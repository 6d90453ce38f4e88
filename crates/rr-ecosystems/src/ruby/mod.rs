//! Ruby: gems and applications, installed by Bundler.
//!
//! Outcomes are recorded from inside the test process (`assets/recorder/ruby`). Must not know
//! which gems a machine has.

mod detect;
mod diagnose;
mod gems;
mod plan;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct Ruby;

impl Ecosystem for Ruby {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("ruby")
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
