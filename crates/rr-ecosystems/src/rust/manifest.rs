//! `Cargo.toml`, as far as plans need it.
//!
//! Knows Cargo's rules for targets and inheritance; must not know what a plan does with them.

use std::collections::BTreeSet;

use rr_core::RepoView;
use toml_edit::{DocumentMut, Item, TableLike};

/// One manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// Folder it lies in, relative to the root.
    pub(super) folder: String,
    /// `[package]`, absent in a virtual workspace.
    pub(super) package: Option<Package>,
    /// `[workspace]`.
    pub(super) workspace: Option<Workspace>,
    /// Names of dependencies of the program itself, `package = "…"` renames undone.
    pub(super) dependencies: BTreeSet<String>,
    /// Names of dependencies of its tests.
    pub(super) dev_dependencies: BTreeSet<String>,
    /// Folders that `path = "…"` dependencies name.
    pub(super) paths: Vec<String>,
}

/// `[package]` and the targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) edition: Option<String>,
    pub(super) rust_version: Option<String>,
    pub(super) default_run: Option<String>,
    /// Name of the library target as code names it.
    pub(super) library: Option<Library>,
    pub(super) binaries: Vec<Binary>,
}

/// `[lib]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Library {
    pub(super) name: String,
    /// Whether it can be linked into a Rust program: `lib`, `rlib`, `dylib` or a macro crate.
    pub(super) linkable: bool,
}

/// `[[bin]]`, or one found by its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Binary {
    pub(super) name: String,
    /// Path of its main file, relative to the repository's root.
    pub(super) path: String,
    pub(super) required_features: Vec<String>,
}

/// `[workspace]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Workspace {
    pub(super) members: Vec<String>,
    pub(super) exclude: Vec<String>,
    pub(super) edition: Option<String>,
    pub(super) rust_version: Option<String>,
}

impl Manifest {
    /// Reads the manifest of a folder. `None` where there is none or it is no TOML.
    pub(super) fn read(repo: &dyn RepoView, folder: &str) -> Option<Self> {
        let text = repo.text(&join(folder, "Cargo.toml"))?;
        let document: DocumentMut = text.parse().ok()?;
        let mut manifest = Self { folder: folder.to_owned(), ..Self::default() };
        manifest.workspace = document.get("workspace").and_then(Item::as_table_like).map(workspace);
        let table = document.get("package").or_else(|| document.get("project"));
        manifest.package = table
            .and_then(Item::as_table_like)
            .map(|table| package(repo, folder, &document, table));
        manifest.collect_dependencies(&document);
        Some(manifest)
    }

    /// Whether any of these is a dependency.
    pub(super) fn depends_on_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.dependencies.contains(*name))
    }

    fn collect_dependencies(&mut self, document: &DocumentMut) {
        let mut tables: Vec<&dyn TableLike> = Vec::new();
        let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
        let mut push_from = |table: &'_ dyn TableLike| {
            for kind in kinds {
                if let Some(found) = table.get(kind).and_then(Item::as_table_like) {
                    for (name, item) in found.iter() {
                        let name = text_of(item, "package").unwrap_or_else(|| name.to_owned());
                        match kind {
                            "dev-dependencies" => self.dev_dependencies.insert(name),
                            _ => self.dependencies.insert(name),
                        };
                        self.paths.extend(text_of(item, "path"));
                    }
                }
            }
        };
        tables.push(document.as_table());
        if let Some(targets) = document.get("target").and_then(Item::as_table_like) {
            tables.extend(targets.iter().filter_map(|(_, item)| item.as_table_like()));
        }
        for table in tables {
            push_from(table);
        }
    }
}

impl Workspace {
    /// Whether a folder (relative to the workspace's) is a member by pattern.
    pub(super) fn has_member(&self, folder: &str) -> bool {
        let matches = |patterns: &[String]| patterns.iter().any(|p| pattern_matches(p, folder));
        let excluded = self.exclude.iter().any(|e| {
            let e = e.trim_end_matches('/');
            folder == e || folder.strip_prefix(e).is_some_and(|rest| rest.starts_with('/'))
        });
        matches(&self.members) && !excluded
    }
}

/// Joins a folder of the repository and a relative path, `.` and `..` resolved.
pub(super) fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// Cargo's member patterns: `*` and `**` for folders, `*` inside names.
fn pattern_matches(pattern: &str, folder: &str) -> bool {
    let pattern: Vec<&str> =
        pattern.trim_start_matches("./").trim_end_matches('/').split('/').collect();
    let parts: Vec<&str> = folder.split('/').collect();
    parts_match(&pattern, &parts)
}

fn parts_match(pattern: &[&str], parts: &[&str]) -> bool {
    match (pattern.first(), parts.first()) {
        (None, None) => true,
        (Some(&"**"), _) => {
            parts_match(&pattern[1..], parts)
                || (!parts.is_empty() && parts_match(pattern, &parts[1..]))
        }
        (Some(p), Some(name)) => name_matches(p, name) && parts_match(&pattern[1..], &parts[1..]),
        _ => false,
    }
}

fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            let tail = tail.trim_start_matches('*');
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        }
    }
}

fn workspace(table: &dyn TableLike) -> Workspace {
    let inherited = table.get("package").and_then(Item::as_table_like);
    let of = |key| inherited.and_then(|t| t.get(key)).and_then(Item::as_str).map(str::to_owned);
    Workspace {
        members: texts(table.get("members")),
        exclude: texts(table.get("exclude")),
        edition: of("edition"),
        rust_version: of("rust-version"),
    }
}

