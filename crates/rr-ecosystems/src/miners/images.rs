//! What a container image's name tells: a service and its version, or a toolchain's.

use std::collections::BTreeMap;

use rr_core::{Evidence, ServiceKind};

use super::collected::MinedService;

/// Part of an image's name, the service it is, and that service's usual port.
#[rustfmt::skip]
static SERVICES: &[(&str, ServiceKind, u16)] = &[
    ("postgres", ServiceKind::Postgres, 5432), ("postgis", ServiceKind::Postgres, 5432),
    ("pgvector", ServiceKind::Postgres, 5432), ("timescaledb", ServiceKind::Postgres, 5432),
    ("mysql", ServiceKind::Mysql, 3306), ("mariadb", ServiceKind::Mysql, 3306),
    ("percona", ServiceKind::Mysql, 3306), ("redis", ServiceKind::Redis, 6379),
    ("valkey", ServiceKind::Redis, 6379), ("keydb", ServiceKind::Redis, 6379),
    ("mongo", ServiceKind::Mongodb, 27017), ("mongodb", ServiceKind::Mongodb, 27017),
    ("rabbitmq", ServiceKind::Rabbitmq, 5672), ("memcached", ServiceKind::Memcached, 11211),
    ("nats", ServiceKind::Nats, 4222),
];

/// Part of an image's name and the toolchain it carries.
#[rustfmt::skip]
static TOOLS: &[(&str, &str)] = &[
    ("python", "python"), ("node", "node"), ("golang", "go"), ("go", "go"), ("rust", "rust"),
    ("openjdk", "java"), ("eclipse-temurin", "java"), ("amazoncorretto", "java"), ("ruby", "ruby"),
    ("perl", "perl"), ("maven", "maven"), ("gradle", "gradle"), ("php", "php"), ("elixir", "elixir"),
    ("bun", "bun"), ("deno", "deno"),
];

/// The usual port of a service.
pub(crate) fn usual_port(kind: ServiceKind) -> u16 {
    SERVICES.iter().find(|(_, known, _)| *known == kind).map_or(0, |(_, _, port)| *port)
}

/// Whether a database or broker usually listens here.
pub(crate) fn is_usual_port(port: u16) -> bool {
    SERVICES.iter().any(|(_, _, usual)| *usual == port)
}

/// The kind of service that a name stands for: `postgres`, `bitnami/redis`.
pub(crate) fn service_kind(name: &str) -> Option<ServiceKind> {
    let base = name.rsplit('/').next()?.split([':', '@']).next()?.to_ascii_lowercase();
    let is = |known: &str| {
        base == known
            || base.strip_prefix(known).is_some_and(|rest| {
                rest.starts_with('-') && !rest.contains("admin") && !rest.contains("exporter")
                    || rest.chars().all(|c| c.is_ascii_digit() || c == '.')
                    || rest == "ql"
            })
    };
    SERVICES.iter().find(|(known, _, _)| is(known)).map(|(_, kind, _)| *kind)
}

/// The service that an image is; `None` for any other image.
pub(crate) fn service(image: &str, host: &str, evidence: Evidence) -> Option<MinedService> {
    let kind = service_kind(image)?;
    Some(MinedService {
        kind,
        version: tag_version(image),
        host: host.to_owned(),
        port: None,
        env: BTreeMap::new(),
        optional: false,
        evidence,
    })
}

/// The tools that an image carries, with their versions: `python:3.12-slim`, `node:20-alpine`,
/// `cimg/go:1.22`, `mcr.microsoft.com/devcontainers/python:1-3.12`.
pub(crate) fn toolchain(image: &str) -> Vec<(String, String)> {
    let Some((name, tag)) = image.rsplit_once(':') else { return Vec::new() };
    let base = name.rsplit('/').next().unwrap_or(name);
    let Some((_, tool)) = TOOLS.iter().find(|(known, _)| *known == base) else {
        return Vec::new();
    };
    let parts: Vec<&str> = tag.split('-').collect();
    let numeric = |part: &&str| part.starts_with(|c: char| c.is_ascii_digit());
    let version = match (*tool, name.contains("devcontainers")) {
        ("maven" | "gradle", _) => {
            // maven:3.9-eclipse-temurin-21, gradle:8.5-jdk17
            let mut found = Vec::new();
            found.extend(
                parts.first().filter(|p| numeric(p)).map(|v| (tool.to_string(), v.to_string())),
            );
            let java = parts[1..].iter().rev().find_map(|part| {
                let digits = part.trim_start_matches("jdk");
                digits.starts_with(|c: char| c.is_ascii_digit()).then(|| digits.to_owned())
            });
            found.extend(java.map(|version| ("java".to_owned(), version)));
            return found;
        }
        (_, true) => parts.iter().rfind(|part| numeric(part)).copied(),
        _ => parts.first().filter(|part| numeric(part)).copied(),
    };
    version.map(|v| (tool.to_string(), v.to_owned())).into_iter().collect()
}

/// The port on the host's side of `5433:5432`, `127.0.0.1:5433:5432/tcp` or `5432`, where the
/// container's side is the service's own.
pub(crate) fn published(port: &str, kind: ServiceKind) -> Option<u16> {
    let plain = port.split('/').next()?;
    let mut parts = plain.rsplit(':');
    let inner: u16 = parts.next()?.trim().parse().ok()?;
    if inner != usual_port(kind) {
        return None;
    }
    match parts.next() {
        Some(outer) => outer.trim().parse().ok(),
        None => Some(inner),
    }
}

fn tag_version(image: &str) -> Option<String> {
    let (_, tag) = image.rsplit_once(':')?;
    let version: String = tag.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let version = version.trim_matches('.');
    (!version.is_empty() && !tag.contains('/')).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_tell_services_and_toolchains() {
        assert_eq!(service_kind("postgres:16-alpine"), Some(ServiceKind::Postgres));
        assert_eq!(service_kind("bitnami/postgresql:15"), Some(ServiceKind::Postgres));
        assert_eq!(service_kind("mysql/mysql-server:8.0"), Some(ServiceKind::Mysql));
        assert_eq!(service_kind("redis/redis-stack:latest"), Some(ServiceKind::Redis));
        assert_eq!(service_kind("my/app"), None);
        let tool = |image| toolchain(image).pop();
        let pair = |tool: &str, version: &str| Some((tool.to_owned(), version.to_owned()));
        assert_eq!(tool("python:3.12-slim"), pair("python", "3.12"));
        assert_eq!(tool("cimg/go:1.22.3"), pair("go", "1.22.3"));
        assert_eq!(tool("mcr.microsoft.com/devcontainers/python:1-3.11"), pair("python", "3.11"));
        assert_eq!(tool("maven:3.9-eclipse-temurin-21"), pair("java", "21"));
        assert_eq!(tool("gradle:8.5-jdk17"), pair("java", "17"));
        assert_eq!(tool("node:lts"), None);
    }

    #[test]
    fn published_ports_are_the_hosts() {
        assert_eq!(published("5433:5432", ServiceKind::Postgres), Some(5433));
        assert_eq!(published("127.0.0.1:6380:6379/tcp", ServiceKind::Redis), Some(6380));
        assert_eq!(published("6379", ServiceKind::Redis), Some(6379));
        assert_eq!(published("8080:80", ServiceKind::Redis), None);
    }
}
