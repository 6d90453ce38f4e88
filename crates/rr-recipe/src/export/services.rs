//! Databases and brokers: image, health check, port and variables of each kind.

use std::collections::BTreeMap;

use rr_core::ServiceKind;

use super::header::one_line;
use crate::lock::{LockedService, RecipeLock};
use crate::ours;

/// The port on which a kind listens.
pub(super) const fn port(kind: ServiceKind) -> u16 {
    match kind {
        ServiceKind::Postgres => 5432,
        ServiceKind::Mysql => 3306,
        ServiceKind::Redis => 6379,
        ServiceKind::Mongodb => 27017,
        ServiceKind::Rabbitmq => 5672,
        ServiceKind::Memcached => 11211,
        ServiceKind::Nats => 4222,
    }
}

/// The image: the version that the repository names, else the one that was up, else a current one.
pub(super) fn image(service: &LockedService) -> String {
    let (name, current) = match service.kind {
        ServiceKind::Postgres => ("postgres", "17"),
        // What a run provisions is MariaDB; a version that the repository names is MySQL's.
        ServiceKind::Mysql if service.requested.is_none() => ("mariadb", "11.4"),
        ServiceKind::Mysql => ("mysql", "8.4"),
        ServiceKind::Redis => ("redis", "7.4"),
        ServiceKind::Mongodb => ("mongo", "8.0"),
        ServiceKind::Rabbitmq => ("rabbitmq", "4.1"),
        ServiceKind::Memcached => ("memcached", "1.6"),
        ServiceKind::Nats => ("nats", "2.11"),
    };
    let named = service.requested.as_deref().or(service.version.as_deref());
    let tag = named.map(version).filter(|tag| !tag.is_empty());
    format!("{name}:{}", tag.as_deref().unwrap_or(current))
}

/// The first number of an image's tag.
pub(super) fn major(service: &LockedService) -> u32 {
    let image = image(service);
    let tag = image.rsplit(':').next().unwrap_or_default();
    tag.split('.').next().and_then(|major| major.parse().ok()).unwrap_or_default()
}

/// At most two parts, `15.14` of `15.14-0+deb12u1`: tags of more parts go away.
fn version(text: &str) -> String {
    let digits = text.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    digits.split('.').filter(|part| !part.is_empty()).take(2).collect::<Vec<_>>().join(".")
}

/// Variables that an image makes its user and database from.
pub(super) fn image_variables(service: &LockedService) -> BTreeMap<&'static str, String> {
    let database = service.databases.first().cloned().unwrap_or_default();
    let (user, password) = (service.user.clone(), service.password.clone());
    let pairs: Vec<(&'static str, String)> = match service.kind {
        ServiceKind::Postgres => {
            vec![
                ("POSTGRES_USER", user),
                ("POSTGRES_PASSWORD", password),
                ("POSTGRES_DB", database),
            ]
        }
        ServiceKind::Mysql if user == "root" && password.is_empty() => {
            vec![("MYSQL_ALLOW_EMPTY_PASSWORD", "1".to_owned()), ("MYSQL_DATABASE", database)]
        }
        ServiceKind::Mysql if user == "root" => {
            vec![("MYSQL_ROOT_PASSWORD", password), ("MYSQL_DATABASE", database)]
        }
        ServiceKind::Mysql => vec![
            ("MYSQL_USER", user),
            ("MYSQL_PASSWORD", password.clone()),
            ("MYSQL_ROOT_PASSWORD", password),
            ("MYSQL_DATABASE", database),
        ],
        ServiceKind::Mongodb if !user.is_empty() => {
            vec![("MONGO_INITDB_ROOT_USERNAME", user), ("MONGO_INITDB_ROOT_PASSWORD", password)]
        }
        ServiceKind::Rabbitmq => {
            vec![("RABBITMQ_DEFAULT_USER", user), ("RABBITMQ_DEFAULT_PASS", password)]
        }
        _ => Vec::new(),
    };
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// What asks a service, inside its image, whether it is up; `None` where its image has no client.
pub(super) fn health(service: &LockedService) -> Option<Vec<String>> {
    let words: Vec<&str> = match service.kind {
        ServiceKind::Postgres => {
            let database = service.databases.first().map_or("postgres", String::as_str);
            vec!["pg_isready", "-q", "-U", &service.user, "-d", database]
        }
        ServiceKind::Mysql if service.requested.is_none() => {
            vec!["healthcheck.sh", "--connect", "--innodb_initialized"]
        }
        ServiceKind::Mysql => vec!["mysqladmin", "ping", "-h", "127.0.0.1", "--silent"],
        ServiceKind::Redis => vec!["redis-cli", "ping"],
        ServiceKind::Mongodb => {
            vec!["mongosh", "--quiet", "--eval", "db.runCommand({ ping: 1 }).ok"]
        }
        ServiceKind::Rabbitmq => vec!["rabbitmq-diagnostics", "-q", "ping"],
        ServiceKind::Memcached | ServiceKind::Nats => return None,
    };
    Some(words.into_iter().map(str::to_owned).collect())
}

/// The variables by which the code finds its services at these hosts and ports.
pub(super) fn bound(
    lock: &RecipeLock,
    host: impl Fn(&LockedService) -> String,
    port: impl Fn(&LockedService) -> u16,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for service in &lock.services {
        let (host, port) = (host(service), port(service).to_string());
        let database = service.databases.first().map_or("", String::as_str);
        for binding in service.bindings.iter().filter(|binding| ours::is_name(&binding.name)) {
            let pairs = [
                ("{host}", host.as_str()),
                ("{port}", port.as_str()),
                ("{user}", service.user.as_str()),
                ("{password}", service.password.as_str()),
                ("{database}", database),
            ];
            let value = fill(&binding.template, &pairs);
            variables.insert(binding.name.clone(), one_line(&value));
        }
    }
    variables
}

/// Fills a template in one pass: what a value holds is not filled again.
fn fill(template: &str, pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out += &rest[..at];
        rest = &rest[at..];
        let found = pairs.iter().find(|(name, _)| rest.starts_with(name));
        let (taken, value) = found.map_or((1, "{"), |(name, value)| (name.len(), *value));
        out += value;
        rest = &rest[taken..];
    }
    out + rest
}

/// The same for services on this machine's loopback.
pub(super) fn local_variables(lock: &RecipeLock) -> BTreeMap<String, String> {
    let at = |service: &LockedService| service.port.unwrap_or_else(|| port(service.kind));
    bound(lock, |_| "127.0.0.1".to_owned(), at)
}
