//! Workspaces: which packages a root holds, and how they depend on one another.

use rr_core::RepoView;

use super::package_json::Manifest;
use crate::places::matches_glob;

/// Most members read of one workspace.
const MEMBER_LIMIT: usize = 400;

/// A root and its member packages.
#[derive(Clone, Debug)]
pub(super) struct Workspace {
    /// The root's manifest.
    pub(super) root: Manifest,
    /// Members, by path; empty for a package that is no workspace.
    pub(super) members: Vec<Manifest>,
    /// Whether turbo builds before it tests.
    pub(super) turbo_builds_first: bool,
}

impl Workspace {
    /// The workspace whose root is this folder.
    pub(super) fn read(repo: &dyn RepoView, folder: &str) -> Option<Self> {
        let root = Manifest::read(repo, folder)?;
        let globs = globs(repo, &root);
        let members = if globs.is_empty() { Vec::new() } else { members(repo, folder, &globs) };
        let turbo_builds_first = turbo_builds_first(repo, &root);
        Some(Self { root, members, turbo_builds_first })
    }

    /// The package of this name, the root included.
    pub(super) fn by_name(&self, name: &str) -> Option<&Manifest> {
        self.packages().find(|package| package.name == name)
    }

    /// The package in this folder, the root included.
    pub(super) fn by_folder(&self, folder: &str) -> Option<&Manifest> {
        self.packages().find(|package| package.folder == folder)
    }

    /// The root, then the members.
    pub(super) fn packages(&self) -> impl Iterator<Item = &Manifest> {
        std::iter::once(&self.root).chain(&self.members)
    }

    /// Whether any package declares this dependency.
    pub(super) fn depends_on(&self, name: &str) -> bool {
        self.packages().any(|package| package.depends_on(name))
    }
}

/// The globs that name a root's members, from wherever they are declared.
pub(super) fn globs(repo: &dyn RepoView, root: &Manifest) -> Vec<String> {
    if let Some(text) = repo.text(&root.path("pnpm-workspace.yaml")) {
        let listed = yaml_list(&text, "packages");
        if !listed.is_empty() {
            return listed;
        }
    }
    let declared = root.workspaces();
    if !declared.is_empty() {
        return declared;
    }
    let Some(text) = repo.text(&root.path("lerna.json")) else { return Vec::new() };
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    match value.get("packages").and_then(|list| list.as_array()) {
        Some(list) => list.iter().filter_map(|g| g.as_str()).map(str::to_owned).collect(),
        None => vec!["packages/*".to_owned()],
    }
}

/// Whether `turbo.json` lets its `test` task depend on a build.
fn turbo_builds_first(repo: &dyn RepoView, root: &Manifest) -> bool {
    let Some(text) = repo.text(&root.path("turbo.json")) else { return false };
    let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) else {
        return text.contains("\"^build\"");
    };
    let tasks = value.get("tasks").or_else(|| value.get("pipeline"));
    tasks
        .and_then(|tasks| tasks.get("test")?.get("dependsOn")?.as_array())
        .is_some_and(|list| list.iter().any(|d| d.as_str().is_some_and(|d| d.contains("build"))))
}

fn members(repo: &dyn RepoView, folder: &str, globs: &[String]) -> Vec<Manifest> {
    let skip = if folder.is_empty() { 0 } else { folder.len() + 1 };
    repo.below(folder)
        .iter()
        .filter_map(|entry| entry.path.strip_suffix("/package.json"))
        .filter(|path| path.len() > skip && !path.contains("node_modules"))
        .filter(|path| included(&path[skip..], globs))
        .take(MEMBER_LIMIT)
        .filter_map(|path| Manifest::read(repo, path))
        .collect()
}

/// Whether a folder is named by the globs; a glob that begins with `!` takes folders out again.
pub(super) fn included(folder: &str, globs: &[String]) -> bool {
    let mut inside = false;
    for glob in globs {
        match glob.strip_prefix('!') {
            Some(negated) if matches_glob(folder, clean(negated)) => inside = false,
            Some(_) => {}
            None => inside |= matches_glob(folder, clean(glob)),
        }
    }
    inside
}

fn clean(glob: &str) -> &str {
    glob.trim_start_matches("./").trim_end_matches('/').trim_end_matches("/package.json")
}

/// The items of a top-level block or flow list of a YAML file.
fn yaml_list(text: &str, key: &str) -> Vec<String> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&format!("{key}:")));
    let Some(first) = lines.next() else { return Vec::new() };
    let inline = first[key.len() + 1..].trim();
    if let Some(flow) = inline.strip_prefix('[') {
        return flow
            .trim_end_matches(']')
            .split(',')
            .map(scalar)
            .filter(|s| !s.is_empty())
            .collect();
    }
    lines
        .map(|line| line.split(" #").next().unwrap_or(line))
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map_while(|line| line.trim().strip_prefix('-').map(scalar))
        .filter(|item| !item.is_empty())
        .collect()
}

fn scalar(text: &str) -> String {
    text.trim().trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn globs_name_members_in_every_form() {
        let globs = |list: &[&str]| list.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>();
        assert!(included("packages/a", &globs(&["packages/*"])));
        assert!(!included("packages/a/b", &globs(&["packages/*"])));
        assert!(included("packages/a/b", &globs(&["./packages/**"])));
        assert!(included("apps/x", &globs(&["{apps,libs}/*"])));
        assert!(!included("packages/x", &globs(&["packages/*", "!packages/x"])));
    }

    #[test]
    fn pnpm_rules_over_package_json_and_lerna_has_a_default() {
        let repo = MemoryRepo::new([
            ("package.json", r#"{"workspaces": ["x/*"]}"#),
            ("pnpm-workspace.yaml", "packages:\n  # ours\n  - 'a/*'\n  - \"!a/no\"\nother: 1\n"),
            ("a/yes/package.json", r#"{"name": "yes"}"#),
            ("a/no/package.json", "{}"),
            ("x/y/package.json", "{}"),
            ("l/package.json", "{}"),
            ("l/lerna.json", "{}"),
            ("l/packages/p/package.json", "{}"),
        ]);
        let workspace = Workspace::read(&repo, "").unwrap();
        let folders: Vec<_> = workspace.members.iter().map(|m| m.folder.as_str()).collect();
        assert_eq!(folders, ["a/yes"]);
        assert!(workspace.by_name("yes").is_some());
        assert_eq!(Workspace::read(&repo, "l").unwrap().members.len(), 1);
    }
}
