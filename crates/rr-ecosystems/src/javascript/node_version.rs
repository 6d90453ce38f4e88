//! Which Node a package wants: what it says, what CI runs, and where neither helps, its age.

use rr_core::{Analysis, Evidence, RepoView, ToolchainRequirement, Trust, VersionRequest};

use super::managers::{Manager, Tool};
use super::package_json::{Manifest, join};
use super::workspace::Workspace;
use crate::miners::query;

/// The oldest line that outcomes can be recorded on.
const OLDEST: u32 = 8;

/// The release line of Node that was in wide use in a year (source: the project's release
/// schedule, long-term lines a year after their start).
const ERAS: &[(u32, u32)] = &[
    (2014, 8),
    (2015, 8),
    (2016, 8),
    (2017, 8),
    (2018, 10),
    (2019, 12),
    (2020, 14),
    (2021, 16),
    (2022, 18),
    (2023, 20),
];

/// What the package's own files say: pin files first, then `volta`, then `engines`.
pub(super) fn declared(repo: &dyn RepoView, manifest: &Manifest) -> Option<ToolchainRequirement> {
    pinned(repo, &manifest.folder).or_else(|| {
        let exact = manifest
            .nested("volta", "node")
            .map(|text| (VersionRequest::Exact(text.to_owned()), "javascript.volta", "volta"));
        let engines = || {
            let range = manifest.nested("engines", "node")?.trim();
            let open = matches!(range, "" | "*" | "x");
            (!open).then(|| {
                (VersionRequest::Range(range.to_owned()), "javascript.engines", "\"node\"")
            })
        };
        let (version, rule, needle) = exact.or_else(engines)?;
        Some(node(version, manifest.evidence(rule, needle, Trust::Manifest)))
    })
}

/// The requirement that a plan makes of everything that is known.
pub(super) fn choose(
    repo: &dyn RepoView,
    workspace: &Workspace,
    manager: &Manager,
    analysis: &Analysis,
) -> ToolchainRequirement {
    let declared = declared(repo, &workspace.root);
    if let Some(found) = &declared
        && matches!(found.version, VersionRequest::Exact(_))
        && !names_a_line(&found.version)
    {
        return found.clone();
    }
    let era = era(workspace, manager, analysis);
    let range = declared.as_ref().and_then(|found| match &found.version {
        VersionRequest::Range(range) => Some(range.clone()),
        _ => None,
    });
    let floor = range.as_deref().and_then(floor);
    // Signs of age in the manifest say nothing where CI names versions and a date is known.
    let dated = analysis.commit_date.as_deref().and_then(year);
    let era_of_ci = dated.and_then(line_of_year).and(era);
    let in_ci: Vec<(u32, String, &Evidence)> = query::ci_versions(analysis, "node")
        .into_iter()
        .filter_map(|(text, evidence)| {
            let (major, text) = ci_version(text, era_of_ci)?;
            Some((major, text, evidence))
        })
        .filter(|(major, _, _)| floor.is_none_or(|floor| *major >= floor))
        .collect();
    if !in_ci.is_empty() {
        return from_ci(in_ci, era_of_ci);
    }
    match (declared, era) {
        // An open range of an old package was never tried on what came after it.
        (Some(found), Some(era)) if floor.is_none_or(|floor| floor <= era) => {
            let versions = era_versions(era);
            let mut requirement = found;
            requirement.version = VersionRequest::OneOf(versions);
            requirement
        }
        (Some(found), _) => found,
        (None, Some(era)) => node(
            VersionRequest::OneOf(era_versions(era)),
            Evidence::at("package.json", "javascript.age", Trust::Default),
        ),
        (None, None) => node(
            VersionRequest::Any,
            Evidence::at("package.json", "javascript.default", Trust::Default),
        ),
    }
}

fn node(version: VersionRequest, evidence: Evidence) -> ToolchainRequirement {
    ToolchainRequirement { tool: "node".to_owned(), version, evidence: vec![evidence] }
}

/// One of CI's versions with its major. A name for whatever was current is the line of its time.
fn ci_version(text: &str, era: Option<u32>) -> Option<(u32, String)> {
    let clean = text.trim().trim_start_matches('v').trim_end_matches(".x").to_owned();
    if matches!(clean.as_str(), "node" | "latest" | "current" | "stable" | "lts/*" | "lts" | "*") {
        return era.map(|line| (line, line.to_string()));
    }
    let major: u32 = clean.split('.').next()?.parse().ok()?;
    // `NODE_OPTIONS`, by which outcomes are recorded, came with Node 8.
    if major < OLDEST { Some((OLDEST, OLDEST.to_string())) } else { Some((major, clean)) }
}

