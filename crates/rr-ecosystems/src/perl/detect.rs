//! Perl distributions in a tree.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{
    EcosystemId, Evidence, RepoView, ToolchainRequirement, Trust, Unit, UnitKind, UnitRole,
    VersionRequest,
};

use super::prereqs;

/// Manifests, the ruling one first, with the manager's name.
const MANIFESTS: &[(&str, &str)] = &[
    ("Makefile.PL", "makemaker"),
    ("Build.PL", "module-build"),
    ("cpanfile", "cpanm"),
    ("dist.ini", "dzil"),
];

/// Joins a folder and a name.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The units of a tree: the topmost folders with a manifest and Perl code.
pub(super) fn units(repo: &dyn RepoView) -> Vec<Unit> {
    let mut folders: Vec<&str> = repo
        .files()
        .iter()
        .filter_map(|entry| {
            let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            MANIFESTS.iter().any(|(manifest, _)| *manifest == name).then_some(folder)
        })
        .collect();
    folders.sort_by_key(|folder| (!folder.is_empty(), folder.matches('/').count()));
    folders.dedup();
    let mut units: Vec<Unit> = Vec::new();
    for folder in folders {
        let inside = units
            .iter()
            .any(|unit| unit.path.is_empty() || folder.starts_with(&format!("{}/", unit.path)));
        let perl = repo.below(folder).iter().any(|entry| {
            entry.path.ends_with(".pm") || entry.path.ends_with(".pl") || entry.path.ends_with(".t")
        });
        if !inside && perl {
            units.push(unit(repo, folder));
        }
    }
    units
}

fn unit(repo: &dyn RepoView, folder: &str) -> Unit {
    let managers: Vec<&(&str, &str)> =
        MANIFESTS.iter().filter(|(name, _)| repo.has(&join(folder, name))).collect();
    let manifest = managers.first().map_or("", |(name, _)| *name);
    let evidence = Evidence::at(join(folder, manifest), "perl.manifest", Trust::Manifest);
    let kind = if repo.has(&join(folder, "app.psgi")) {
        UnitKind::Service
    } else if main_script(repo, folder).is_some() {
        UnitKind::Cli
    } else {
        UnitKind::Library
    };
    let version = prereqs::minimum(repo, folder)
        .map_or(VersionRequest::Any, |minor| VersionRequest::Range(format!(">=5.{minor}")));
    Unit {
        path: folder.to_owned(),
        ecosystem: EcosystemId::new("perl"),
        name: main_module(repo, folder)
            .unwrap_or_else(|| folder.rsplit('/').next().unwrap_or_default().to_owned()),
        kind,
        role: UnitRole::Primary,
        managers: managers.iter().map(|(_, manager)| (*manager).to_owned()).collect(),
        toolchains: vec![ToolchainRequirement {
            tool: "perl".to_owned(),
            version,
            evidence: vec![evidence.clone()],
        }],
        frameworks: vec!["prove".to_owned()],
        weight: 50,
        evidence: vec![evidence],
    }
}

/// `NAME => 'Foo::Bar'`, `module_name => 'Foo::Bar'`, `name = Foo-Bar`
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant expression, tried by the tests")]
    Regex::new(r#"(?m)\b(?:NAME|module_name)['"]?\s*=>\s*['"]([\w:]+)['"]|^name\s*=\s*([\w-]+)"#)
        .unwrap()
});

/// The distribution's main module: the one its manifest names, else the shallowest, shortest
/// below `lib`.
pub(super) fn main_module(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let lib = join(folder, "lib");
    for manifest in ["Makefile.PL", "Build.PL", "dist.ini"] {
        let Some(text) = repo.text(&join(folder, manifest)) else { continue };
        let Some(found) = NAME.captures(&text) else { continue };
        let name = found.get(1).or_else(|| found.get(2))?.as_str().replace('-', "::");
        if repo.has(&format!("{lib}/{}.pm", name.replace("::", "/"))) {
            return Some(name);
        }
    }
    let module = repo
        .below(&lib)
        .iter()
        .filter(|entry| entry.path.ends_with(".pm"))
        .map(|entry| &entry.path[lib.len() + 1..entry.path.len() - 3])
        .min_by_key(|path| (path.matches('/').count(), path.len()))?;
    Some(module.replace('/', "::"))
}

/// The program of a distribution that is one: called like its main module.
pub(super) fn main_script(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let module = main_module(repo, folder)?.to_ascii_lowercase();
    let names = [module.replace("::", "-"), module.replace("app::", ""), module.replace("::", "")];
    ["bin", "script", "scripts", ""].iter().find_map(|below| {
        names.iter().find_map(|name| {
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            repo.text(&join(folder, &path)).filter(|text| text.contains("perl")).map(|_| path)
        })
    })
}
