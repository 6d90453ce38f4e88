//! Rust: Cargo packages and workspaces.
//!
//! Cargo runs everything; our wrappers (`assets/recorder/cargo`) only watch its test binaries.
//! Must not choose toolchains itself: it says what the repository asks for.

mod database;
mod detect;
mod diagnose;
mod documented;
mod manifest;
mod native;
mod plan;
mod recorder;
mod service;
mod start;
mod toolchain;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct Rust;

impl Ecosystem for Rust {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("rust")
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