fn package(
    repo: &dyn RepoView,
    folder: &str,
    document: &DocumentMut,
    table: &dyn TableLike,
) -> Package {
    let of = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
    let name = of("name").unwrap_or_else(|| folder.rsplit('/').next().unwrap_or("").to_owned());
    let auto = |key: &str| table.get(key).and_then(Item::as_bool).unwrap_or(true);
    Package {
        edition: of("edition"),
        rust_version: of("rust-version"),
        default_run: of("default-run"),
        library: library(repo, folder, document, &name, auto("autolib")),
        binaries: binaries(repo, folder, document, &name, auto("autobins")),
        name,
    }
}

fn library(
    repo: &dyn RepoView,
    folder: &str,
    document: &DocumentMut,
    package: &str,
    auto: bool,
) -> Option<Library> {
    let table = document.get("lib").and_then(Item::as_table_like);
    if table.is_none() && !(auto && repo.has(&join(folder, "src/lib.rs"))) {
        return None;
    }
    let name = table.and_then(|t| t.get("name")).and_then(Item::as_str).unwrap_or(package);
    let kinds = texts(table.and_then(|t| t.get("crate-type").or_else(|| t.get("crate_type"))));
    let linkable = kinds.is_empty()
        || kinds
            .iter()
            .any(|kind| matches!(kind.as_str(), "lib" | "rlib" | "dylib" | "proc-macro"));
    Some(Library { name: name.replace('-', "_"), linkable })
}

fn binaries(
    repo: &dyn RepoView,
    folder: &str,
    document: &DocumentMut,
    package: &str,
    auto: bool,
) -> Vec<Binary> {
    let mut found: Vec<Binary> = Vec::new();
    let declared = document.get("bin").and_then(Item::as_array_of_tables);
    for table in declared.into_iter().flat_map(|tables| tables.iter()) {
        let Some(name) = table.get("name").and_then(Item::as_str) else { continue };
        let path = table.get("path").and_then(Item::as_str).map(|path| join(folder, path));
        found.push(Binary {
            name: name.to_owned(),
            path: path.unwrap_or_else(|| usual_place(repo, folder, package, name)),
            required_features: texts(table.get("required-features")),
        });
    }
    if auto {
        for (name, path) in places(repo, folder, package) {
            if found.iter().all(|binary| binary.name != name && binary.path != path) {
                found.push(Binary { name, path, required_features: Vec::new() });
            }
        }
    }
    found
}

fn usual_place(repo: &dyn RepoView, folder: &str, package: &str, name: &str) -> String {
    places(repo, folder, package)
        .into_iter()
        .find(|(found, _)| found == name)
        .map_or_else(|| join(folder, "src/main.rs"), |(_, path)| path)
}

/// Binaries by their place: `src/main.rs`, `src/bin/x.rs`, `src/bin/x/main.rs`.
fn places(repo: &dyn RepoView, folder: &str, package: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let main = join(folder, "src/main.rs");
    if repo.has(&main) {
        found.push((package.to_owned(), main));
    }
    let bin = join(folder, "src/bin");
    for entry in repo.below(&bin) {
        let rest = &entry.path[bin.len() + 1..];
        let name = match rest.split_once('/') {
            None => rest.strip_suffix(".rs"),
            Some((name, "main.rs")) => Some(name),
            Some(_) => None,
        };
        found.extend(name.map(|name| (name.to_owned(), entry.path.clone())));
    }
    found
}

fn text_of(item: &Item, key: &str) -> Option<String> {
    item.as_table_like()?.get(key)?.as_str().map(str::to_owned)
}

fn texts(item: Option<&Item>) -> Vec<String> {
    item.and_then(Item::as_array)
        .map(|array| array.iter().filter_map(|v| v.as_str()).map(str::to_owned).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn targets_are_found_as_cargo_finds_them() {
        let repo = MemoryRepo::new([
            (
                "Cargo.toml",
                "[package]\nname = \"my-app\"\nedition = \"2021\"\n[[bin]]\nname = \"other\"\n\
                 path = \"src/cli.rs\"\n[dependencies]\nweb = { package = \"axum\", version = \"1\" }\n",
            ),
            ("src/main.rs", "fn main() {}"),
            ("src/lib.rs", ""),
            ("src/cli.rs", ""),
            ("src/bin/a.rs", ""),
            ("src/bin/b/main.rs", ""),
            ("src/bin/b/part.rs", ""),
        ]);
        let manifest = Manifest::read(&repo, "").unwrap();
        let package = manifest.package.clone().unwrap();
        let names: Vec<_> = package.binaries.iter().map(|b| b.name.as_str()).collect();
        assert_eq!(names, ["other", "my-app", "a", "b"]);
        assert_eq!(package.library.unwrap(), Library { name: "my_app".to_owned(), linkable: true });
        assert!(manifest.depends_on_any(&["axum"]));
    }

    #[test]
    fn member_patterns_are_cargos() {
        let workspace = Workspace {
            members: vec!["crates/*".to_owned(), "tools/x-*".to_owned()],
            exclude: vec!["crates/old".to_owned()],
            ..Workspace::default()
        };
        assert!(workspace.has_member("crates/a"));
        assert!(workspace.has_member("tools/x-y"));
        assert!(!workspace.has_member("crates/a/b"));
        assert!(!workspace.has_member("crates/old"));
    }
}
