//! Perl distributions: MakeMaker, Module::Build, cpanfile, Dist::Zilla.
//!
//! Tests run under `prove`, whose harness writes the raw TAP of each script for us
//! (`PERL_TEST_HARNESS_DUMP_TAP`). Must not know which modules a machine has.

mod detect;
mod diagnose;
mod plan;
mod prereqs;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct Perl;

impl Ecosystem for Perl {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("perl")
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