/// CI's versions: the one nearest to the package's age, else the middle of the mature ones.
fn from_ci(in_ci: Vec<(u32, String, &Evidence)>, era: Option<u32>) -> ToolchainRequirement {
    let evidence = in_ci.iter().map(|(_, _, evidence)| (*evidence).clone()).take(4).collect();
    let mut versions: Vec<(u32, String)> = Vec::new();
    for (major, text, _) in in_ci {
        if !versions.iter().any(|(_, known)| *known == text) {
            versions.push((major, text));
        }
    }
    let wanted = era.unwrap_or(20);
    // Odd lines are never long-lived.
    versions.sort_by_key(|(major, _)| (major.abs_diff(wanted), major % 2));
    let mut texts: Vec<String> = versions.into_iter().map(|(_, text)| text).collect();
    let version = match texts.len() {
        1 => VersionRequest::Exact(texts.remove(0)),
        _ => VersionRequest::OneOf(texts),
    };
    ToolchainRequirement { tool: "node".to_owned(), version, evidence }
}

/// Pin files, in the package's folder or at the repository's root.
fn pinned(repo: &dyn RepoView, folder: &str) -> Option<ToolchainRequirement> {
    let folders = if folder.is_empty() { vec![""] } else { vec![folder, ""] };
    for folder in folders {
        for file in [".nvmrc", ".node-version", ".tool-versions", "mise.toml", ".mise.toml"] {
            let path = join(folder, file);
            let Some(text) = repo.text(&path) else { continue };
            let Some((number, line)) = (1..).zip(text.lines()).find(|(_, line)| {
                if file.ends_with("nvmrc") || file.ends_with("node-version") {
                    !line.trim().is_empty() && !line.trim().starts_with('#')
                } else {
                    line.trim_start().starts_with("node")
                }
            }) else {
                continue;
            };
            let words =
                line.split('#').next().unwrap_or("").replace(['=', '"', '\'', '[', ']'], " ");
            let Some(version) =
                words.split_whitespace().find(|w| !w.starts_with("nodejs") && *w != "node")
            else {
                continue;
            };
            let version = version.trim_start_matches('v').trim_end_matches(".x").to_owned();
            let evidence = Evidence::at(path, "javascript.node-pin", Trust::Manifest);
            return Some(node(VersionRequest::Exact(version), evidence.with_line(number, line)));
        }
    }
    None
}

/// `lts/*`, `latest`, `*`: a name for whatever is current, which says nothing about an old tree.
fn names_a_line(version: &VersionRequest) -> bool {
    matches!(version, VersionRequest::Exact(text)
        if matches!(text.as_str(), "lts/*" | "lts" | "latest" | "node" | "stable" | "current" | "*"))
}

/// The Node line of a package's time; `None` for packages young enough for any supported line.
fn era(workspace: &Workspace, manager: &Manager, analysis: &Analysis) -> Option<u32> {
    let by_date = analysis.commit_date.as_deref().and_then(year).and_then(line_of_year);
    let old_lock = manager.tool == Tool::Npm && manager.lock_version == Some(1);
    let by_signs = || signs(workspace).or(old_lock.then_some(14));
    match by_date {
        // npm 6 and older wrote the first lockfile format: Node 14 is its last.
        Some(line) if old_lock => Some(line.min(14)),
        Some(line) => Some(line).filter(|line| *line < 18),
        None => by_signs(),
    }
}

fn year(date: &str) -> Option<u32> {
    date.get(..4)?.parse().ok()
}

/// The line of a year that the table knows; `None` for years so young that any supported line fits.
fn line_of_year(year: u32) -> Option<u32> {
    match year {
        ..2014 => Some(OLDEST),
        _ => ERAS.iter().find(|(known, _)| *known == year).map(|(_, line)| *line),
    }
}

/// Dependencies of a time, where no date is known: nothing newer than this Node runs them well.
fn signs(workspace: &Workspace) -> Option<u32> {
    const SIGNS: &[(&str, u32, u32)] = &[
        ("gulp", 3, 10),
        ("mocha", 5, 10),
        ("jest", 23, 10),
        ("node-sass", 4, 14),
        ("webpack", 4, 16),
        ("typescript", 2, 12),
        ("babel-core", 6, 12),
        ("ava", 1, 10),
        ("react-scripts", 3, 16),
    ];
    SIGNS
        .iter()
        .filter(|(name, most, _)| {
            workspace.packages().any(|p| p.major_of(name).is_some_and(|major| major <= *most))
        })
        .map(|(_, _, line)| *line)
        .min()
}

