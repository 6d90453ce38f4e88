//! Databases that a program finds through its own configuration files, and in no variable.
//!
//! They are provided where the files say: same port, same user, same password. Knows where such
//! files lie; `service_settings` reads them.

use rr_core::{Analysis, Evidence, RepoView, ServiceKind, Trust, UnitRole};

use super::service_python;
use super::service_settings::{self, Endpoint};
use super::templates;
use crate::places::decoy_role;

/// What the files of the planned units configure.
pub(super) struct Configured {
    pub(super) endpoint: Endpoint,
    pub(super) evidence: Evidence,
}

/// Folders of a unit in which configuration lies.
#[rustfmt::skip]
const FOLDERS: &[&str] = &[
    "", "conf", "config", "configs", "etc", "src", "src/config", "src/main/resources",
    "internal/config", "app/config", "app/src/main/resources", "server/config", "src/db",
    "src/database", "server",
];
/// Names, without their ends, of files that a program reads by default.
#[rustfmt::skip]
const STEMS: &[&str] = &[
    "app", "application", "config", "default", "development", "dev", "local", "conf", "settings",
    "database", "db", "ormconfig", "knexfile", "config.default", "config.dev",
    "config.development", "config.local", "application-dev", "application-local", "test",
    "db.config", "database.config", "data-source",
];
const ENDS: &[&str] =
    &["ini", "conf", "cfg", "toml", "json", "yml", "yaml", "properties", "js", "ts", "cjs", "mjs"];
/// Python modules that hold a program's settings.
const MODULES: &[&str] = &["config.py", "settings.py", "configuration.py", "database.py", "db.py"];
/// Deepest folder in which such a module is looked for.
const DEPTH: usize = 4;

/// The endpoints, in the order of files; the same service in several files is given once.
pub(super) fn configured(
    repo: &dyn RepoView,
    analysis: &Analysis,
    database: Option<ServiceKind>,
) -> Vec<Configured> {
    let mut folders: Vec<&str> = analysis
        .units
        .iter()
        .filter(|unit| matches!(unit.role, UnitRole::Primary | UnitRole::Member))
        .map(|unit| unit.path.as_str())
        .collect();
    folders.sort_unstable();
    folders.dedup();
    let mut found: Vec<Configured> = Vec::new();
    for folder in folders.into_iter().take(40) {
        for inner in FOLDERS {
            let parts = [folder, inner].into_iter().filter(|part| !part.is_empty());
            for entry in repo.children(&parts.collect::<Vec<_>>().join("/")) {
                if is_configuration(&entry.path) {
                    read(repo, &entry.path, &entry.path, database, &mut found);
                }
            }
        }
    }
    for made in templates::missing(repo, analysis) {
        if is_configuration(&made.target) {
            read(repo, &made.source, &made.target, database, &mut found);
        }
    }
    let python = analysis.units.iter().any(|unit| {
        unit.ecosystem.as_str() == "python"
            && matches!(unit.role, UnitRole::Primary | UnitRole::Member)
    });
    let modules = repo.files().iter().filter(|entry| python && is_module(&entry.path));
    for entry in modules.take(40) {
        read(repo, &entry.path, &entry.path, database, &mut found);
    }
    found
}

/// `config.py`, `app/core/settings.py`, `config/settings/local.py`.
fn is_module(path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/').or(Some(("", path))) else { return false };
    let inner = folder.ends_with("settings") || folder.ends_with("config");
    let own = ["base.py", "common.py", "local.py", "dev.py", "development.py", "default.py"];
    path.ends_with(".py")
        && path.matches('/').count() <= DEPTH
        && (MODULES.contains(&name) || inner && own.contains(&name))
        && decoy_role(folder).is_none()
}

/// Reads a file as what it is called when the program runs.
fn read(
    repo: &dyn RepoView,
    path: &str,
    called: &str,
    database: Option<ServiceKind>,
    found: &mut Vec<Configured>,
) {
    let Some(text) = repo.text(path) else { return };
    let endpoints = match called.ends_with(".py") {
        true => service_python::endpoints(&text),
        false => service_settings::endpoints(called, &text, database),
    };
    for endpoint in endpoints {
        let known = |c: &Configured| {
            c.endpoint.kind == endpoint.kind && c.endpoint.database == endpoint.database
        };
        if found.iter().any(known) {
            continue;
        }
        let at = usize::try_from(endpoint.line).unwrap_or(1);
        let line = text.lines().nth(at.saturating_sub(1)).unwrap_or("");
        let evidence = Evidence::at(path, "service.configuration", Trust::Manifest)
            .with_line(endpoint.line, line);
        found.push(Configured { endpoint, evidence });
    }
}

fn is_configuration(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let Some((stem, end)) = name.rsplit_once('.') else { return false };
    STEMS.contains(&stem) && ENDS.contains(&end)
}

/// The first endpoint of a kind, with the databases of all.
pub(super) fn of_kind(
    configured: &[Configured],
    kind: ServiceKind,
) -> Option<(&Configured, Vec<String>)> {
    let all: Vec<&Configured> = configured.iter().filter(|c| c.endpoint.kind == kind).collect();
    let mut databases: Vec<String> = Vec::new();
    for one in &all {
        if !one.endpoint.database.is_empty() && !databases.contains(&one.endpoint.database) {
            databases.push(one.endpoint.database.clone());
        }
    }
    Some((all.first()?, databases))
}

/// The only kind of database that drivers speak of.
pub(super) fn only_database<'a>(
    mut kinds: impl Iterator<Item = &'a ServiceKind>,
) -> Option<ServiceKind> {
    let database = |kind: &&ServiceKind| {
        matches!(kind, ServiceKind::Postgres | ServiceKind::Mysql | ServiceKind::Mongodb)
    };
    let first = kinds.find(database).copied()?;
    kinds.find(database).is_none().then_some(first)
}
