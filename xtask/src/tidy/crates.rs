//! Who may import whom, by the table in `xtask/tidy.toml`.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use super::finding::Finding;
use super::settings::{Imports, Settings};
use crate::process::Workspace;

const TABLE: &str = "xtask/tidy.toml";

/// One crate of the workspace.
#[derive(Debug)]
pub(crate) struct Crate {
    /// Its name.
    pub(crate) name: String,
    /// What its manifest depends on.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependencies.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The package's name, not what it is renamed to.
    pub(crate) name: String,
    /// Whether only tests and benchmarks use it.
    pub(crate) tests_only: bool,
}

/// Reads the workspace's crates from `cargo metadata`.
pub(crate) fn read(workspace: &Workspace) -> Result<Vec<Crate>> {
    let packages = workspace.metadata["packages"].as_array();
    packages.context("`cargo metadata` lacks `packages`")?.iter().map(read_crate).collect()
}

fn read_crate(package: &Value) -> Result<Crate> {
    let name = package["name"].as_str().context("a package without a name")?.to_owned();
    let listed = package["dependencies"].as_array().context("a package without dependencies")?;
    let dependencies = listed
        .iter()
        .map(|entry| {
            let name = entry["name"].as_str().context("a dependency without a name")?.to_owned();
            Ok(Dependency { name, tests_only: entry["kind"] == "dev" })
        })
        .collect::<Result<_>>()?;
    Ok(Crate { name, dependencies })
}

/// Imports that the table does not allow, and crates that it does not know.
pub(crate) fn check(crates: &[Crate], settings: &Settings) -> Vec<Finding> {
    let ours: BTreeSet<&str> = crates.iter().map(|c| c.name.as_str()).collect();
    let mut findings = Vec::new();
    for member in crates {
        match settings.crates.get(&member.name) {
            None => findings.push(Finding::failure(
                TABLE,
                0,
                "crate-unknown",
                format!("`{}` has no row in `[crates]`: say what it may import", member.name),
            )),
            Some(row) => findings.extend(own_imports(member, row, &ours)),
        }
        findings.extend(libraries(member, settings));
    }
    findings
}

fn own_imports<'a>(
    member: &'a Crate,
    row: &'a Imports,
    ours: &'a BTreeSet<&str>,
) -> impl Iterator<Item = Finding> + 'a {
    let allowed = |dependency: &Dependency| {
        row.imports.contains(&dependency.name)
            || (dependency.tests_only && row.tests.contains(&dependency.name))
            || dependency.name == member.name
    };
    member.dependencies.iter().filter(move |d| ours.contains(d.name.as_str()) && !allowed(d)).map(
        |d| {
            let message = format!("`{}` must not import `{}`", member.name, d.name);
            Finding::failure(TABLE, 0, "crate-imports", message)
        },
    )
}

fn libraries<'a>(member: &'a Crate, settings: &'a Settings) -> impl Iterator<Item = Finding> + 'a {
    member.dependencies.iter().filter(|d| !d.tests_only).filter_map(|dependency| {
        let users = settings.libraries.get(&dependency.name)?;
        if users.contains(&member.name) {
            return None;
        }
        let message = format!(
            "`{}` must not depend on `{}`: only {users:?} may",
            member.name, dependency.name
        );
        Some(Finding::failure(TABLE, 0, "crate-libraries", message))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::parse(include_str!("../../tidy.toml")).unwrap()
    }

    fn member(name: &str, dependencies: &[(&str, bool)]) -> Crate {
        let dependencies = dependencies
            .iter()
            .map(|(name, tests_only)| Dependency {
                name: (*name).to_owned(),
                tests_only: *tests_only,
            })
            .collect();
        Crate { name: name.to_owned(), dependencies }
    }

    fn broken(member_under_test: Crate) -> Vec<&'static str> {
        let others = ["rr-core", "rr-sandbox", "rr-store"].map(|name| member(name, &[]));
        let crates: Vec<Crate> = [member_under_test].into_iter().chain(others).collect();
        check(&crates, &settings()).iter().map(|f| f.rule).collect()
    }

    #[test]
    fn the_core_imports_none_of_ours() {
        assert_eq!(broken(member("rr-core", &[("serde", false)])), [""; 0]);
        assert_eq!(broken(member("rr-core", &[("rr-store", false)])), ["crate-imports"]);
        assert_eq!(broken(member("rr-core", &[("rr-store", true)])), ["crate-imports"]);
    }

    #[test]
    fn engine_crates_import_the_core_only() {
        for name in ["rr-ecosystems", "rr-provision", "rr-workflow", "rr-index"] {
            assert_eq!(broken(member(name, &[("rr-core", false)])), [""; 0], "{name}");
            assert_eq!(broken(member(name, &[("rr-sandbox", false)])), ["crate-imports"], "{name}");
        }
    }

    #[test]
    fn only_the_store_speaks_sql() {
        assert_eq!(broken(member("rr-store", &[("rusqlite", false)])), [""; 0]);
        assert_eq!(broken(member("rr-runner", &[("rusqlite", false)])), ["crate-libraries"]);
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        assert_eq!(broken(member("rr-novel", &[])), ["crate-unknown"]);
    }

    #[test]
    fn manifests_are_read_with_the_kind_of_each_dependency() {
        let package = serde_json::json!({
            "name": "a",
            "dependencies": [{"name": "b", "kind": null}, {"name": "c", "kind": "dev"}],
        });
        let kinds: Vec<bool> =
            read_crate(&package).unwrap().dependencies.iter().map(|d| d.tests_only).collect();
        assert_eq!(kinds, [false, true]);
    }
}
