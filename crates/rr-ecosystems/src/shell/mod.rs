//! Shell: programs written as scripts, with bats, shellspec, shunit2 or a test script of their own.
//!
//! Claims the root only, where there are such tests or where most of the source is shell.

mod detect;
mod plan;
#[cfg(test)]
mod tests;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct Shell;

impl Ecosystem for Shell {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("shell")
    }

    fn detect(&self, repo: &dyn RepoView) -> Vec<Unit> {
        detect::detect(repo).into_iter().collect()
    }

    fn plan(&self, repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
        plan::plan(repo, unit, context)
    }

    fn diagnose(&self, _repo: &dyn RepoView, _failed: &FailedStep<'_>) -> Vec<Diagnosis> {
        // Scripts fail for what the generic rules know: missing programs, privileges, services.
        Vec::new()
    }
}
