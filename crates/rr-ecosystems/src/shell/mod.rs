//! Shell: bats, shunit2, plain scripts.

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct Shell;

impl Ecosystem for Shell {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("shell")
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
