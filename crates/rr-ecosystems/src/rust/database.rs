//! Queries that sqlx checks against a database while it compiles.
//!
//! The compiler needs a database with the schema; the program may want an empty one, because it
//! migrates by itself at start and stumbles over a schema it did not make. So the schema goes into
//! a second database that only compilers see.

use rr_core::{Command, EcosystemId, Evidence, NetworkNeed, RepoView, Step, StepKind, Trust, Unit};

use super::detect::Project;
use super::manifest::{Manifest, join};

/// Name of the database that compilers see.
const CHECKED: &str = "sqlx_compile_check";

/// What compiling needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Queries {
    /// The repository keeps the queries' descriptions: `.sqlx` or `sqlx-data.json`.
    Saved,
    /// A database with these migrations, by kind and file.
    Database {
        /// `postgres`, `mysql` or `sqlite`.
        kind: &'static str,
        /// Migration files in order, relative to the root.
        migrations: Vec<String>,
    },
}

/// Whether the project's sources hold checked queries, and what these need.
pub(super) fn queries(repo: &dyn RepoView, project: &Project) -> Option<Queries> {
    let users: Vec<&Manifest> = project
        .packages()
        .filter(|m| m.dependencies.contains("sqlx") && has_checked_queries(repo, &m.folder))
        .collect();
    let first = users.first()?;
    let folders = [first.folder.as_str(), project.root.folder.as_str()];
    let saved = folders.iter().any(|folder| {
        !repo.below(&join(folder, ".sqlx")).is_empty() || repo.has(&join(folder, "sqlx-data.json"))
    });
    if saved {
        return Some(Queries::Saved);
    }
    let migrations = folders
        .iter()
        .map(|folder| migrations(repo, &join(folder, "migrations")))
        .find(|found| !found.is_empty())
        .unwrap_or_default();
    Some(Queries::Database { kind: kind(repo, project), migrations })
}

/// The variables and network of steps that compile.
pub(super) fn prepare_compile(queries: &Queries, step: &mut Step) {
    match queries {
        Queries::Saved => {
            step.env.insert("SQLX_OFFLINE".to_owned(), "true".to_owned());
        }
        Queries::Database { kind: "sqlite", .. } => {
            step.env.insert("DATABASE_URL".to_owned(), sqlite_url());
        }
        Queries::Database { .. } => {
            // The database is on the run's own loopback.
            step.network = NetworkNeed::Loopback;
            step.env.insert("CARGO_NET_OFFLINE".to_owned(), "true".to_owned());
            let line = step.command.to_string();
            step.command =
                Command::shell(format!("DATABASE_URL=\"${{DATABASE_URL%/*}}/{CHECKED}\" {line}"));
        }
    }
}

/// The step that makes the compilers' database, where there is one to make.
pub(super) fn migrate(queries: &Queries, unit: &Unit) -> Option<Step> {
    let Queries::Database { kind, migrations } = queries else { return None };
    let files = migrations.iter().map(|f| rr_core::command::quote(f)).collect::<Vec<_>>().join(" ");
    let line = match *kind {
        "sqlite" => format!(
            "for file in {files}; do sqlite3 -bail @{{env}}/sqlx-compile-check.db < \"$file\"; done"
        ),
        "mysql" => return None,
        _ => format!(
            "psql -qd \"$DATABASE_URL\" -c 'create database {CHECKED}'\n\
             for file in {files}; do\n  psql -v ON_ERROR_STOP=1 -qd \"${{DATABASE_URL%/*}}/{CHECKED}\" -f \"$file\"\ndone"
        ),
    };
    let id = EcosystemId::new("rust");
    let title = "make the database that queries are checked against";
    let mut step =
        Step::new("rust-queries", &id, &unit.path, StepKind::Migrate, title, Command::shell(line));
    // Migration paths are relative to the root.
    step.cwd = String::new();
    let first = migrations.first().cloned().unwrap_or_default();
    Some(step.because(Evidence::at(first, "rust.sqlx-migrations", Trust::Manifest)))
}

fn sqlite_url() -> String {
    "sqlite:@{env}/sqlx-compile-check.db".to_owned()
}

fn has_checked_queries(repo: &dyn RepoView, folder: &str) -> bool {
    const MACROS: &[&str] = &[
        "query!(",
        "query_as!(",
        "query_scalar!(",
        "query_file!(",
        "query_file_as!(",
        "query_unchecked!(",
        "query_as_unchecked!(",
    ];
    repo.below(&join(folder, "src"))
        .iter()
        .filter(|entry| entry.path.ends_with(".rs"))
        .filter_map(|entry| repo.text(&entry.path))
        .any(|text| MACROS.iter().any(|name| text.contains(name)))
}

fn kind(repo: &dyn RepoView, project: &Project) -> &'static str {
    let texts: String = std::iter::once(&project.root)
        .chain(&project.members)
        .filter_map(|m| repo.text(&join(&m.folder, "Cargo.toml")))
        .map(|text| text.to_string())
        .collect();
    if texts.contains("\"postgres\"") {
        "postgres"
    } else if texts.contains("\"sqlite\"") {
        "sqlite"
    } else if texts.contains("\"mysql\"") {
        "mysql"
    } else {
        "postgres"
    }
}

/// `migrations/1_users.sql`, `migrations/2021_x.up.sql`; what undoes them is left out. Sorted by
/// the version in front, as a number.
fn migrations(repo: &dyn RepoView, folder: &str) -> Vec<String> {
    let mut found: Vec<String> = repo
        .children(folder)
        .iter()
        .filter(|entry| entry.path.ends_with(".sql") && !entry.path.ends_with(".down.sql"))
        .map(|entry| entry.path.clone())
        .collect();
    let version = |path: &String| -> u64 {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.split('_').next().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
    };
    found.sort_by_key(|path| (version(path), path.clone()));
    found
}
