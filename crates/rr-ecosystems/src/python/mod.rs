//! Python: pip, uv, poetry, pdm, hatch, flit, Pipfile, conda.

mod applications;
mod conda;
pub(crate) mod declared_names;
mod detect;
mod diagnose;
mod distributions;
mod document;
mod drift;
mod imports;
mod install;
mod install_share;
mod layout;
mod literal;
mod locks;
mod manifest;
mod names;
mod paths;
mod plan;
mod poetry;
mod pytest_plugins;
mod pytest_words;
mod remedies;
mod remedy_configuration;
mod remedy_steps;
mod remedy_tests;
mod remedy_versions;
mod requirements;
mod rules;
mod selection;
mod start;
mod system_packages;
mod test_defaults;
mod test_translation;
mod testing;
mod tox_nox;
mod versions;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, Remedy, RepoView, Unit, UnitPlan,
};

/// The ecosystem.
pub(crate) struct Python;

impl Ecosystem for Python {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("python")
    }

    fn detect(&self, repo: &dyn RepoView) -> Vec<Unit> {
        detect::units(repo)
    }

    fn plan(&self, repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
        plan::of(repo, unit, context)
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
        let remedies = remedies::Remedies::new(repo, failed);
        Some(remedies.add(requirements.iter().map(String::as_str)))
    }
}