fn era_versions(era: u32) -> Vec<String> {
    let later = [era, era + 2, era.saturating_sub(2), era + 4];
    later.iter().filter(|line| **line >= OLDEST).map(u32::to_string).collect()
}

/// The lowest major that a range admits: `>=12.22 <19` gives 12, `^14 || ^16` gives 14.
pub(super) fn floor(range: &str) -> Option<u32> {
    range
        .split("||")
        .filter_map(|part| {
            let part = part.trim();
            if part.starts_with('<') {
                return Some(0);
            }
            super::package_json::leading_number(part)
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{Fact, FactKey, MemoryRepo};

    fn chosen(files: &[(&str, &str)], date: Option<&str>, ci: &[&str]) -> VersionRequest {
        let repo = MemoryRepo::new(files.iter().copied());
        let workspace = Workspace::read(&repo, "").unwrap();
        let manager = Manager::of(&repo, &workspace.root);
        let analysis = Analysis {
            commit_date: date.map(str::to_owned),
            facts: ci
                .iter()
                .map(|version| {
                    let evidence = Evidence::at(".github/workflows/ci.yml", "ci", Trust::Ci);
                    Fact::new(FactKey::Version("node".to_owned()), "", *version, evidence)
                })
                .collect(),
            ..Analysis::default()
        };
        choose(&repo, &workspace, &manager, &analysis).version
    }

    #[test]
    fn a_pin_rules() {
        let files = [("package.json", r#"{"engines": {"node": ">=14"}}"#), (".nvmrc", "v18.2\n")];
        assert_eq!(chosen(&files, None, &["20"]), VersionRequest::Exact("18.2".to_owned()));
        let tools = [("package.json", "{}"), (".tool-versions", "ruby 3\nnodejs 22.13.1\n")];
        assert_eq!(chosen(&tools, None, &[]), VersionRequest::Exact("22.13.1".to_owned()));
    }

    #[test]
    fn ci_rules_over_an_open_range_within_its_bounds() {
        let files = [("package.json", r#"{"engines": {"node": ">=18"}}"#)];
        let list =
            |texts: &[&str]| VersionRequest::OneOf(texts.iter().map(|t| (*t).to_owned()).collect());
        let old = chosen(&[("package.json", "{}")], Some("2016-10-17"), &["0.12", "4"]);
        assert_eq!(old, VersionRequest::Exact("8".to_owned()));
        let named = chosen(&[("package.json", "{}")], Some("2020-02-11"), &["node", "10", "8"]);
        assert_eq!(named, list(&["14", "10", "8"]));
        let got = chosen(&files, None, &["16", "24.x", "18", "20"]);
        assert_eq!(got, list(&["20", "18", "24"]));
        assert_eq!(chosen(&files, None, &["lts/*"]), VersionRequest::Range(">=18".to_owned()));
        let old_tools = [("package.json", r#"{"devDependencies": {"mocha": "^2.5.3"}}"#)];
        let young = chosen(&old_tools, Some("2026-04-22"), &["10", "14", "18", "24"]);
        assert_eq!(young, list(&["18", "24", "14", "10"]));
    }

    #[test]
    fn an_old_tree_gets_the_node_of_its_time() {
        let files = [("package.json", r#"{"engines": {"node": ">=6"}}"#)];
        let first = |version: VersionRequest| match version {
            VersionRequest::OneOf(list) => list[0].clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(first(chosen(&files, Some("2018-05-01"), &[])), "10");
        let young = [("package.json", r#"{"engines": {"node": ">=22.12.0"}}"#)];
        let range = VersionRequest::Range(">=22.12.0".to_owned());
        assert_eq!(chosen(&young, Some("2025-01-01"), &[]), range);
        let locked = [("package.json", "{}"), ("package-lock.json", r#"{"lockfileVersion": 1"#)];
        assert_eq!(first(chosen(&locked, Some("2022-01-01"), &[])), "14");
        let none = [("package.json", "{}")];
        assert_eq!(chosen(&none, None, &[]), VersionRequest::Any);
    }
}
