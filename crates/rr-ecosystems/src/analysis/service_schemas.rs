//! Databases that a Prisma schema declares: `provider = "postgresql"`, `url = env("DATABASE_URL")`.

use rr_core::{Analysis, Evidence, RepoView, ServiceKind, Trust, UnitRole};

use crate::places::decoy_role;

/// A database with the variable by which it is found, where the schema names one.
pub(super) struct Declared {
    pub(super) kind: ServiceKind,
    pub(super) variable: Option<String>,
    pub(super) evidence: Evidence,
}

/// What the schemas of the planned units declare.
pub(super) fn declared(repo: &dyn RepoView, analysis: &Analysis) -> Vec<Declared> {
    let uses = analysis.units.iter().any(|unit| {
        unit.ecosystem.as_str() == "javascript"
            && matches!(unit.role, UnitRole::Primary | UnitRole::Member)
    });
    let mut found: Vec<Declared> = Vec::new();
    for path in if uses { schemas(repo, "") } else { Vec::new() } {
        let Some(one) = repo.text(&path).and_then(|text| datasource(&path, &text)) else {
            continue;
        };
        if !found.iter().any(|known| known.kind == one.kind && known.variable == one.variable) {
            found.push(one);
        }
    }
    found
}

/// The schema files of a package, the usual place first.
pub(crate) fn schemas(repo: &dyn RepoView, folder: &str) -> Vec<String> {
    let usual = |path: &&String| !path.ends_with("prisma/schema.prisma");
    let mut found: Vec<String> = repo
        .below(folder)
        .iter()
        .filter(|entry| entry.path.ends_with("/schema.prisma") || entry.path == "schema.prisma")
        .filter(|entry| !entry.path.contains("node_modules/"))
        .map(|entry| entry.path.clone())
        .filter(|path| decoy_role(path.rsplit_once('/').map_or("", |(above, _)| above)).is_none())
        .collect();
    found.sort_by_key(|path| (usual(&path), path.matches('/').count()));
    found.truncate(4);
    found
}

fn datasource(path: &str, text: &str) -> Option<Declared> {
    let start = text.find("datasource ")?;
    let block = text[start..].split('}').next()?;
    let value = |name: &str| {
        let line = block.lines().map(str::trim).find(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
        })?;
        line.split_once('=').map(|(_, value)| value.trim().to_owned())
    };
    let kind = match value("provider")?.trim_matches('"') {
        "postgresql" | "postgres" => ServiceKind::Postgres,
        "mysql" => ServiceKind::Mysql,
        "mongodb" => ServiceKind::Mongodb,
        _ => return None,
    };
    let variable = value("url").and_then(|url| {
        let name = url.strip_prefix("env(")?.trim_end_matches(')').trim_matches('"').to_owned();
        (!name.is_empty()).then_some(name)
    });
    let line = text[..start].matches('\n').count() + 1;
    let evidence = Evidence::at(path, "service.schema", Trust::Manifest)
        .with_line(u32::try_from(line).unwrap_or(1), "datasource");
    Some(Declared { kind, variable, evidence })
}
