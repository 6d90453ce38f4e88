//! Ruby projects in a tree: folders with a Gemfile or a gemspec.

use rr_core::{
    EcosystemId, Evidence, RepoView, ToolchainRequirement, Trust, Unit, UnitKind, UnitRole,
    VersionRequest,
};

use super::gems::{self, join};

/// The units of a tree. A Rakefile alone makes no Ruby project: many others use it as a tool.
pub(super) fn units(repo: &dyn RepoView) -> Vec<Unit> {
    let mut folders: Vec<&str> = repo
        .files()
        .iter()
        .filter_map(|entry| {
            let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            let manifest = matches!(name, "Gemfile" | "gems.rb") || name.ends_with(".gemspec");
            (manifest && !folder.split('/').any(|part| part == "vendor")).then_some(folder)
        })
        .collect();
    folders.sort_by_key(|folder| (!folder.is_empty(), folder.matches('/').count()));
    folders.dedup();
    folders
        .into_iter()
        .filter(|folder| repo.below(folder).iter().any(|entry| entry.path.ends_with(".rb")))
        .map(|folder| unit(repo, folder))
        .collect()
}

fn unit(repo: &dyn RepoView, folder: &str) -> Unit {
    let spec = gems::gemspec(repo, folder);
    let gemfile = join(folder, "Gemfile");
    let manifest = if repo.has(&gemfile) { gemfile } else { spec.clone().unwrap_or_default() };
    let evidence = Evidence::at(manifest, "ruby.manifest", Trust::Manifest);
    let named = spec.as_deref().and_then(|path| {
        path.rsplit('/').next().map(|name| name.trim_end_matches(".gemspec").to_owned())
    });
    let names = gems::names(repo, folder);
    let kind = if spec.is_some() {
        UnitKind::Library
    } else if repo.has(&join(folder, "config.ru")) || repo.has(&join(folder, "bin/rails")) {
        UnitKind::Service
    } else {
        UnitKind::Cli
    };
    let known = [
        "rails",
        "sinatra",
        "hanami",
        "roda",
        "grape",
        "rspec",
        "minitest",
        "test-unit",
        "cucumber",
    ];
    Unit {
        path: folder.to_owned(),
        ecosystem: EcosystemId::new("ruby"),
        name: named.unwrap_or_else(|| folder.rsplit('/').next().unwrap_or_default().to_owned()),
        kind,
        role: UnitRole::Primary,
        managers: vec!["bundler".to_owned()],
        toolchains: vec![toolchain(repo, folder, &evidence)],
        frameworks: known.iter().filter(|n| names.contains(**n)).map(|n| (*n).to_owned()).collect(),
        weight: 50,
        evidence: vec![evidence],
    }
}

/// `.ruby-version`, then what the manifests require.
fn toolchain(repo: &dyn RepoView, folder: &str, manifest: &Evidence) -> ToolchainRequirement {
    let pin = join(folder, ".ruby-version");
    let pinned = repo.text(&pin).and_then(|text| {
        let word = text.lines().next()?.trim().trim_start_matches("ruby-").to_owned();
        word.starts_with(|c: char| c.is_ascii_digit()).then_some(word)
    });
    let (version, evidence) = match (pinned, gems::required_ruby(repo, folder)) {
        (Some(pinned), _) => {
            (VersionRequest::Exact(pinned), Evidence::at(pin, "ruby.pin", Trust::Manifest))
        }
        (None, Some((range, path))) => {
            (VersionRequest::Range(range), Evidence::at(path, "ruby.required", Trust::Manifest))
        }
        (None, None) => (VersionRequest::Any, manifest.clone()),
    };
    ToolchainRequirement { tool: "ruby".to_owned(), version, evidence: vec![evidence] }
}
