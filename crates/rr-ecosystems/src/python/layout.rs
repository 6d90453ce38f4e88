//! Where a unit's code and tests lie: importable modules, test files, source folders.

use std::collections::BTreeSet;

use rr_core::{FileEntry, RepoView};

use super::manifest::Manifest;
use super::paths::{file_name, join, parent, relative};

/// What a unit's folder holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Top-level modules that other code may import, the likeliest first.
    pub(super) modules: Vec<String>,
    /// Folder relative to the unit in which those modules lie: `""` or `src`.
    pub(super) source: String,
    /// Test files, paths relative to the root.
    pub(super) tests: Vec<String>,
    /// Every module name that a file or folder of the unit could be imported by.
    pub(super) own: BTreeSet<String>,
}

/// Folders that hold no code of the unit itself.
const ASIDE: &[&str] = &[
    "test",
    "tests",
    "testing",
    "doc",
    "docs",
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "benchmark",
    "benchmarks",
    "bench",
    "scripts",
    "script",
    "tools",
    "tool",
    "ci",
    "bin",
    "build",
    "dist",
    "node_modules",
    "venv",
    "env",
    "static",
    "templates",
    "migrations",
    "contrib",
    "vendor",
    "third_party",
    "site",
    "etc",
    "data",
    "notebooks",
    "requirements",
    "fixtures",
];

/// Names of files at a unit's top that are no modules to import.
const NOT_MODULES: &[&str] = &[
    "setup",
    "conftest",
    "noxfile",
    "tasks",
    "fabfile",
    "manage",
    "dodo",
    "versioneer",
    "wsgi",
    "asgi",
    "tests",
    "test",
    "runtests",
    "run_tests",
    "ez_setup",
    "distribute_setup",
    "__init__",
    "__main__",
    "pavement",
    "bootstrap",
    "hatch_build",
    "build",
    "_build",
    "release",
    "conf",
];

/// Looks at a unit's files, with the names that its manifest gives.
pub(super) fn of(repo: &dyn RepoView, unit: &str, manifest: &Manifest) -> Layout {
    let name = manifest.name.as_deref();
    let mut layout = Layout::default();
    for folder in ["src", "lib", "python", ""] {
        let modules = modules_in(repo, &join(unit, folder));
        if !modules.is_empty() {
            layout.source = folder.to_owned();
            layout.modules = modules;
            break;
        }
    }
    // What the manifest names rules: its folders may have other names than its modules.
    let named: BTreeSet<String> =
        manifest.modules.iter().filter_map(|module| importable(module, name)).collect();
    if !named.is_empty() {
        let found = std::mem::take(&mut layout.modules);
        layout.modules = manifest.modules.iter().filter(|m| named.contains(*m)).cloned().collect();
        layout.modules.extend(named.into_iter().filter(|m| !manifest.modules.contains(m)));
        layout.modules.sort_by_key(|module| !found.contains(module));
    }
    if let Some(name) = name {
        let wanted = name.to_lowercase().replace(['-', '.'], "_");
        let close = |module: &String| {
            let module = module.to_lowercase();
            (module != wanted, !wanted.contains(&module) && !module.contains(&wanted))
        };
        layout.modules.sort_by_key(|module| (close(module), module.starts_with('_')));
    }
    layout.own.extend(manifest.modules.iter().cloned());
    for entry in repo.below(unit).iter().filter(|entry| entry.path.ends_with(".py")) {
        let inside = relative(unit, &entry.path);
        own_names(inside, &mut layout.own);
        if is_test(inside) && !is_aside_tree(inside) {
            layout.tests.push(entry.path.clone());
        }
    }
    layout
}

/// Whether a path (relative to the unit) looks like a test file.
pub(super) fn is_test(path: &str) -> bool {
    let name = file_name(path);
    let stem = name.strip_suffix(".py").unwrap_or(name);
    let in_tests = parent(path).split('/').any(|p| p == "test" || p == "tests");
    stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || matches!(stem, "test" | "tests")
        || (in_tests && !matches!(stem, "__init__" | "conftest" | "setup"))
}

fn is_aside_tree(path: &str) -> bool {
    let aside = ["node_modules", "venv", "site-packages", "vendor", "third_party", "examples"];
    parent(path).split('/').any(|part| aside.contains(&part))
}

fn own_names(path: &str, own: &mut BTreeSet<String>) {
    for folder in parent(path).split('/').filter(|part| !part.is_empty()) {
        own.insert(folder.to_owned());
    }
    let stem = file_name(path).trim_end_matches(".py");
    if stem != "__init__" {
        own.insert(stem.to_owned());
    }
}

fn modules_in(repo: &dyn RepoView, folder: &str) -> Vec<String> {
    let mut packages = BTreeSet::new();
    let mut files = Vec::new();
    for entry in repo.below(folder) {
        let inside = relative(folder, &entry.path);
        match inside.split_once('/') {
            Some((package, rest)) if rest == "__init__.py" && !ASIDE.contains(&package) => {
                packages.insert(package.to_owned());
            }
            None => files.extend(module_file(repo, entry, inside)),
            _ => {}
        }
    }
    let mut found: Vec<String> = packages.into_iter().filter(|name| is_name(name)).collect();
    if found.is_empty() {
        found = files;
    }
    found
}

fn module_file(repo: &dyn RepoView, entry: &FileEntry, inside: &str) -> Option<String> {
    let stem = inside.strip_suffix(".py")?;
    let plain = is_name(stem) && !NOT_MODULES.contains(&stem) && !is_test(inside);
    (plain && repo.size(&entry.path) > 0).then(|| stem.to_owned())
}

/// The module to import for a package that a manifest names. `x-stubs` holds the types of `x`
/// (PEP 561), which is this distribution's own only where it is called so.
fn importable(module: &str, distribution: Option<&str>) -> Option<String> {
    match module.strip_suffix("-stubs") {
        None => module.split('.').all(is_name).then(|| module.to_owned()),
        Some(typed) => {
            let own = distribution?.to_lowercase().replace(['-', '.'], "_") == typed.to_lowercase();
            own.then(|| typed.to_owned())
        }
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn packages_are_found_in_both_layouts() {
        let repo = MemoryRepo::new([
            ("src/shiny_thing/__init__.py", "x"),
            ("src/_other/__init__.py", "x"),
            ("tests/test_a.py", "x"),
            ("setup.py", "x"),
        ]);
        let layout =
            of(&repo, "", &Manifest { name: Some("Shiny-Thing".into()), ..Manifest::default() });
        assert_eq!(layout.modules, ["shiny_thing", "_other"]);
        assert_eq!((layout.source.as_str(), layout.tests.len()), ("src", 1));
        let typed = |module: &str| Manifest {
            name: Some("thing".into()),
            modules: vec![module.to_owned()],
            ..Manifest::default()
        };
        assert_eq!(of(&repo, "", &typed("thing-stubs")).modules, ["thing"]);
        assert_eq!(of(&repo, "", &typed("other-stubs")).modules, ["shiny_thing", "_other"]);
        let flat = MemoryRepo::new([("thing.py", "x"), ("setup.py", "x"), ("test_thing.py", "x")]);
        assert_eq!(of(&flat, "", &Manifest::default()).modules, ["thing"]);
    }
}
