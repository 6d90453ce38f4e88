//! What cures the failures that the generic rules see.

use rr_core::{
    CauseClass, EnvBinding, Evidence, Exit, FailedStep, NetworkNeed, PlanEdit, Remedy, RemedyKind,
    ServiceKind, ServiceRequirement, StepKind, SystemPackage, Trust,
};

use super::system_table::{NeedKind, PACKAGES};
use crate::miners::{usual_port, variables};

/// Installs what brings a missing thing. `None` where the "missing program" is a shell word or a
/// local script that no package brings.
pub(super) fn system_need(kind: NeedKind, subject: &str) -> Option<Vec<Remedy>> {
    if kind == NeedKind::Program && local_program(subject) {
        return None;
    }
    let known = PACKAGES.iter().find(|(k, name, _)| *k == kind && *name == subject);
    let name = match known {
        Some((_, _, package)) => (*package).to_owned(),
        None => format!("need:{}", need(kind, subject)),
    };
    let evidence = Evidence::at("", "generic.system-need", Trust::Default);
    let package = SystemPackage { name: name.clone(), evidence: vec![evidence] };
    Some(vec![Remedy {
        kind: RemedyKind::InstallSystemPackage { names: vec![name.clone()] },
        title: format!("install {name} for `{subject}`"),
        edits: vec![PlanEdit::RequireSystemPackage { package }],
        resume_at: None,
    }])
}

fn need(kind: NeedKind, subject: &str) -> String {
    match kind {
        NeedKind::Header => format!("header:{subject}"),
        NeedKind::PkgConfig => format!("pkgconfig:{subject}"),
        NeedKind::Library => format!("library:{subject}"),
        NeedKind::Program => format!("program:{subject}"),
        NeedKind::Cmake => format!("pkgconfig:{}", subject.to_ascii_lowercase()),
    }
}

/// Programs that toolchains and package managers bring: their ecosystems know what to do.
#[rustfmt::skip]
static TOOLS: &[&str] = &[
    "python", "python3", "pip", "pip3", "pytest", "tox", "nox", "uv", "poetry", "pdm", "hatch",
    "node", "npm", "npx", "yarn", "pnpm", "bun", "deno", "tsc", "jest", "vitest", "mocha",
    "eslint", "vite", "cargo", "rustc", "rustup", "go", "java", "javac", "mvn", "gradle",
    "bundle", "rake", "gem", "dotnet", "sudo", "apt-get", "apt", "brew", "docker",
    "docker-compose", "module", "conda", "nvcc", "then", "fi", "done", "source", "nvm",
    "corepack",
];

/// Whether no package of the operating system is to bring a program.
fn local_program(name: &str) -> bool {
    TOOLS.contains(&name)
        || name.ends_with(".sh")
        || name.ends_with(".py")
        || name.starts_with('.')
        || name.parse::<f64>().is_ok()
}

/// The service that usually listens on a port.
pub(super) fn kind_of_port(port: &str) -> Option<ServiceKind> {
    let number: u16 = port.parse().ok()?;
    [
        ServiceKind::Postgres,
        ServiceKind::Mysql,
        ServiceKind::Redis,
        ServiceKind::Mongodb,
        ServiceKind::Rabbitmq,
        ServiceKind::Memcached,
        ServiceKind::Nats,
    ]
    .into_iter()
    .find(|kind| usual_port(*kind) == number)
}

/// Provisions a service that nothing asked for. One that the plan has already is not cured so.
pub(super) fn service(kind: ServiceKind, failed: &FailedStep<'_>) -> (CauseClass, Vec<Remedy>) {
    if failed.plan.services.iter().any(|service| service.kind == kind) {
        return (CauseClass::Environment, Vec::new());
    }
    let (user, password, database, scheme) = match kind {
        ServiceKind::Postgres => ("postgres", "postgres", "postgres", "postgresql"),
        ServiceKind::Mysql => ("root", "", "test", "mysql"),
        ServiceKind::Mongodb => ("", "", "test", "mongodb"),
        ServiceKind::Rabbitmq => ("guest", "guest", "/", "amqp"),
        ServiceKind::Redis | ServiceKind::Memcached | ServiceKind::Nats => ("", "", "", ""),
    };
    // A variable that is set already has a value of its own; one that the code may read gets one.
    let url = "{user}:{password}@{host}:{port}/{database}";
    let mut bound = failed.plan.services.iter().flat_map(|service| &service.bindings);
    let wants_url = matches!(kind, ServiceKind::Postgres | ServiceKind::Mysql)
        && !failed.plan.env.contains_key("DATABASE_URL")
        && bound.all(|binding| binding.name != "DATABASE_URL")
        && failed.output.contains("DATABASE_URL");
    let bindings = if wants_url {
        vec![EnvBinding { name: "DATABASE_URL".to_owned(), template: format!("{scheme}://{url}") }]
    } else {
        Vec::new()
    };
    let service = ServiceRequirement {
        kind,
        version: None,
        port: Some(usual_port(kind)),
        user: user.to_owned(),
        password: password.to_owned(),
        databases: if database.is_empty() { Vec::new() } else { vec![database.to_owned()] },
        extensions: Vec::new(),
        bindings,
        evidence: vec![Evidence::at("", "generic.service-refused", Trust::Default)],
    };
    let remedy = Remedy {
        kind: RemedyKind::ProvisionService { service: kind.as_str().to_owned() },
        title: format!("provision {}", kind.as_str()),
        edits: vec![PlanEdit::RequireService { service }],
        resume_at: None,
    };
    (CauseClass::Environment, vec![remedy])
}

