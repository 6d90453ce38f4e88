//! JavaScript and TypeScript: npm, yarn, pnpm, bun, deno.
//!
//! Tests are run by the repository's own command; a recorder that rides in the Node process (or
//! a reporter of the runner's own) tells their outcomes. Must not read what runners print.

mod browser;
mod build;
mod calls;
mod database;
pub(crate) mod declared_names;
mod deno;
mod detect;
mod diagnose;
mod expand;
mod instrument;
mod kind;
mod managers;
mod node_version;
mod package_json;
mod plan;
mod segment;
mod start;
mod suite;
mod words;
mod workspace;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, Remedy, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct JavaScript;

impl Ecosystem for JavaScript {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("javascript")
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

    fn add_dependencies(
        &self,
        repo: &dyn RepoView,
        failed: &FailedStep<'_>,
        requirements: &[String],
    ) -> Option<Remedy> {
        diagnose::add_packages(repo, failed, requirements)
    }
}

#[cfg(test)]
mod tests;
