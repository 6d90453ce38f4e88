//! What the managers resolved: read from lockfiles, or from what an install left behind.
//!
//! Readers take text and give packages; whoever calls them finds the files.

mod installed;
mod json;
mod lines;
mod manifests;
mod toml_locks;

use crate::lock::{Dependency, DependencySet};

pub use installed::{maven_class_path, python_distributions};
pub(crate) use manifests::manifests;

/// Largest lockfile that is read, in bytes.
pub const FILE_CAP: u64 = 32 << 20;

type Reader = fn(&str) -> Vec<Dependency>;

/// Lockfiles by name, with the manager that writes each.
const LOCKFILES: [(&str, &str, Reader); 17] = [
    ("uv.lock", "uv", toml_locks::packages),
    ("poetry.lock", "poetry", toml_locks::packages),
    ("pdm.lock", "pdm", toml_locks::packages),
    ("pylock.toml", "pip", toml_locks::packages),
    ("Pipfile.lock", "pipenv", json::pipfile),
    ("Cargo.lock", "cargo", toml_locks::packages),
    ("package-lock.json", "npm", json::npm),
    ("npm-shrinkwrap.json", "npm", json::npm),
    (".package-lock.json", "npm", json::npm),
    ("pnpm-lock.yaml", "pnpm", lines::pnpm),
    ("lock.yaml", "pnpm", lines::pnpm),
    ("yarn.lock", "yarn", lines::yarn),
    ("go.sum", "go", lines::go_sum),
    ("Gemfile.lock", "bundler", lines::gemfile),
    ("gradle.lockfile", "gradle", lines::gradle),
    ("composer.lock", "composer", json::composer),
    ("mix.lock", "mix", lines::mix),
];

/// Whether a path is that of a lockfile that [`read`] knows.
#[must_use]
pub fn is_lockfile(path: &str) -> bool {
    LOCKFILES.iter().any(|(name, ..)| *name == base_name(path))
}

/// The packages that a lockfile names. `None` where it is none of ours, or empty.
#[must_use]
pub fn read(path: &str, text: &str, installed: bool) -> Option<DependencySet> {
    let (_, manager, reader) = LOCKFILES.iter().find(|(name, ..)| *name == base_name(path))?;
    set(manager, path, installed, reader(text))
}

/// A set, sorted and without repetition; `None` where it is empty.
#[must_use]
pub fn set(
    manager: &str,
    read_from: &str,
    installed: bool,
    mut packages: Vec<Dependency>,
) -> Option<DependencySet> {
    packages.retain(|package| !package.name.is_empty() && !package.version.is_empty());
    packages.sort();
    packages.dedup_by(|a, b| a.name == b.name && a.version == b.version);
    let (manager, read_from) = (manager.to_owned(), read_from.to_owned());
    (!packages.is_empty()).then_some(DependencySet { manager, read_from, installed, packages })
}

/// Gives installed packages the hashes that lockfiles of the same ecosystem know, and drops
/// lockfiles that say nothing more than what is installed.
#[must_use]
pub fn merge(mut sets: Vec<DependencySet>) -> Vec<DependencySet> {
    let files: Vec<DependencySet> = sets.iter().filter(|set| !set.installed).cloned().collect();
    for set in sets.iter_mut().filter(|set| set.installed) {
        for package in set.packages.iter_mut().filter(|package| package.hash.is_none()) {
            let same = |other: &&Dependency| {
                normal(&other.name) == normal(&package.name) && other.version == package.version
            };
            let known = files.iter().flat_map(|file| &file.packages).find(same);
            package.hash = known.and_then(|known| known.hash.clone());
        }
    }
    let installed: Vec<String> =
        sets.iter().filter(|set| set.installed).map(|set| set.manager.clone()).collect();
    let python = ["uv", "poetry", "pdm", "pip", "pipenv"];
    sets.retain(|set| {
        let covered = installed.contains(&set.manager)
            || python.contains(&set.manager.as_str()) && installed.iter().any(|m| m == "pip");
        set.installed || !covered
    });
    sets
}

/// Python compares names without case, with `-`, `_` and `.` alike.
fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
