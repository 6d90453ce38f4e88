//! Values for variables that code expects and no file gives: the address of a service, a key that
//! only this program uses, a number, a plain word. What only its owner has is not invented.

use rr_core::{CauseClass, FailedStep, PlanEdit, Remedy, RemedyKind, RepoView, ServiceKind};

use super::generic_services as services;
use crate::miners::variables;

/// Names that no remedy sets.
#[rustfmt::skip]
const NEVER: &[&str] = &[
    "PATH", "HOME", "USER", "PYTHONPATH", "GET", "POST", "HTTP", "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE", "RUST_LOG", "NODE_OPTIONS", "NODE_PATH", "LD_PRELOAD", "LD_LIBRARY_PATH",
    "JAVA_HOME", "CUDA_HOME", "DYLD_LIBRARY_PATH",
];

/// Sets a variable where its value can be invented. Anything else is the user's to give.
pub(super) fn unset(
    repo: &dyn RepoView,
    name: &str,
    failed: &FailedStep<'_>,
) -> Option<(CauseClass, Vec<Remedy>)> {
    let known = failed.plan.env.contains_key(name) || failed.step.env.contains_key(name);
    if NEVER.contains(&name) || known {
        return None;
    }
    if names_a_service(name) {
        return services::addressed(kind_of(repo, name, failed), name, failed);
    }
    let Some(value) = value(repo, name) else {
        return Some((CauseClass::NeedsSecret, Vec::new()));
    };
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

/// Parts of names that speak of a product, and the product.
#[rustfmt::skip]
const PRODUCTS: &[(&str, ServiceKind)] = &[
    ("POSTGRES", ServiceKind::Postgres), ("PGSQL", ServiceKind::Postgres),
    ("MYSQL", ServiceKind::Mysql), ("MARIADB", ServiceKind::Mysql),
    ("MONGO", ServiceKind::Mongodb), ("REDIS", ServiceKind::Redis),
    ("CELERY_BROKER", ServiceKind::Redis), ("CELERY_RESULT", ServiceKind::Redis),
    ("RABBIT", ServiceKind::Rabbitmq), ("AMQP", ServiceKind::Rabbitmq),
    ("NATS", ServiceKind::Nats), ("MEMCACHE", ServiceKind::Memcached),
];

/// Parts of names that speak of a database without saying which.
const DATABASE: &[&str] = &["DATABASE", "DB", "SQLALCHEMY"];

/// Whether a variable is to hold the whole address of a database or broker.
pub(crate) fn names_a_service(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let address = ["_URL", "_URI", "_DSN"].iter().any(|end| upper.ends_with(end));
    let product = PRODUCTS.iter().any(|(part, _)| upper.contains(part));
    address && (product || upper.split('_').any(|word| DATABASE.contains(&word)))
}

fn kind_of(repo: &dyn RepoView, name: &str, failed: &FailedStep<'_>) -> ServiceKind {
    let upper = name.to_ascii_uppercase();
    let product = PRODUCTS.iter().find(|(part, _)| upper.contains(part)).map(|(_, kind)| *kind);
    product
        .or_else(|| services::declared_database(repo, failed.analysis))
        .unwrap_or(ServiceKind::Postgres)
}

/// Parts of names, and a value that does for such variables. The first that fits rules.
#[rustfmt::skip]
const VALUES: &[(&[&str], &str)] = &[
    (&["ALLOWED_HOSTS"], "*"),
    (&["DEBUG"], "false"),
    (&["LOG_LEVEL", "LOGLEVEL"], "info"),
    (&["_PORT"], "8000"),
    (&["_HOST", "HOSTNAME"], "127.0.0.1"),
    (&["EMAIL"], "test@example.com"),
    (&["_URL", "_URI", "ENDPOINT", "ORIGIN"], "http://localhost"),
    (&["MAX", "MIN_", "LIMIT", "COUNT", "SIZE", "TIMEOUT", "SECONDS", "WORKERS", "TTL", "THREADS",
       "RETRIES", "INTERVAL", "NUM_"], "10"),
    (&["ENABLE", "DISABLE", "USE_"], "1"),
    (&["_DIR", "_PATH", "FOLDER"], "/tmp"),
    (&["_ENV", "ENVIRONMENT"], "test"),
    (&["REGION"], "us-east-1"),
];

/// A value for a variable by its name and by what the code makes of it; `None` for what only its
/// owner has.
pub(crate) fn value(repo: &dyn RepoView, name: &str) -> Option<&'static str> {
    let upper = name.to_ascii_uppercase();
    let key = ["_KEY", "_SECRET", "_PASSWORD", "_SALT"].iter().any(|end| upper.ends_with(end));
    if variables::inventable(name) || key && !variables::of_another_party(name) {
        return Some(variables::INVENTED);
    }
    if variables::secret_name(name) {
        return None;
    }
    let number = is_made_a_number(repo, name);
    match upper.as_str() {
        "PORT" | "APP_PORT" => return Some("8000"),
        "HOST" => return Some("127.0.0.1"),
        "ENVIRONMENT" | "ENV" => return Some("test"),
        _ => {}
    }
    let known = VALUES.iter().find(|(parts, _)| parts.iter().any(|part| upper.contains(part)));
    let value = known.map_or("test", |(_, value)| *value);
    Some(if number && value.parse::<f64>().is_err() { "1" } else { value })
}

