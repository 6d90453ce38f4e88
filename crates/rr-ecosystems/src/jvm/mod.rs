//! Java, Kotlin and other JVM languages: Maven and Gradle.
//!
//! The build tool does everything; our script (`assets/recorder/collect.sh`) only brings the XML
//! files that Surefire, Failsafe and Gradle write. Must not choose JDKs itself: it says what the
//! repository asks for.

mod detect;
mod diagnose;
mod gradle;
mod java;
mod old_gradle;
mod paths;
mod plan;
mod pom;
mod routes;
mod services;
mod start;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct Jvm;

impl Ecosystem for Jvm {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("jvm")
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
