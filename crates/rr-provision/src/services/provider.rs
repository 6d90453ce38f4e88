//! Which service is provisioned how.

use std::path::Path;
use std::sync::Arc;

use rr_core::{
    CancelToken, EngineError, EngineErrorKind, Executor, OutputSink, ProvisionedService,
    RunningProcess, ServiceKind, ServiceProvider, ServiceRequirement, SystemPackage,
};

use super::bindings::{Address, fill};
use super::guest::Guest;
use super::{memcached, mysql, nats, postgres, rabbitmq, redis};
use crate::fault;
use crate::host::HostTools;

/// Starts databases and brokers in a run's sandbox.
pub struct Services {
    tools: HostTools,
}

/// Extensions of PostgreSQL that packages of their own bring, by the beginning of their names.
const EXTENSIONS: &[(&str, &str)] = &[("postgis", "postgresql-postgis")];

/// A server that is up and was spoken to.
pub(super) struct Up {
    /// Its version, digits and dots.
    pub(super) version: String,
    /// Its port.
    pub(super) port: u16,
    /// Its process.
    pub(super) process: Box<dyn RunningProcess>,
    /// The user that may do everything.
    pub(super) user: String,
    /// The database of the URL.
    pub(super) database: String,
}

impl Services {
    /// Looks for servers that the host has with these tools; starts nothing on the host.
    #[must_use]
    pub fn new(tools: HostTools) -> Self {
        Self { tools }
    }

    /// Whether the host has a server where sandboxes see it.
    fn host_has(&self, kind: ServiceKind) -> bool {
        let program = match kind {
            ServiceKind::Postgres => return has_postgres(Path::new("/usr/lib/postgresql")),
            ServiceKind::Mysql => "mariadbd",
            ServiceKind::Redis => "redis-server",
            ServiceKind::Memcached => "memcached",
            ServiceKind::Nats => "nats-server",
            ServiceKind::Rabbitmq => "rabbitmq-server",
            ServiceKind::Mongodb => return false,
        };
        let system = |path: &Path| ["/usr/bin", "/usr/sbin"].iter().any(|f| path.starts_with(f));
        self.tools.which(program).is_some_and(|path| system(&path))
    }
}

impl ServiceProvider for Services {
    fn packages(&self, kind: ServiceKind) -> Vec<SystemPackage> {
        if self.host_has(kind) {
            return Vec::new();
        }
        let names: &[&str] = match kind {
            ServiceKind::Postgres => &["postgresql", "postgresql-contrib"],
            ServiceKind::Mysql => &["mariadb-server"],
            ServiceKind::Redis => &["redis-server"],
            ServiceKind::Memcached => &["memcached"],
            ServiceKind::Nats => &["nats-server"],
            ServiceKind::Rabbitmq => &["rabbitmq-server"],
            ServiceKind::Mongodb => &[],
        };
        names.iter().map(|name| package(name)).collect()
    }

    fn packages_for(&self, requirement: &ServiceRequirement) -> Vec<SystemPackage> {
        let mut found = self.packages(requirement.kind);
        if requirement.kind == ServiceKind::Postgres {
            let names = requirement
                .extensions
                .iter()
                .filter_map(|name| EXTENSIONS.iter().find(|(prefix, _)| name.starts_with(prefix)));
            found.extend(names.map(|(_, name)| package(name)));
        }
        found
    }

    fn provision(
        &self,
        requirement: &ServiceRequirement,
        executor: &dyn Executor,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<ProvisionedService, EngineError> {
        check(requirement)?;
        let guest = Guest { executor, sink, cancel };
        let up = match requirement.kind {
            ServiceKind::Postgres => postgres::provision(&guest, requirement),
            ServiceKind::Mysql => mysql::provision(&guest, requirement),
            ServiceKind::Redis => redis::provision(&guest, requirement),
            ServiceKind::Memcached => memcached::provision(&guest, requirement),
            ServiceKind::Nats => nats::provision(&guest, requirement),
            ServiceKind::Rabbitmq => rabbitmq::provision(&guest, requirement),
            ServiceKind::Mongodb => Err(unavailable(requirement)),
        }?;
        let address = Address {
            host: "127.0.0.1",
            port: up.port,
            user: up.user,
            password: requirement.password.clone(),
            database: up.database,
        };
        Ok(ProvisionedService {
            kind: requirement.kind,
            version: up.version,
            port: up.port,
            env: fill(&requirement.bindings, &address),
            process: up.process,
        })
    }
}

fn package(name: &str) -> SystemPackage {
    SystemPackage { name: name.to_owned(), evidence: Vec::new() }
}

/// What no package of the distribution brings.
fn unavailable(requirement: &ServiceRequirement) -> EngineError {
    let names: Vec<&str> = requirement.bindings.iter().map(|one| one.name.as_str()).collect();
    let variable = names.first().copied().unwrap_or("NAME");
    let kind = requirement.kind.as_str();
    fault::environment(format!("cannot provision {kind}: no package of the distribution brings it"))
        .with_hint(format!("give the address of a server of your own: `--env {variable}=…`"))
}

/// Refuses texts that could break out of configuration files and protocols.
fn check(requirement: &ServiceRequirement) -> Result<(), EngineError> {
    let texts = [&requirement.user, &requirement.password].into_iter();
    let mut texts = texts.chain(&requirement.databases).chain(&requirement.extensions);
    match texts.find(|text| text.chars().any(char::is_control) || text.len() > 200) {
        None => Ok(()),
        Some(text) => Err(EngineError::new(
            EngineErrorKind::Refused,
            format!(
                "cannot provision {}: `{}` is no name, password or extension",
                requirement.kind.as_str(),
                text.escape_debug()
            ),
        )),
    }
}

/// Whether there is a server in one of the folders by version.
fn has_postgres(folder: &Path) -> bool {
    let versions = std::fs::read_dir(folder).into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}
