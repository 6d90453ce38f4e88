//! Databases and brokers: which the repository needs, and by which variables it finds them.
//!
//! What CI starts is needed. What compose starts, or an example `.env` points at, is needed where
//! the code also declares a driver for it. What the program's own configuration or schema finds on
//! the own machine is provided there. A driver alone is only a remark: many libraries carry drivers
//! for databases that their users may choose.

use std::collections::BTreeMap;

use rr_core::{
    Analysis, EnvBinding, Evidence, RepoView, RunPlan, ServiceKind, ServiceRequirement, Trust, Unit,
};

use super::service_bindings::{self, Access};
use super::service_code;
use super::service_drivers;
use super::service_files::{self, Configured};
use super::service_schemas::{self, Declared};
use crate::miners::{Mined, MinedService, usual_port};

pub(super) const KINDS: [ServiceKind; 7] = [
    ServiceKind::Postgres,
    ServiceKind::Mysql,
    ServiceKind::Redis,
    ServiceKind::Mongodb,
    ServiceKind::Rabbitmq,
    ServiceKind::Memcached,
    ServiceKind::Nats,
];

/// Finds the services that the repository needs; those it only might need become remarks.
pub(super) fn find(repo: &dyn RepoView, analysis: &mut Analysis, mined: &Mined) {
    let drivers = service_drivers::declared(repo, analysis);
    let mut variables = service_bindings::variables(analysis, mined);
    variables.dedup_by(|a, b| a.name == b.name && a.value == b.value);
    let database = service_files::only_database(drivers.keys());
    let mut files = service_files::configured(repo, analysis, database);
    files.extend(service_code::configured(repo, analysis, |kind| drivers.contains_key(&kind)));
    let schemas = service_schemas::declared(repo, analysis);
    let mut generic_taken = false;
    for kind in KINDS {
        let mut started: Vec<&MinedService> =
            mined.services.iter().filter(|service| service.kind == kind).collect();
        started.sort_by_key(|s| (s.optional, std::cmp::Reverse(s.evidence.trust)));
        let schema = schemas.iter().find(|schema| schema.kind == kind);
        let driver = drivers.get(&kind).or(schema.map(|schema| &schema.evidence));
        let in_ci = started.first().is_some_and(|s| s.evidence.trust == Trust::Ci);
        let file = service_files::of_kind(&files, kind).filter(|_| !in_ci);
        let driver = driver.or(file.as_ref().map(|(file, _)| &file.evidence));
        let access = access(kind, &started, &variables, file.as_ref());
        let owns_generic = !generic_taken && (!started.is_empty() || driver.is_some());
        let mut bindings = service_bindings::bindings(kind, &access, &variables, owns_generic);
        bind_schema(kind, schema, &mut bindings);
        let needed = match started.first() {
            Some(service) if service.evidence.trust == Trust::Ci => true,
            Some(service) => {
                let found = !bindings.is_empty() || file.is_some();
                !service.optional && driver.is_some() && found
            }
            None => {
                let addressed = bindings.iter().any(|b| b.template.contains("://"));
                driver.is_some() && (addressed || file.is_some())
            }
        };
        if needed {
            generic_taken |= is_database(kind);
            let mut requirement = requirement(kind, &started, access, bindings, driver);
            if let Some((file, _)) =
                file.filter(|(f, _)| !requirement.evidence.contains(&f.evidence))
            {
                requirement.evidence.push(file.evidence.clone());
            }
            analysis.services.push(requirement);
        } else if let Some(evidence) = started.first().map(|s| &s.evidence).or(driver) {
            analysis.notes.push(format!(
                "{} may be used (`{}`), but nothing says that the tests need it",
                kind.as_str(),
                evidence.path
            ));
        }
    }
}

/// The variable by which a schema finds its database, where no file gives it a value.
fn bind_schema(kind: ServiceKind, schema: Option<&Declared>, bindings: &mut Vec<EnvBinding>) {
    let name = schema.and_then(|schema| schema.variable.as_ref());
    if let (Some(name), Some(template)) = (name, service_bindings::url_template(kind))
        && !bindings.iter().any(|binding| &binding.name == name)
    {
        bindings.push(EnvBinding { name: name.clone(), template: template.to_owned() });
    }
}

