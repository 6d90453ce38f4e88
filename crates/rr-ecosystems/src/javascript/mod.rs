//! JavaScript and TypeScript: npm, yarn, pnpm, bun, deno.

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct JavaScript;

impl Ecosystem for JavaScript {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("javascript")
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
