//! Which folders are Python units, and what each of them is.

use std::collections::BTreeSet;

use rr_core::{EcosystemId, Evidence, RepoView, Trust, Unit, UnitRole};

use super::applications;
use super::layout;
use super::manifest::{self, Manifest};
use super::paths::{file_name, join, parent};
use super::requirements::{self, Purpose, closure, requirement_name};
use super::start;
use super::versions::{self, Surroundings};

/// Manifests that make a folder a unit by themselves.
const MANIFESTS: &[&str] = &[
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Pipfile",
    "requirements.txt",
    "environment.yml",
    "environment.yaml",
    "manage.py",
];

/// Every Python unit of the tree.
pub(super) fn units(repo: &dyn RepoView) -> Vec<Unit> {
    let mut folders: BTreeSet<String> = BTreeSet::new();
    for entry in repo.files() {
        if MANIFESTS.contains(&file_name(&entry.path)) {
            folders.insert(parent(&entry.path).to_owned());
        }
    }
    if has_loose_code(repo, &folders) {
        folders.insert(String::new());
    }
    let mut units: Vec<Unit> = Vec::new();
    for folder in folders {
        if !units.iter().any(|unit| swallows(repo, unit, &folder)) {
            units.extend(unit(repo, &folder));
        }
    }
    mark_members(repo, &mut units);
    units
}

/// Folders whose requirement files belong to the unit around them.
fn swallows(repo: &dyn RepoView, unit: &Unit, folder: &str) -> bool {
    let inside = super::paths::relative(&unit.path, folder);
    let below = unit.path.is_empty() || folder.starts_with(&format!("{}/", unit.path));
    let aside = ["requirements", "test", "tests", "reqs", "ci", ".ci", ".github"];
    let real = ["pyproject.toml", "setup.py", "setup.cfg"]
        .iter()
        .any(|name| repo.has(&join(folder, name)));
    below && !real && (aside.contains(&inside) || repo.has(&join(folder, "__init__.py")))
}

fn unit(repo: &dyn RepoView, folder: &str) -> Option<Unit> {
    let manifest = manifest::read(repo, folder);
    let files = requirements::files(repo, folder);
    let main_files = files.iter().any(|file| file.purpose == Purpose::Main);
    let code = repo.below(folder).iter().any(|entry| entry.path.ends_with(".py"));
    let described = manifest.installable
        || !manifest.dependencies.is_empty()
        || !manifest.groups.is_empty()
        || main_files
        || repo.has(&join(folder, "manage.py"));
    let loose = folder.is_empty() && has_loose_code(repo, &BTreeSet::new());
    if !(described || loose) || !code {
        return None;
    }
    let layout = layout::of(repo, folder, &manifest);
    let declared = program_names(repo, folder, &manifest);
    let application = applications::find(repo, folder, &declared, manifest.name.as_deref());
    let role = role(folder);
    let mut frameworks: Vec<String> =
        application.iter().map(|app| app.framework.name().to_owned()).collect();
    if manifest.pytest.is_some()
        || manifest.all_requirements().any(|line| line.starts_with("pytest"))
    {
        frameworks.push("pytest".to_owned());
    }
    let around = Surroundings::default();
    let python = versions::request(repo, folder, &manifest, &around);
    Some(Unit {
        path: folder.to_owned(),
        ecosystem: EcosystemId::new("python"),
        name: manifest.name.clone().unwrap_or_else(|| file_name(folder).to_owned()),
        kind: start::kind(&manifest, application.as_ref()),
        role,
        managers: manifest.managers.clone(),
        toolchains: vec![python],
        frameworks,
        weight: weight(folder, role, &manifest, application.is_some(), !layout.tests.is_empty()),
        evidence: evidence(repo, folder, &manifest, &files),
    })
}

/// Names that the program (not its tests) depends on, normalised.
pub(super) fn program_names(
    repo: &dyn RepoView,
    folder: &str,
    manifest: &Manifest,
) -> BTreeSet<String> {
    let files = requirements::files(repo, folder);
    let from_files = files
        .iter()
        .filter(|file| !manifest.installable && matches!(file.purpose, Purpose::Main))
        .flat_map(|file| closure(repo, &file.path));
    manifest
        .dependencies
        .iter()
        .filter_map(|line| requirement_name(line))
        .chain(from_files.filter_map(|line| requirement_name(&line)))
        .collect()
}

fn evidence(
    repo: &dyn RepoView,
    folder: &str,
    manifest: &Manifest,
    files: &[requirements::RequirementFile],
) -> Vec<Evidence> {
    let place = |path: &String| Evidence::at(path, "python.manifest", Trust::Manifest);
    let mut found: Vec<Evidence> = manifest.files.iter().map(place).collect();
    found.extend(
        files.iter().filter(|file| file.purpose == Purpose::Main).map(|file| place(&file.path)),
    );
    if found.is_empty() {
        let first = repo.below(folder).iter().find(|entry| entry.path.ends_with(".py"));
        found.extend(first.map(|entry| Evidence::at(&entry.path, "python.source", Trust::Default)));
    }
    found
}

