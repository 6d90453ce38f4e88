//! Drivers of databases and brokers among the declared dependencies.

use std::collections::BTreeMap;

use rr_core::{Analysis, Evidence, RepoView, ServiceKind, Trust, UnitRole};

use crate::places::decoy_role;

/// A dependency's name as manifests write it, and the service it drives.
#[rustfmt::skip]
static DRIVERS: &[(&str, ServiceKind)] = &[
    ("psycopg2", ServiceKind::Postgres), ("psycopg2-binary", ServiceKind::Postgres),
    ("psycopg", ServiceKind::Postgres), ("asyncpg", ServiceKind::Postgres),
    ("aiopg", ServiceKind::Postgres), ("pg8000", ServiceKind::Postgres), ("pg", ServiceKind::Postgres),
    ("pg-promise", ServiceKind::Postgres), ("postgres", ServiceKind::Postgres),
    ("tokio-postgres", ServiceKind::Postgres), ("sqlx", ServiceKind::Postgres),
    ("postgrex", ServiceKind::Postgres), ("lib/pq", ServiceKind::Postgres),
    ("jackc/pgx", ServiceKind::Postgres), ("postgresql", ServiceKind::Postgres),
    ("mysqlclient", ServiceKind::Mysql), ("pymysql", ServiceKind::Mysql),
    ("aiomysql", ServiceKind::Mysql), ("mysql", ServiceKind::Mysql), ("mysql2", ServiceKind::Mysql),
    ("mariadb", ServiceKind::Mysql), ("go-sql-driver/mysql", ServiceKind::Mysql),
    ("mysql-connector-java", ServiceKind::Mysql), ("mysql-connector-j", ServiceKind::Mysql),
    ("mysql-connector-python", ServiceKind::Mysql), ("redis", ServiceKind::Redis),
    ("ioredis", ServiceKind::Redis), ("aioredis", ServiceKind::Redis), ("hiredis", ServiceKind::Redis),
    ("go-redis/redis", ServiceKind::Redis), ("redis/go-redis", ServiceKind::Redis),
    ("jedis", ServiceKind::Redis), ("lettuce-core", ServiceKind::Redis), ("celery", ServiceKind::Redis),
    ("bull", ServiceKind::Redis), ("bullmq", ServiceKind::Redis), ("rq", ServiceKind::Redis),
    ("pymongo", ServiceKind::Mongodb), ("motor", ServiceKind::Mongodb),
    ("mongoengine", ServiceKind::Mongodb), ("mongoose", ServiceKind::Mongodb),
    ("mongodb", ServiceKind::Mongodb), ("mongo-driver", ServiceKind::Mongodb),
    ("pika", ServiceKind::Rabbitmq), ("aio-pika", ServiceKind::Rabbitmq),
    ("amqplib", ServiceKind::Rabbitmq), ("amqp091-go", ServiceKind::Rabbitmq),
    ("lapin", ServiceKind::Rabbitmq), ("kombu", ServiceKind::Rabbitmq),
    ("pymemcache", ServiceKind::Memcached), ("pylibmc", ServiceKind::Memcached),
    ("python-memcached", ServiceKind::Memcached), ("nats-py", ServiceKind::Nats),
    ("StackExchange.Redis", ServiceKind::Redis),
    ("Microsoft.Extensions.Caching.StackExchangeRedis", ServiceKind::Redis),
    ("Npgsql", ServiceKind::Postgres), ("Npgsql.EntityFrameworkCore.PostgreSQL", ServiceKind::Postgres),
    ("MySqlConnector", ServiceKind::Mysql), ("MySql.Data", ServiceKind::Mysql),
    ("Pomelo.EntityFrameworkCore.MySql", ServiceKind::Mysql), ("MongoDB.Driver", ServiceKind::Mongodb),
    ("RabbitMQ.Client", ServiceKind::Rabbitmq), ("myxql", ServiceKind::Mysql), ("redix", ServiceKind::Redis),
    ("predis/predis", ServiceKind::Redis), ("mongodb/mongodb", ServiceKind::Mongodb),
    ("php-amqplib/php-amqplib", ServiceKind::Rabbitmq),
    ("nats.go", ServiceKind::Nats), ("async-nats", ServiceKind::Nats),
];

