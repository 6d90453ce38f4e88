//! Remedies that give a program what it is configured by: variables, settings, databases.

use rr_core::{Evidence, PlanEdit, Remedy, RemedyKind, ServiceKind, ServiceRequirement, Trust};

use super::names::step_id;
use super::remedies::Remedies;
use super::{applications, plan, remedy_steps};
use crate::analysis::{fresh_service, variable_value};

impl Remedies<'_> {
    pub(super) fn variable(&self, name: &str, value: &str) -> Remedy {
        Remedy {
            kind: RemedyKind::SetVariable { name: name.to_owned() },
            title: format!("set {name}"),
            edits: vec![PlanEdit::SetEnv {
                step: None,
                name: name.to_owned(),
                value: value.to_owned(),
            }],
            resume_at: None,
        }
    }

    pub(super) fn django_settings(&self) -> Vec<Remedy> {
        let mut modules: Vec<String> = Vec::new();
        for entry in self.repo.below(self.path()) {
            let inside = super::paths::relative(self.path(), &entry.path);
            let name = super::paths::file_name(inside);
            if name == "manage.py" {
                let text = self.repo.text(&entry.path);
                modules.extend(text.and_then(|text| applications::settings_module(&text)));
            }
            if matches!(name, "settings.py" | "test_settings.py" | "settings_test.py") {
                modules.push(
                    inside.trim_end_matches(".py").trim_start_matches("src/").replace('/', "."),
                );
            }
        }
        modules.sort_by_key(|module| (!module.contains("test"), module.len()));
        modules.dedup();
        modules
            .iter()
            .take(2)
            .map(|module| self.variable("DJANGO_SETTINGS_MODULE", module))
            .collect()
    }

    /// The repository's own migration as a step before the failed one, where the plan has none.
    pub(super) fn migrate(&self) -> Vec<Remedy> {
        let Some(unit) = self.unit else { return Vec::new() };
        let id = step_id(self.path(), "migrate");
        if self.failed.plan.step(&id).is_some() {
            return Vec::new();
        }
        let fresh = plan::of(self.repo, unit, &self.context());
        let step = fresh.steps.into_iter().find(|step| step.id == id);
        step.into_iter()
            .map(|step| Remedy {
                kind: RemedyKind::PatchRecipe { what: "migrate the database".to_owned() },
                title: format!("run `{}` first", step.command),
                resume_at: Some(step.id.clone()),
                edits: vec![PlanEdit::InsertBefore {
                    before: self.failed.step.id.clone(),
                    step: Box::new(step),
                }],
            })
            .collect()
    }

    /// The plan's own PostgreSQL with further extensions.
    pub(super) fn extension(&self, subjects: &[String]) -> Vec<Remedy> {
        let known = self.failed.plan.services.iter().find(|s| s.kind == ServiceKind::Postgres);
        let Some(mut service) = known.cloned() else { return Vec::new() };
        for subject in subjects {
            let name = if subject == "geometry" { "postgis" } else { subject };
            if service.extensions.iter().all(|have| have != name) {
                service.extensions.push(name.to_owned());
            }
        }
        if known.is_some_and(|known| known.extensions == service.extensions) {
            return Vec::new();
        }
        vec![Remedy {
            kind: RemedyKind::ProvisionService { service: "postgres".to_owned() },
            title: format!("create the extensions {}", service.extensions.join(", ")),
            edits: vec![PlanEdit::RequireService { service }],
            resume_at: None,
        }]
    }

    pub(super) fn service(&self, name: &str) -> Vec<Remedy> {
        let Some((kind, bindings, port)) = remedy_steps::service(name) else { return Vec::new() };
        if self.failed.plan.services.iter().any(|service| service.kind == kind) {
            return Vec::new();
        }
        let evidence = vec![Evidence::at("", "python.diagnosis", Trust::Default)];
        let service =
            ServiceRequirement { port: Some(port), bindings, evidence, ..fresh_service(kind) };
        vec![Remedy {
            kind: RemedyKind::ProvisionService { service: name.to_owned() },
            title: format!("start a {name} server"),
            edits: vec![PlanEdit::RequireService { service }],
            resume_at: None,
        }]
    }

    /// A value for a variable that only has to be there.
    pub(super) fn placeholder(&self, name: &str) -> &'static str {
        variable_value(self.repo, name).unwrap_or("not-a-secret-0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    }
}
