//! Cargo packages and workspaces in a tree.

use rr_core::{
    EcosystemId, Evidence, RepoView, ToolchainRequirement, Trust, Unit, UnitKind, UnitRole,
};

use super::manifest::{Manifest, join};
use super::toolchain;

/// Crates by which a package is a server.
#[rustfmt::skip]
pub(super) static SERVER_CRATES: &[&str] = &[
    "axum", "actix-web", "rocket", "warp", "poem", "salvo", "tide", "gotham", "rouille",
    "tiny_http", "iron", "nickel", "ntex", "viz", "thruster", "dropshot", "loco-rs", "trillium",
    "tonic", "jsonrpsee", "hyper-server", "volo-grpc", "leptos_axum", "async-graphql-axum",
    "saphir", "xitca-web", "may_minihttp", "rwf", "pavex",
];

/// A workspace (or a package on its own) with the packages in it.
#[derive(Clone, Debug)]
pub(super) struct Project {
    pub(super) root: Manifest,
    /// Members other than the root.
    pub(super) members: Vec<Manifest>,
}

impl Project {
    /// Reads the project whose root is in a folder.
    pub(super) fn read(repo: &dyn RepoView, folder: &str) -> Option<Self> {
        let root = Manifest::read(repo, folder)?;
        let mut members = Vec::new();
        if root.workspace.is_some() {
            for below in manifest_folders(repo) {
                if let Some(relative) = relative(folder, &below)
                    && let Some(manifest) = Manifest::read(repo, &below)
                    && manifest.workspace.is_none()
                    && is_member(&root, relative, &below)
                {
                    members.push(manifest);
                }
            }
        }
        Some(Self { root, members })
    }

    /// The root package first, then the members.
    pub(super) fn packages(&self) -> impl Iterator<Item = &Manifest> {
        std::iter::once(&self.root).chain(&self.members).filter(|m| m.package.is_some())
    }

    /// The toolchain that the whole project needs.
    pub(super) fn toolchain(&self, repo: &dyn RepoView) -> ToolchainRequirement {
        toolchain::requirement(repo, &self.root, &self.members)
    }
}

/// The units of a tree.
pub(super) fn units(repo: &dyn RepoView) -> Vec<Unit> {
    let folders = manifest_folders(repo);
    let mut projects: Vec<Project> = Vec::new();
    let mut units = Vec::new();
    for folder in &folders {
        let Some(manifest) = Manifest::read(repo, folder) else { continue };
        let owned = projects
            .iter()
            .any(|project| project.members.iter().any(|member| &member.folder == folder));
        if owned {
            units.push(unit(repo, &manifest, &[], UnitRole::Member));
            continue;
        }
        if let Some(project) = Project::read(repo, folder) {
            units.push(unit(repo, &project.root, &project.members, UnitRole::Primary));
            projects.push(project);
        }
    }
    units
}

/// Folders with a manifest, shorter paths first, so that workspaces come before their members.
fn manifest_folders(repo: &dyn RepoView) -> Vec<String> {
    let mut found: Vec<String> = repo
        .files()
        .iter()
        .filter_map(|entry| match entry.path.rsplit_once('/') {
            Some((folder, "Cargo.toml")) => Some(folder.to_owned()),
            None if entry.path == "Cargo.toml" => Some(String::new()),
            _ => None,
        })
        .filter(|folder| !folder.split('/').any(|part| matches!(part, "target" | "vendor")))
        .collect();
    found.sort_by_key(|folder| if folder.is_empty() { 0 } else { 1 + folder.matches('/').count() });
    found
}

fn relative<'a>(folder: &str, below: &'a str) -> Option<&'a str> {
    if folder.is_empty() {
        return (!below.is_empty()).then_some(below);
    }
    below.strip_prefix(folder)?.strip_prefix('/')
}

/// Members by pattern, and path dependencies of the root, which Cargo takes in by itself.
fn is_member(root: &Manifest, relative: &str, folder: &str) -> bool {
    let Some(workspace) = &root.workspace else { return false };
    workspace.has_member(relative)
        || (root.paths.iter().any(|path| join(&root.folder, path) == folder)
            && !workspace.exclude.iter().any(|e| e.trim_end_matches('/') == relative))
}

fn unit(repo: &dyn RepoView, manifest: &Manifest, members: &[Manifest], role: UnitRole) -> Unit {
    let path = join(&manifest.folder, "Cargo.toml");
    let toolchains = vec![toolchain::requirement(repo, manifest, members)];
    let all = || std::iter::once(manifest).chain(members);
    let mut frameworks: Vec<String> = SERVER_CRATES
        .iter()
        .filter(|name| all().any(|m| m.dependencies.contains(**name)))
        .map(|name| (*name).to_owned())
        .collect();
    frameworks.push("cargo-test".to_owned());
    let folder_name = manifest.folder.rsplit('/').next().unwrap_or_default();
    Unit {
        path: manifest.folder.clone(),
        ecosystem: EcosystemId::new("rust"),
        name: manifest.package.as_ref().map_or_else(|| folder_name.to_owned(), |p| p.name.clone()),
        kind: kind(repo, manifest, members),
        role,
        managers: vec!["cargo".to_owned()],
        toolchains,
        frameworks,
        weight: 50,
        evidence: vec![Evidence::at(path, "rust.manifest", Trust::Manifest)],
    }
}

fn kind(repo: &dyn RepoView, manifest: &Manifest, members: &[Manifest]) -> UnitKind {
    let Some(package) = &manifest.package else { return UnitKind::Workspace };
    if package.binaries.is_empty() {
        let more =
            members.iter().any(|m| m.package.as_ref().is_some_and(|p| !p.binaries.is_empty()));
        return if more { UnitKind::Workspace } else { UnitKind::Library };
    }
    if super::service::is_server(repo, manifest) { UnitKind::Service } else { UnitKind::Cli }
}