/// The first driver of each kind that a planned unit's manifests declare.
pub(super) fn declared(
    repo: &dyn RepoView,
    analysis: &Analysis,
) -> BTreeMap<ServiceKind, Evidence> {
    let mut found = BTreeMap::new();
    let units = analysis
        .units
        .iter()
        .filter(|unit| matches!(unit.role, UnitRole::Primary | UnitRole::Member));
    let mut folders: Vec<&str> = units.map(|unit| unit.path.as_str()).collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        for entry in repo.children(folder) {
            if is_manifest(&entry.path)
                && let Some(text) = repo.text(&entry.path)
            {
                scan(&entry.path, &text, &mut found);
            }
        }
        for path in projects(repo, folder) {
            if let Some(text) = repo.text(path) {
                scan(path, &text, &mut found);
            }
        }
        let nested = if folder.is_empty() {
            "requirements".to_owned()
        } else {
            format!("{folder}/requirements")
        };
        for entry in repo.children(&nested) {
            if let Some(text) = repo.text(&entry.path) {
                scan(&entry.path, &text, &mut found);
            }
        }
    }
    found
}

/// Project files of .NET, which lie below the folder of their solution.
fn projects<'r>(repo: &'r dyn RepoView, folder: &str) -> impl Iterator<Item = &'r str> {
    let project = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let named = name == "Directory.Packages.props";
        let own = path.rsplit_once('/').is_none_or(|(above, _)| decoy_role(above).is_none());
        own && (named || name.ends_with(".csproj") || name.ends_with(".fsproj"))
    };
    let paths = repo.below(folder).iter().map(|entry| entry.path.as_str());
    paths.filter(move |path| project(path)).take(100)
}

fn is_manifest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "pyproject.toml"
            | "setup.py"
            | "setup.cfg"
            | "Pipfile"
            | "package.json"
            | "Cargo.toml"
            | "go.mod"
            | "pom.xml"
            | "build.gradle"
            | "build.gradle.kts"
            | "Gemfile"
            | "mix.exs"
            | "cpanfile"
            | "environment.yml"
            | "composer.json"
    ) || name.contains("requirements") && name.ends_with(".txt")
}

fn scan(path: &str, text: &str, found: &mut BTreeMap<ServiceKind, Evidence>) {
    for (at, line) in text.lines().take(5000).enumerate() {
        let trimmed = line.trim_start();
        if trimmed.starts_with(['#', '/']) || line.len() > 400 || line.contains("// indirect") {
            continue;
        }
        for word in line.split(|c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c))) {
            let Some((_, kind)) = DRIVERS.iter().find(|(name, _)| names(word, name)) else {
                continue;
            };
            if word_is_sqlx_without_postgres(word, line, text) {
                continue;
            }
            found.entry(*kind).or_insert_with(|| {
                Evidence::at(path, "service.driver", Trust::Manifest)
                    .with_line(u32::try_from(at).unwrap_or(0) + 1, line)
            });
        }
    }
}

fn names(word: &str, driver: &str) -> bool {
    let word = word.trim_matches(['.', '-']);
    // Composer's names have a vendor and no host.
    if !word.contains('.') && driver.contains('/') {
        return word == driver;
    }
    if driver.contains('/')
        || driver.ends_with(".go")
        || driver.ends_with("-driver")
        || driver.ends_with("-go")
    {
        // Go module paths end with the name or a version: `github.com/jackc/pgx/v5`.
        return word.contains('.')
            && (word.ends_with(driver) || word.contains(&format!("{driver}/")));
    }
    word.eq_ignore_ascii_case(driver)
}

/// `sqlx` drives whatever its features say.
fn word_is_sqlx_without_postgres(word: &str, line: &str, text: &str) -> bool {
    word == "sqlx" && !line.contains("postgres") && !text.contains("\"postgres\"")
}