/// Adds the services that the planned units need.
pub(super) fn add_to_plan(analysis: &Analysis, units: &[&Unit], plan: &mut RunPlan) {
    if units.is_empty() {
        return;
    }
    for service in &analysis.services {
        if !plan.services.iter().any(|known| known.kind == service.kind) {
            plan.services.push(service.clone());
        }
    }
}

/// Takes out of the plan what provisioning will set: a literal address from a CI file would hide
/// the real one.
pub(super) fn leave_to_bindings(plan: &mut RunPlan) {
    let names: Vec<&str> =
        plan.services.iter().flat_map(|s| &s.bindings).map(|b| b.name.as_str()).collect();
    plan.env.retain(|name, _| !names.contains(&name.as_str()));
    for step in &mut plan.steps {
        step.env.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// A service that nothing but a configuration asks for: found by the variables that the files name
/// for it, else by those that its clients read by convention. `None` where `name` is none of ours.
pub(crate) fn given(
    name: &str,
    version: Option<&str>,
    analysis: &Analysis,
    evidence: &Evidence,
) -> Option<ServiceRequirement> {
    let kind = KINDS.into_iter().find(|kind| kind.as_str() == name)?;
    let variables = service_bindings::variables(analysis, &Mined::default());
    let access = access(kind, &[], &variables, None);
    let mut bindings = service_bindings::bindings(kind, &access, &variables, is_database(kind));
    if bindings.is_empty() {
        bindings = service_bindings::by_convention(kind);
    }
    let mut service = requirement(kind, &[], access, bindings, Some(evidence));
    service.version = version.map(str::to_owned);
    Some(service)
}

fn is_database(kind: ServiceKind) -> bool {
    matches!(kind, ServiceKind::Postgres | ServiceKind::Mysql | ServiceKind::Mongodb)
}

fn requirement(
    kind: ServiceKind,
    started: &[&MinedService],
    access: Access,
    bindings: Vec<EnvBinding>,
    driver: Option<&Evidence>,
) -> ServiceRequirement {
    let mut evidence: Vec<Evidence> = started.iter().map(|s| s.evidence.clone()).collect();
    evidence.extend(driver.cloned());
    evidence.truncate(6);
    ServiceRequirement {
        kind,
        version: started.iter().find_map(|s| s.version.clone()),
        port: Some(access.port),
        user: access.user,
        password: access.password,
        databases: access.databases,
        extensions: extensions(started),
        bindings,
        evidence,
    }
}

/// How the service is reached, as the repository's own files have it.
fn access(
    kind: ServiceKind,
    started: &[&MinedService],
    variables: &[service_bindings::Variable],
    file: Option<&(&Configured, Vec<String>)>,
) -> Access {
    let mut access = Access::of_kind(kind);
    let mut env: BTreeMap<&str, &str> = BTreeMap::new();
    for service in started {
        access.hosts.push(service.host.clone());
        for (name, value) in &service.env {
            env.entry(name).or_insert(value);
        }
    }
    if let Some(service) = started.first() {
        access.port = service.port.unwrap_or_else(|| usual_port(kind));
    }
    // The program looks where its own file says, whatever a container is mapped to.
    match file {
        Some((file, databases)) => access.take_endpoint(&file.endpoint, databases.clone()),
        None => access.take_image_variables(kind, &env),
    }
    access.take_urls(kind, variables, started.is_empty() && file.is_none());
    access.finish(kind);
    access
}

fn extensions(started: &[&MinedService]) -> Vec<String> {
    let named = [("postgis", "postgis"), ("pgvector", "vector"), ("timescale", "timescaledb")];
    let images: Vec<&str> = started.iter().map(|s| s.evidence.excerpt.as_str()).collect();
    named
        .iter()
        .filter(|(part, _)| images.iter().any(|image| image.contains(part)))
        .map(|(_, extension)| (*extension).to_owned())
        .collect()
}

#[cfg(test)]
#[path = "services_tests.rs"]
mod tests;
