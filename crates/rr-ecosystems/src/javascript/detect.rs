//! The JavaScript packages of a tree, and which of them are decoys.

use rr_core::{EcosystemId, Evidence, RepoView, Trust, Unit, UnitKind, UnitRole};

use super::kind;
use super::managers::Manager;
use super::node_version;
use super::package_json::Manifest;
use super::workspace::Workspace;

/// Most packages looked at.
const LIMIT: usize = 600;

/// Test runners, frameworks and build tools worth naming.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "jest", "vitest", "mocha", "ava", "tape", "tap", "jasmine", "karma", "cypress",
    "@playwright/test", "express", "koa", "fastify", "@nestjs/core", "next", "nuxt", "vite",
    "react", "vue", "svelte", "@sveltejs/kit", "astro", "@angular/core", "react-scripts",
    "webpack", "rollup", "typescript", "turbo", "nx", "lerna", "electron", "gatsby", "hono",
];

/// Every unit of the tree.
pub(super) fn units(repo: &dyn RepoView) -> Vec<Unit> {
    let folders: Vec<&str> = repo
        .files()
        .iter()
        .filter_map(|entry| match entry.path.as_str() {
            "package.json" => Some(""),
            path => path.strip_suffix("/package.json"),
        })
        .filter(|folder| !folder.split('/').any(|part| part == "node_modules"))
        .take(LIMIT)
        .collect();
    let workspaces: Vec<Workspace> = folders
        .iter()
        .filter_map(|folder| Workspace::read(repo, folder))
        .filter(|workspace| !is_marker(&workspace.root))
        .collect();
    let mut found: Vec<Unit> =
        workspaces.iter().map(|workspace| unit(repo, workspace, &workspaces)).collect();
    found.extend(deno(repo));
    found
}

fn unit(repo: &dyn RepoView, workspace: &Workspace, all: &[Workspace]) -> Unit {
    let package = &workspace.root;
    let manager = Manager::of(repo, package);
    let member =
        all.iter().any(|other| other.members.iter().any(|member| member.folder == package.folder));
    let mut evidence = vec![package.evidence("javascript.manifest", "\"name\"", Trust::Manifest)];
    evidence.extend(manager.evidence.iter().cloned());
    let above: Vec<&Workspace> =
        all.iter().filter(|other| is_below(&package.folder, &other.root.folder)).collect();
    let left_out = above.iter().any(|other| !other.members.is_empty());
    let role = match (member, !above.is_empty() && is_extra(package, left_out)) {
        (true, _) => UnitRole::Member,
        (false, true) => UnitRole::Tooling,
        (false, false) => role_of(repo, workspace),
    };
    let unit_kind = kind::kind_of(repo, workspace, package);
    let mut toolchains: Vec<_> = manager.toolchain().into_iter().collect();
    toolchains.extend(node_version::declared(repo, package));
    let frameworks =
        KNOWN.iter().filter(|name| workspace.depends_on(name)).map(|n| (*n).to_owned()).collect();
    Unit {
        path: package.folder.clone(),
        ecosystem: EcosystemId::new("javascript"),
        name: package.name.clone(),
        kind: unit_kind,
        role,
        managers: vec![manager.tool.program().to_owned()],
        toolchains,
        frameworks,
        weight: if role == UnitRole::Primary { 50 } else { 10 },
        evidence,
    }
}

/// `{"type": "module"}` beside built files tells Node how to read them and is no package.
fn is_marker(package: &Manifest) -> bool {
    package.scripts.is_empty()
        && package.dependency_names().is_empty()
        && (package.field("name").is_none() || package.field("version").is_none())
        && package.workspaces().is_empty()
        && !package.folder.is_empty()
}

fn is_below(folder: &str, upper: &str) -> bool {
    folder != upper
        && (upper.is_empty() || folder.strip_prefix(upper).is_some_and(|r| r.starts_with('/')))
}

/// Inside another package, never published, without tests: its benchmarks, its playground. What a
/// workspace leaves out of its members is one, too; a front end or server of its own is none.
fn is_extra(package: &Manifest, left_out: bool) -> bool {
    const FRONT: &[&str] = &["react", "vue", "svelte", "@angular/core", "preact", "solid-js"];
    const PARTS: &[&str] = &["client", "frontend", "web", "ui", "app", "server", "api", "backend"];
    let published = package.field("version").is_some() && !package.is_private();
    let part = FRONT.iter().any(|name| package.depends_on(name))
        || PARTS.contains(&super::package_json::base_name(&package.folder));
    let tested = package.scripts.contains_key("test");
    !tested && (left_out || !published && !part)
}

/// A manifest that carries only tools, a docs site, or a wrapper around something else is not
/// what the repository is about.
fn role_of(repo: &dyn RepoView, workspace: &Workspace) -> UnitRole {
    let package = &workspace.root;
    if !workspace.members.is_empty() {
        return UnitRole::Primary;
    }
    const SITES: &[&str] = &["@docusaurus/core", "vitepress", "vuepress", "gitbook-cli", "hexo"];
    let site = SITES.iter().any(|name| package.runs_with(name) || package.depends_on(name));
    if site
        && package.is_private()
        && !package.scripts.contains_key("test")
        && !package.folder.is_empty()
    {
        return UnitRole::Docs;
    }
    if holds_sources(repo, package) { UnitRole::Primary } else { UnitRole::Tooling }
}

/// Whether the folder holds JavaScript that is more than configuration.
fn holds_sources(repo: &dyn RepoView, package: &Manifest) -> bool {
    const ENDS: &[&str] = &[
        ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte", ".astro",
        ".coffee", ".ls",
    ];
    let config = |path: &str| {
        let name = super::package_json::base_name(path);
        name.contains(".config.")
            || name.starts_with('.')
            || name.ends_with(".d.ts")
            || name.ends_with(".min.js")
            || matches!(name, "Gruntfile.js" | "gulpfile.js" | "Gulpfile.js" | "commitlint.js")
            || path.split('/').any(|part| {
                matches!(
                    part,
                    "node_modules" | "vendor" | "third_party" | ".github" | "docs" | "doc"
                ) || part.starts_with('.')
            })
    };
    let skip = if package.folder.is_empty() { 0 } else { package.folder.len() + 1 };
    repo.below(&package.folder)
        .iter()
        .map(|entry| &entry.path[skip..])
        .any(|path| ENDS.iter().any(|end| path.ends_with(end)) && !config(path))
}

/// Deno's own manifest, where no `package.json` lies beside it.
fn deno(repo: &dyn RepoView) -> Vec<Unit> {
    ["deno.json", "deno.jsonc"]
        .iter()
        .filter(|file| repo.has(file) && !repo.has("package.json"))
        .map(|file| Unit {
            path: String::new(),
            ecosystem: EcosystemId::new("javascript"),
            name: String::new(),
            kind: UnitKind::Library,
            role: UnitRole::Primary,
            managers: vec!["deno".to_owned()],
            toolchains: Vec::new(),
            frameworks: Vec::new(),
            weight: 50,
            evidence: vec![Evidence::at(*file, "javascript.deno", Trust::Manifest)],
        })
        .take(1)
        .collect()
}