/// Calls that read a number from a text, as the languages of [`CODE`] write them.
const NUMBERS: &[&str] = &[
    "int(",
    "float(",
    "parseInt(",
    "parseFloat(",
    "Number(",
    "Atoi(",
    "ParseInt(",
    "ParseFloat(",
    "parse::<",
    "Integer(",
    ".to_i",
    "Integer.parseInt(",
    "Long.parseLong(",
    "Decimal(",
];

const CODE: &[&str] = &[".py", ".js", ".mjs", ".cjs", ".ts", ".go", ".rs", ".rb", ".java", ".kt"];

/// Most files, and most bytes of each, that are looked at.
const FILES: usize = 400;
const BYTES: u64 = 200_000;

/// Whether the code reads a variable as a number, on one line.
fn is_made_a_number(repo: &dyn RepoView, name: &str) -> bool {
    let code = repo.files().iter().filter(|entry| CODE.iter().any(|end| entry.path.ends_with(end)));
    code.take(FILES)
        .filter(|entry| repo.size(&entry.path) < BYTES)
        .filter_map(|entry| repo.text(&entry.path))
        .any(|text| {
            let mut lines = text.lines().filter(|line| line.contains(name));
            lines.any(|line| NUMBERS.iter().any(|call| line.contains(call)))
        })
}

#[cfg(test)]
mod tests {
    use rr_core::MemoryRepo;

    use super::*;

    #[test]
    fn values_follow_from_names_and_from_use() {
        let repo = MemoryRepo::new([
            ("a.py", "LIMIT = int(os.environ[\"SHOP_BATCH\"])\nMODE = os.environ[\"SHOP_MODE\"]\n"),
            ("b.js", "const depth = Number(process.env.TREE_DEPTH);\n"),
        ]);
        assert_eq!(value(&repo, "SHOP_BATCH"), Some("1"));
        assert_eq!(value(&repo, "TREE_DEPTH"), Some("1"));
        assert_eq!(value(&repo, "SHOP_MODE"), Some("test"));
        assert_eq!(value(&repo, "SHOP_MAX_ITEMS"), Some("10"));
        assert_eq!(value(&repo, "SHOP_BASE_URL"), Some("http://localhost"));
        assert_eq!(value(&repo, "PAYMENT_API_KEY"), None);
        assert_eq!(value(&repo, "GREETER_SECRET"), Some(variables::INVENTED));
    }

    #[test]
    fn addresses_of_databases_and_brokers_are_told_by_name() {
        for name in ["DATABASE_URL", "LEDGER_DATABASE_URL", "REDIS_URL", "SHOP_DB_URI", "AMQP_URL"]
        {
            assert!(names_a_service(name), "{name}");
        }
        for name in ["PUBLIC_URL", "DB_HOST", "REDIS_HOST", "FEEDBACK_URL"] {
            assert!(!names_a_service(name), "{name}");
        }
    }
}
