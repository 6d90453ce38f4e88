//! Units of a row: the topmost folders that hold one of its manifests and some source.

use regex::Regex;
use rr_core::{
    EcosystemId, Evidence, RepoView, ToolchainRequirement, Trust, Unit, UnitKind, UnitRole,
    VersionRequest,
};

use super::Declared;
use crate::places::decoy_role;

/// Joins a folder and a name.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Files of a folder itself that a name or, beginning with `.`, an extension means.
pub(super) fn named(repo: &dyn RepoView, folder: &str, name: &str) -> Vec<String> {
    if !name.starts_with('.') {
        return Some(join(folder, name)).filter(|path| repo.has(path)).into_iter().collect();
    }
    let children = repo.children(folder).into_iter();
    children.filter(|entry| entry.path.ends_with(name)).map(|entry| entry.path.clone()).collect()
}

/// The units of a tree.
pub(super) fn units(row: &Declared, repo: &dyn RepoView) -> Vec<Unit> {
    let is_manifest = |name: &str| {
        row.manifests.iter().any(|(known, _)| {
            if known.starts_with('.') { name.ends_with(known) } else { name == *known }
        })
    };
    let mut folders: Vec<&str> = repo
        .files()
        .iter()
        .filter_map(|entry| {
            let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            is_manifest(name).then_some(folder)
        })
        .collect();
    folders.sort_by_key(|folder| (folder.matches('/').count(), *folder));
    folders.dedup();
    let mut units: Vec<Unit> = Vec::new();
    for folder in folders {
        let inside = units
            .iter()
            .any(|unit| unit.path.is_empty() || folder.starts_with(&format!("{}/", unit.path)));
        let source = repo.below(folder).iter().any(|entry| {
            entry.path.rsplit_once('.').is_some_and(|(_, end)| row.sources.contains(&end))
        });
        if !inside && source {
            units.extend(unit(row, repo, folder));
        }
    }
    units
}

fn unit(row: &Declared, repo: &dyn RepoView, folder: &str) -> Option<Unit> {
    let found: Vec<(String, &str)> = row
        .manifests
        .iter()
        .flat_map(|(name, manager)| named(repo, folder, name).into_iter().map(|p| (p, *manager)))
        .collect();
    let (manifest, _) = found.first()?;
    let evidence = Evidence::at(manifest.clone(), format!("{}.manifest", row.id), Trust::Manifest);
    let mut managers: Vec<String> = Vec::new();
    for (_, manager) in &found {
        if !managers.iter().any(|known| known == manager) {
            managers.push((*manager).to_owned());
        }
    }
    let (version, at) =
        version(row, repo, folder).unwrap_or((VersionRequest::Any, evidence.clone()));
    let starts = super::plan::rows(row, repo, folder)
        .any(|step| step.kind == rr_core::StepKind::Start && step.port > 0);
    let stem = folder.rsplit('/').next().unwrap_or_default();
    Some(Unit {
        path: folder.to_owned(),
        ecosystem: EcosystemId::new(row.id),
        name: stem.to_owned(),
        kind: if starts { UnitKind::Service } else { UnitKind::Library },
        role: decoy_role(folder).unwrap_or(UnitRole::Primary),
        managers,
        toolchains: vec![ToolchainRequirement {
            tool: row.tool.to_owned(),
            version,
            evidence: vec![at],
        }],
        frameworks: Vec::new(),
        weight: 50,
        evidence: vec![evidence],
    })
}

/// The strongest version that the unit's own files name.
fn version(
    row: &Declared,
    repo: &dyn RepoView,
    folder: &str,
) -> Option<(VersionRequest, Evidence)> {
    row.versions.iter().find_map(|(name, pattern, range)| {
        let expression = Regex::new(pattern).ok()?;
        let files = named(repo, folder, name).into_iter();
        let roots = named(repo, "", name).into_iter();
        files.chain(roots).find_map(|path| {
            let text = repo.text(&path)?;
            let (at, line) =
                text.lines().enumerate().find(|(_, line)| expression.is_match(line))?;
            let captures = expression.captures(line)?;
            let text = captures.get(1)?.as_str().trim().to_owned();
            let request =
                if *range { VersionRequest::Range(text) } else { VersionRequest::Exact(text) };
            let rule = format!("{}.version", row.id);
            let line_number = u32::try_from(at).unwrap_or(u32::MAX - 1) + 1;
            let evidence = Evidence::at(path, rule, Trust::Manifest).with_line(line_number, line);
            Some((request, evidence))
        })
    })
}
