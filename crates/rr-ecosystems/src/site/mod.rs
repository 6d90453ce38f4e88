//! Static sites without a build of their own.

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct Site;

impl Ecosystem for Site {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("site")
    }

    fn detect(&self, _repo: &dyn RepoView) -> Vec<Unit> {
        Vec::new()
    }

    fn plan(&self, _repo: &dyn RepoView, _unit: &Unit, _context: &PlanContext<'_>) -> UnitPlan {
        UnitPlan::default()
    }

    fn diagnose(&self, _repo: &dyn RepoView, _failed: &FailedStep<'_>) -> Vec<Diagnosis> {
        Vec::new()
    }
}
