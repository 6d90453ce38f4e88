//! Databases that the code speaks to: by the drivers it imports and the addresses it names.

use rr_core::FactKey;

use super::scan::{Found, Source};
use super::syntax::Language;
use super::tokens::Kind;

/// Language, a part of the import, and the database behind it.
#[rustfmt::skip]
static DRIVERS: &[(Language, &str, &str)] = &[
    (Language::Python, "psycopg", "postgres"), (Language::Python, "psycopg2", "postgres"),
    (Language::Python, "asyncpg", "postgres"), (Language::Python, "pg8000", "postgres"),
    (Language::Python, "MySQLdb", "mysql"), (Language::Python, "pymysql", "mysql"),
    (Language::Python, "aiomysql", "mysql"), (Language::Python, "mysql", "mysql"),
    (Language::Python, "redis", "redis"), (Language::Python, "aioredis", "redis"),
    (Language::Python, "pymongo", "mongodb"), (Language::Python, "motor", "mongodb"),
    (Language::Python, "mongoengine", "mongodb"), (Language::Python, "beanie", "mongodb"),
    (Language::Python, "pika", "rabbitmq"), (Language::Python, "aio_pika", "rabbitmq"),
    (Language::Python, "sqlite3", "sqlite"), (Language::Python, "aiosqlite", "sqlite"),
    (Language::Python, "pymemcache", "memcached"), (Language::Python, "nats", "nats"),
    (Language::Python, "elasticsearch", "elasticsearch"), (Language::Python, "chromadb", "chroma"),
    (Language::Python, "cassandra", "cassandra"), (Language::Python, "kafka", "kafka"),
    (Language::Python, "aiokafka", "kafka"), (Language::Python, "neo4j", "neo4j"),
    (Language::Script, "pg", "postgres"), (Language::Script, "postgres", "postgres"),
    (Language::Script, "pg-promise", "postgres"), (Language::Script, "mysql", "mysql"),
    (Language::Script, "mysql2", "mysql"), (Language::Script, "mariadb", "mysql"),
    (Language::Script, "redis", "redis"), (Language::Script, "ioredis", "redis"),
    (Language::Script, "bullmq", "redis"), (Language::Script, "mongoose", "mongodb"),
    (Language::Script, "mongodb", "mongodb"), (Language::Script, "amqplib", "rabbitmq"),
    (Language::Script, "better-sqlite3", "sqlite"), (Language::Script, "sqlite3", "sqlite"),
    (Language::Script, "kafkajs", "kafka"), (Language::Script, "nats", "nats"),
    (Language::Script, "@elastic/elasticsearch", "elasticsearch"),
    (Language::Go, "github.com/lib/pq", "postgres"), (Language::Go, "github.com/jackc/pgx", "postgres"),
    (Language::Go, "gorm.io/driver/postgres", "postgres"), (Language::Go, "gorm.io/driver/mysql", "mysql"),
    (Language::Go, "github.com/go-sql-driver/mysql", "mysql"), (Language::Go, "gorm.io/driver/sqlite", "sqlite"),
    (Language::Go, "mattn/go-sqlite3", "sqlite"), (Language::Go, "modernc.org/sqlite", "sqlite"),
    (Language::Go, "go-redis/redis", "redis"), (Language::Go, "redis/go-redis", "redis"),
    (Language::Go, "mongo-driver", "mongodb"), (Language::Go, "amqp091-go", "rabbitmq"),
    (Language::Go, "nats-io/nats.go", "nats"), (Language::Go, "bradfitz/gomemcache", "memcached"),
    (Language::Rust, "tokio_postgres", "postgres"), (Language::Rust, "sqlx.postgres", "postgres"),
    (Language::Rust, "sqlx.PgPool", "postgres"), (Language::Rust, "sqlx.mysql", "mysql"),
    (Language::Rust, "rusqlite", "sqlite"), (Language::Rust, "sqlx.sqlite", "sqlite"),
    (Language::Rust, "redis", "redis"), (Language::Rust, "mongodb", "mongodb"),
    (Language::Rust, "lapin", "rabbitmq"), (Language::Rust, "async_nats", "nats"),
    (Language::Jvm, "org.postgresql", "postgres"), (Language::Jvm, "com.mysql", "mysql"),
    (Language::Jvm, "redis.clients", "redis"), (Language::Jvm, "io.lettuce", "redis"),
    (Language::Jvm, "com.mongodb", "mongodb"), (Language::Jvm, "com.rabbitmq", "rabbitmq"),
    (Language::Jvm, "org.apache.kafka", "kafka"), (Language::Ruby, "pg", "postgres"),
    (Language::Ruby, "mysql2", "mysql"), (Language::Ruby, "redis", "redis"),
    (Language::Ruby, "mongo", "mongodb"), (Language::Ruby, "sqlite3", "sqlite"),
];

/// The scheme of an address and the database it speaks to.
#[rustfmt::skip]
static SCHEMES: &[(&str, &str)] = &[
    ("postgres", "postgres"), ("postgresql", "postgres"), ("mysql", "mysql"), ("mariadb", "mysql"),
    ("mongodb", "mongodb"), ("redis", "redis"), ("rediss", "redis"), ("amqp", "rabbitmq"),
    ("amqps", "rabbitmq"), ("nats", "nats"), ("sqlite", "sqlite"), ("jdbc:postgresql", "postgres"),
    ("jdbc:mysql", "mysql"), ("jdbc:mariadb", "mysql"), ("cassandra", "cassandra"),
];

/// The databases of a source.
pub(super) fn read(source: &Source<'_, '_>) -> Vec<Found> {
    let mut found: Vec<Found> = source
        .imports
        .iter()
        .filter_map(|import| {
            let (_, part, database) = DRIVERS.iter().find(|(language, part, _)| {
                *language == source.language && drives(&import.module, part, *language)
            })?;
            Some(Found::new(
                FactKey::Database,
                format!("{database} by {part}"),
                import.line,
                "driver",
            ))
        })
        .collect();
    found.extend(
        source.tokens.iter().filter(|t| matches!(t.kind, Kind::Text | Kind::Template)).filter_map(
            |token| {
                let (database, shown) = address(token.text)?;
                Some(Found::new(
                    FactKey::Database,
                    format!("{database} at {shown}"),
                    token.line,
                    "database-url",
                ))
            },
        ),
    );
    found
}

fn drives(module: &str, part: &str, language: Language) -> bool {
    match language {
        Language::Go => module.contains(part),
        _ => module
            .strip_prefix(part)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/'])),
    }
}

/// The database of an address, and the address without its password.
fn address(text: &str) -> Option<(&'static str, String)> {
    let (scheme, rest) = text.split_once("://")?;
    let plain = scheme.split('+').next()?;
    let (_, database) = SCHEMES.iter().find(|(known, _)| *known == plain)?;
    if rest.is_empty() || rest.contains([' ', '\n']) || text.len() > 200 {
        return None;
    }
    let shown = match rest.split_once('@') {
        Some((credentials, place)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:…@{place}")
        }
        None => text.to_owned(),
    };
    Some((database, shown))
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::*;

    #[test]
    fn drivers_and_addresses_are_found_and_passwords_hidden() {
        let source = "import psycopg2.extras\nURL = 'postgresql+asyncpg://me:hunter2@db:5432/app'\n# redis://x\nt = 'see redis:// and more'\n";
        let found = scan("a.py", source, Language::Python).found;
        let shown: Vec<_> = found.iter().map(|found| found.value.as_str()).collect();
        assert_eq!(
            shown,
            ["postgres by psycopg2", "postgres at postgresql+asyncpg://me:…@db:5432/app"]
        );
    }
}
