//! Remedies that provide a database or broker, or change the one that is there: its user, its
//! databases, the variables by which it is found.

use rr_core::{
    Analysis, CauseClass, EnvBinding, Evidence, FailedStep, PlanEdit, Remedy, RemedyKind, RepoView,
    ServiceKind, ServiceRequirement, Trust,
};

use super::service_bindings::url_template;
use super::services::KINDS;
use super::{service_drivers, service_files};
use crate::miners::usual_port;

/// The service that usually listens on a port.
pub(super) fn kind_of_port(port: &str) -> Option<ServiceKind> {
    let number: u16 = port.parse().ok()?;
    KINDS.into_iter().find(|kind| usual_port(*kind) == number)
}

/// The database whose driver the manifests declare, where they declare one kind only.
pub(super) fn declared_database(repo: &dyn RepoView, analysis: &Analysis) -> Option<ServiceKind> {
    service_files::only_database(service_drivers::declared(repo, analysis).keys())
}

/// Provisions a service that nothing asked for. One that the plan has already is not cured so.
pub(super) fn absent(kind: ServiceKind, failed: &FailedStep<'_>) -> (CauseClass, Vec<Remedy>) {
    if failed.plan.services.iter().any(|service| service.kind == kind) {
        return (CauseClass::Environment, Vec::new());
    }
    // A variable that is set already has a value of its own; one that the code may read gets one.
    let mut bound = failed.plan.services.iter().flat_map(|service| &service.bindings);
    let wants_url = !failed.plan.env.contains_key("DATABASE_URL")
        && bound.all(|binding| binding.name != "DATABASE_URL")
        && failed.output.contains("DATABASE_URL");
    let mut service = fresh(kind);
    service.bindings.extend(url_binding("DATABASE_URL", kind).filter(|_| wants_url));
    (CauseClass::Environment, vec![provision(service, format!("provision {}", kind.as_str()))])
}

/// Provides the service whose address a variable is to hold, or binds the variable to the one that
/// the plan has. `None` where the plan does so already.
pub(super) fn addressed(
    kind: ServiceKind,
    variable: &str,
    failed: &FailedStep<'_>,
) -> Option<(CauseClass, Vec<Remedy>)> {
    let known = failed.plan.services.iter().find(|service| service.kind == kind);
    let mut service = known.cloned().unwrap_or_else(|| fresh(kind));
    if service.bindings.iter().any(|binding| binding.name == variable) {
        return None;
    }
    service.bindings.push(url_binding(variable, kind)?);
    let title = format!("provision {} and tell its address in `{variable}`", kind.as_str());
    Some((CauseClass::Environment, vec![provision(service, title)]))
}

/// The service with the user that the code names. `None` where it has that user already.
pub(super) fn with_user(
    kind: ServiceKind,
    user: &str,
    failed: &FailedStep<'_>,
) -> Option<(CauseClass, Vec<Remedy>)> {
    let mut service = of_plan(kind, failed);
    if service.user == user && failed.plan.services.iter().any(|known| known.kind == kind) {
        return None;
    }
    user.clone_into(&mut service.user);
    let title = format!("let {} know the user `{user}`", kind.as_str());
    Some((CauseClass::Environment, vec![provision(service, title)]))
}

/// The service with the database that the code names. `None` where it has that already.
pub(super) fn with_database(
    kind: ServiceKind,
    name: &str,
    failed: &FailedStep<'_>,
) -> Option<(CauseClass, Vec<Remedy>)> {
    let mut service = of_plan(kind, failed);
    if service.databases.iter().any(|known| known == name)
        && failed.plan.services.iter().any(|known| known.kind == kind)
    {
        return None;
    }
    if !service.databases.iter().any(|known| known == name) {
        service.databases.push(name.to_owned());
    }
    let title = format!("create the database `{name}`");
    Some((CauseClass::Environment, vec![provision(service, title)]))
}

fn of_plan(kind: ServiceKind, failed: &FailedStep<'_>) -> ServiceRequirement {
    let known = failed.plan.services.iter().find(|service| service.kind == kind);
    known.cloned().unwrap_or_else(|| fresh(kind))
}

fn provision(service: ServiceRequirement, title: String) -> Remedy {
    Remedy {
        kind: RemedyKind::ProvisionService { service: service.kind.as_str().to_owned() },
        title,
        edits: vec![PlanEdit::RequireService { service }],
        resume_at: None,
    }
}

/// A service as its product comes, at its usual port. Products without users by default get none:
/// a password there would lock out clients that send none.
pub(crate) fn fresh(kind: ServiceKind) -> ServiceRequirement {
    let (user, password, database) = match kind {
        ServiceKind::Postgres => ("postgres", "postgres", "postgres"),
        ServiceKind::Mysql => ("root", "", "test"),
        ServiceKind::Mongodb => ("", "", "test"),
        ServiceKind::Rabbitmq => ("guest", "guest", "/"),
        ServiceKind::Redis | ServiceKind::Memcached | ServiceKind::Nats => ("", "", ""),
    };
    ServiceRequirement {
        kind,
        version: None,
        port: Some(usual_port(kind)),
        user: user.to_owned(),
        password: password.to_owned(),
        databases: if database.is_empty() { Vec::new() } else { vec![database.to_owned()] },
        extensions: Vec::new(),
        bindings: Vec::new(),
        evidence: vec![Evidence::at("", "generic.service-refused", Trust::Default)],
    }
}

fn url_binding(variable: &str, kind: ServiceKind) -> Option<EnvBinding> {
    let template = match kind {
        ServiceKind::Redis => "redis://{host}:{port}/0",
        ServiceKind::Mongodb => "mongodb://{host}:{port}/{database}",
        ServiceKind::Rabbitmq => "amqp://{user}:{password}@{host}:{port}/",
        ServiceKind::Nats => "nats://{host}:{port}",
        ServiceKind::Memcached => "{host}:{port}",
        ServiceKind::Postgres | ServiceKind::Mysql => url_template(kind)?,
    };
    Some(EnvBinding { name: variable.to_owned(), template: template.to_owned() })
}