/// Python code at the root without any manifest: scripts, or a package and its tests.
fn has_loose_code(repo: &dyn RepoView, manifests: &BTreeSet<String>) -> bool {
    let code = |path: &str| {
        let folder = parent(path);
        let owned =
            manifests.iter().any(|known| !known.is_empty() && folder.starts_with(known.as_str()));
        path.ends_with(".py") && path.matches('/').count() <= 1 && !owned
    };
    let count =
        repo.files().iter().filter(|entry| code(&entry.path) && repo.size(&entry.path) > 0).count();
    let manifest = repo.files().iter().any(|entry| {
        let name = file_name(&entry.path);
        parent(&entry.path).is_empty()
            && matches!(
                name,
                "Cargo.toml"
                    | "package.json"
                    | "go.mod"
                    | "pom.xml"
                    | "CMakeLists.txt"
                    | "build.gradle"
                    | "Gemfile"
                    | "composer.json"
                    | "configure.ac"
                    | "Makefile.am"
                    | "meson.build"
            )
    });
    let top = repo.children("").iter().any(|entry| entry.path.ends_with(".py"));
    count > 0 && !manifest && (top || count >= 2)
}

fn role(folder: &str) -> UnitRole {
    for part in folder.split('/') {
        match part {
            "example" | "examples" | "sample" | "samples" | "demo" | "demos" | "tutorial"
            | "tutorials" | "cookbook" => {
                return UnitRole::Example;
            }
            "fixtures" | "fixture" | "testdata" | "test_data" | "test-data" | "test" | "tests"
            | "testing" | "resources" | "templates" | "template" => {
                return UnitRole::Fixture;
            }
            "doc" | "docs" | "documentation" | "website" | "site" => return UnitRole::Docs,
            "tools" | "tool" | "scripts" | "script" | "ci" | ".ci" | ".github" | "benchmark"
            | "benchmarks" | "bench" | "build" | "packaging" | "dev" | "docker" | "contrib"
            | "vendor" | "third_party" => {
                return UnitRole::Tooling;
            }
            _ => {}
        }
    }
    UnitRole::Primary
}

fn weight(folder: &str, role: UnitRole, manifest: &Manifest, service: bool, tests: bool) -> u8 {
    if role != UnitRole::Primary {
        return 10;
    }
    let depth = if folder.is_empty() { 0 } else { folder.matches('/').count() + 1 };
    let base = 60_usize.saturating_sub(depth * 15);
    let extra = usize::from(manifest.installable) * 15
        + usize::from(service) * 10
        + usize::from(tests) * 15;
    u8::try_from((base + extra).min(100)).unwrap_or(100)
}

/// Members of a uv workspace belong to its root.
fn mark_members(repo: &dyn RepoView, units: &mut [Unit]) {
    let roots: Vec<String> = units
        .iter()
        .filter(|unit| {
            repo.text(&join(&unit.path, "pyproject.toml"))
                .is_some_and(|text| text.contains("[tool.uv.workspace]"))
        })
        .map(|unit| unit.path.clone())
        .collect();
    for unit in units.iter_mut().filter(|unit| unit.role == UnitRole::Primary) {
        let member = roots.iter().any(|root| {
            *root != unit.path && (root.is_empty() || unit.path.starts_with(&format!("{root}/")))
        });
        // A member with an application or tests of its own still has a plan through its root.
        if member {
            unit.role = UnitRole::Member;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{MemoryRepo, UnitKind};

    #[test]
    fn units_have_roles_by_their_place() {
        let repo = MemoryRepo::new([
            ("pyproject.toml", "[project]\nname='lib'\n[build-system]\nrequires=[]\n"),
            ("lib/__init__.py", "x"),
            ("docs/requirements.txt", "sphinx"),
            ("docs/conf.py", "x"),
            ("examples/app/requirements.txt", "flask"),
            ("examples/app/app.py", "app = Flask(__name__)"),
            ("tests/requirements.txt", "pytest"),
            ("tests/test_a.py", "x"),
        ]);
        let found: Vec<(String, UnitRole)> =
            units(&repo).into_iter().map(|unit| (unit.path, unit.role)).collect();
        assert_eq!(
            found,
            [
                (String::new(), UnitRole::Primary),
                ("docs".to_owned(), UnitRole::Docs),
                ("examples/app".to_owned(), UnitRole::Example),
            ]
        );
    }

    #[test]
    fn scripts_without_a_manifest_are_a_unit_and_a_service_is_seen() {
        let loose = MemoryRepo::new([("train.py", "import torch"), ("README.md", "")]);
        assert_eq!(units(&loose).len(), 1);
        let service =
            MemoryRepo::new([("requirements.txt", "flask"), ("app.py", "app = Flask(__name__)")]);
        assert_eq!(units(&service)[0].kind, UnitKind::Service);
        let other = MemoryRepo::new([("Cargo.toml", ""), ("x.py", "y")]);
        assert!(units(&other).is_empty());
    }
}