/// Sets a variable where its value can be invented: a URL of a service that the plan has, a key
/// that only this program uses, a plain switch. Anything else is the user's to give.
pub(super) fn variable(name: &str, failed: &FailedStep<'_>) -> Option<(CauseClass, Vec<Remedy>)> {
    const NEVER: &[&str] = &["PATH", "HOME", "USER", "PYTHONPATH", "GET", "POST", "HTTP"];
    if NEVER.contains(&name)
        || failed.plan.env.contains_key(name)
        || failed.step.env.contains_key(name)
    {
        return None;
    }
    if name.contains("DATABASE_URL") || matches!(name, "DATABASE_URI" | "DB_URL") {
        return Some(service(
            ServiceKind::Postgres,
            &FailedStep { output: "DATABASE_URL", ..*failed },
        ));
    }
    let upper = name.to_ascii_uppercase();
    let value = if variables::inventable(name) {
        Some(variables::INVENTED)
    } else if variables::secret_name(name) {
        None
    } else {
        match upper.as_str() {
            _ if upper.ends_with("_HOST") || upper == "HOST" => Some("127.0.0.1"),
            _ if upper == "PORT" || upper == "APP_PORT" => Some("8000"),
            _ if upper.contains("DEBUG") => Some("false"),
            _ if upper.ends_with("_ENV") || upper == "ENVIRONMENT" => Some("test"),
            _ if upper.ends_with("ALLOWED_HOSTS") => Some("*"),
            _ if upper.contains("LOG_LEVEL") => Some("info"),
            _ if upper.ends_with("BASE_URL") || upper.ends_with("SITE_URL") => {
                Some("http://localhost")
            }
            _ => None,
        }
    };
    let Some(value) = value else { return Some((CauseClass::NeedsSecret, Vec::new())) };
    let remedy = Remedy {
        kind: RemedyKind::SetVariable { name: name.to_owned() },
        title: format!("set `{name}`"),
        edits: vec![PlanEdit::SetEnv {
            step: None,
            name: name.to_owned(),
            value: value.to_owned(),
        }],
        resume_at: None,
    };
    Some((CauseClass::Environment, vec![remedy]))
}

/// The same again, where the step could reach a registry at all, and not a third time.
pub(super) fn retry(signature: &str, failed: &FailedStep<'_>) -> Vec<Remedy> {
    let again = failed.treated.iter().filter(|treated| treated.as_str() == signature).count();
    let title = match again {
        0 => "run the same again",
        1 => "run the same once more",
        _ => return Vec::new(),
    };
    if failed.step.kind == StepKind::Test && !signature.starts_with("generic.address") {
        return Vec::new();
    }
    let (kind, title) = (RemedyKind::Retry, title.to_owned());
    vec![Remedy { kind, title, edits: Vec::new(), resume_at: None }]
}

/// Runs the step as another user of the sandbox, where it does not run so already.
pub(super) fn change_user(to: &str, failed: &FailedStep<'_>) -> Vec<Remedy> {
    let root = to == "root";
    if failed.step.as_root == root {
        return Vec::new();
    }
    vec![Remedy {
        kind: RemedyKind::ChangeUser { to: to.to_owned() },
        title: format!("run `{}` as {to}", failed.step.title),
        edits: vec![PlanEdit::SetUser { step: failed.step.id.clone(), root }],
        resume_at: None,
    }]
}

/// Lets a step reach the registries that its tool downloads from. `None` where it may already.
pub(super) fn registry(failed: &FailedStep<'_>) -> Option<(CauseClass, Vec<Remedy>)> {
    if failed.step.network == NetworkNeed::Registries {
        return None;
    }
    let remedy = Remedy {
        kind: RemedyKind::PatchRecipe { what: "network".to_owned() },
        title: format!("let `{}` reach package registries", failed.step.title),
        edits: vec![PlanEdit::SetNetwork {
            step: failed.step.id.clone(),
            network: NetworkNeed::Registries,
        }],
        resume_at: None,
    };
    Some((CauseClass::Environment, vec![remedy]))
}

/// Tells a runner that waits for changes that nobody will make any.
pub(super) fn stop_watching(failed: &FailedStep<'_>) -> Option<(CauseClass, Vec<Remedy>)> {
    if failed.outcome.exit != Exit::TimedOut || failed.step.env.contains_key("CI") {
        return None;
    }
    let remedy = Remedy {
        kind: RemedyKind::SetVariable { name: "CI".to_owned() },
        title: "run once instead of watching for changes".to_owned(),
        edits: vec![PlanEdit::SetEnv {
            step: Some(failed.step.id.clone()),
            name: "CI".to_owned(),
            value: "true".to_owned(),
        }],
        resume_at: None,
    };
    Some((CauseClass::Environment, vec![remedy]))
}
