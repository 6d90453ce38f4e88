//! Which files decide what an install brings: they are copied into an image before the sources,
//! so that a change of a source installs nothing again.

use rr_core::{RepoView, RunPlan, StepKind};

use crate::lock::LockedManifest;

#[rustfmt::skip]
const NAMES: [&str; 42] = [
    "uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock", ".python-version",
    "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml",
    "pnpm-workspace.yaml", "bun.lock", "bun.lockb", ".npmrc", ".yarnrc", ".yarnrc.yml", "lerna.json",
    "Cargo.lock", "rust-toolchain", "rust-toolchain.toml", "go.mod", "go.sum", "go.work",
    "go.work.sum", "pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle",
    "settings.gradle.kts", "gradle.properties", "Gemfile", "Gemfile.lock", "cpanfile",
    "composer.json", "composer.lock", "mix.exs", "mix.lock", "pyproject.toml", "setup.py", "setup.cfg",
    "Cargo.toml",
];

fn is_manifest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let requirements = (name.ends_with(".txt") || name.ends_with(".in"))
        && (name.contains("requirements") || path.contains("requirements/"));
    NAMES.contains(&name) || requirements
}

/// Whether reading this manifest makes an install look at the sources beside it.
fn needs_sources(path: &str, text: &str) -> bool {
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    match path.rsplit('/').next().unwrap_or(path) {
        "package.json" => {
            let scripts = ["\"prepare\"", "\"preinstall\"", "\"install\"", "\"postinstall\""];
            has(&scripts) || has(&["\"file:", "\"link:"])
        }
        "Cargo.toml" => has(&["[lib]", "[[", "build =", "[workspace", "path ="]),
        "pyproject.toml" => !has(&["[project]"]) || has(&["dynamic = ", "file://"]),
        "setup.py" | "setup.cfg" | "mix.exs" | "composer.json" => true,
        "Gemfile" => has(&["gemspec", "path:"]),
        "go.mod" => has(&["replace "]),
        name if name.ends_with(".txt") => {
            let local = |line: &str| line.starts_with("-e") || line.starts_with(['.', '/']);
            text.lines().any(|line| local(line.trim()))
        }
        _ => false,
    }
}

/// The manifests of a plan's units, of the files of a tree: those at the root, and those below the
/// folders that installs run in. Decoys in examples and tests are left out.
pub(crate) fn manifests(repo: &dyn RepoView, plan: &RunPlan) -> Vec<LockedManifest> {
    let folders: Vec<&str> = plan.of_kind(StepKind::Install).map(|s| s.cwd.as_str()).collect();
    let decoy = |path: &str| {
        path.split('/').any(|part| {
            ["test", "tests", "fixtures", "examples", "example", "node_modules", "docs"]
                .contains(&part)
        })
    };
    let wanted = |path: &str| {
        let below = folders.iter().any(|folder| {
            folder.is_empty() || path.strip_prefix(folder).is_some_and(|p| p.starts_with('/'))
        });
        is_manifest(path) && (!path.contains('/') || below && !decoy(path))
    };
    let paths = repo.files().iter().map(|file| &file.path).filter(|path| wanted(path.as_str()));
    let manifests = paths.map(|path| LockedManifest {
        path: path.clone(),
        needs_sources: repo.text(path).is_none_or(|text| needs_sources(path, &text)),
    });
    manifests.collect()
}
