//! C and C++: CMake, Meson, autotools, hand-written `configure` scripts and makefiles.
//!
//! The repository's own build system does everything; our scripts (`assets/recorder/make`,
//! `assets/recorder/native`) only watch it. Must not know how compilers get onto the machine.

mod autotools;
mod cmake;
mod detect;
mod diagnose;
mod make;
mod make_program;
mod meson;
mod packages;
mod paths;
mod plan;
mod scripts;
mod service;
mod system;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct Native;

impl Ecosystem for Native {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("native")
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
