//! Units of a row: the topmost folders that hold one of its manifests and some source.

use rr_core::{
    EcosystemId, Evidence, RepoView, StepKind, ToolchainRequirement, Trust, Unit, UnitKind,
    UnitRole, VersionRequest,
};

use super::condition::holds;
use super::{Declared, plan, version};
use crate::places::decoy_role;

/// The units of a tree.
pub(super) fn units(row: &Declared, repo: &dyn RepoView) -> Vec<Unit> {
    let mut folders: Vec<&str> = repo
        .files()
        .iter()
        .filter_map(|entry| {
            let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            is_manifest(row, repo, &entry.path, name).then_some(folder)
        })
        .collect();
    folders.sort_by_key(|folder| (folder.matches('/').count(), *folder));
    folders.dedup();
    let mut units: Vec<Unit> = Vec::new();
    for folder in folders {
        let inside = units
            .iter()
            .any(|unit| unit.path.is_empty() || folder.starts_with(&format!("{}/", unit.path)));
        if !inside && has_source(row, repo, folder) {
            units.extend(unit(row, repo, folder));
        }
    }
    units
}

fn is_manifest(row: &Declared, repo: &dyn RepoView, path: &str, name: &str) -> bool {
    row.manifests.iter().any(|(known, _)| {
        let (known, text) = known.split_once(':').unwrap_or((known, ""));
        let fits = if known.starts_with('.') && known.matches('.').count() == 1 {
            name.ends_with(known)
        } else {
            name == known
        };
        fits && (text.is_empty() || repo.text(path).is_some_and(|found| found.contains(text)))
    })
}

fn has_source(row: &Declared, repo: &dyn RepoView, folder: &str) -> bool {
    row.sources.is_empty()
        || repo.below(folder).iter().any(|entry| {
            entry.path.rsplit_once('.').is_some_and(|(_, end)| row.sources.contains(&end))
        })
}

fn unit(row: &Declared, repo: &dyn RepoView, folder: &str) -> Option<Unit> {
    let mut managers: Vec<String> = Vec::new();
    let mut evidence: Vec<Evidence> = Vec::new();
    for (name, manager) in row.manifests {
        let Some(path) = holds(repo, folder, name) else { continue };
        evidence.push(Evidence::at(path, format!("{}.manifest", row.id), Trust::Manifest));
        if !managers.iter().any(|known| known == manager) {
            managers.push((*manager).to_owned());
        }
    }
    // A language that is run without a manager is its own only where nothing else manages it.
    if managers.len() > 1 {
        managers.retain(|manager| manager != row.id);
    }
    evidence.truncate(3);
    let manifest = evidence.first()?.clone();
    let stem = folder.rsplit('/').next().unwrap_or_default();
    let frameworks = row.frameworks.iter().filter(|(when, _)| holds(repo, folder, when).is_some());
    Some(Unit {
        path: folder.to_owned(),
        ecosystem: EcosystemId::new(row.id),
        name: stem.to_owned(),
        kind: kind(row, repo, folder),
        role: decoy_role(folder).unwrap_or(UnitRole::Primary),
        managers,
        toolchains: toolchains(row, repo, folder, &manifest),
        frameworks: frameworks.map(|(_, name)| (*name).to_owned()).collect(),
        weight: 50,
        evidence,
    })
}

fn kind(row: &Declared, repo: &dyn RepoView, folder: &str) -> UnitKind {
    let told = row.kinds.iter().find(|(when, _)| holds(repo, folder, when).is_some());
    told.map_or_else(
        || match plan::rows(row, repo, folder).into_iter().find(|r| r.kind == StepKind::Start) {
            Some(start) if start.port > 0 => UnitKind::Service,
            Some(_) => UnitKind::Cli,
            None => UnitKind::Library,
        },
        |(_, kind)| *kind,
    )
}

fn toolchains(
    row: &Declared,
    repo: &dyn RepoView,
    folder: &str,
    manifest: &Evidence,
) -> Vec<ToolchainRequirement> {
    let (version, at) =
        version::of(row, repo, folder).unwrap_or_else(|| (VersionRequest::Any, manifest.clone()));
    let own = (!row.tool.is_empty()).then(|| ToolchainRequirement {
        tool: row.tool.to_owned(),
        version,
        evidence: vec![at],
    });
    let also = row.also.iter().map(|tool| ToolchainRequirement {
        tool: (*tool).to_owned(),
        version: VersionRequest::Any,
        evidence: vec![manifest.clone()],
    });
    own.into_iter().chain(also).collect()
}
