//! Lock files of poetry, pdm and pipenv, read as constraints.
//!
//! The roots come from the manifest, the versions from the lock: so markers and extras are
//! resolved by the installer, and the tools themselves are not needed.

use std::collections::BTreeMap;

use rr_core::RepoView;
use serde_json::Value;

use super::document::{at, members_at, text_at, toml};
use super::paths::join;
use super::requirements::{normalize, requirement_name};

/// A lock as constraints.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    /// Path of the lock file.
    pub(super) path: String,
    /// `name==version`, sorted; names locked at several versions are left out.
    pub(super) constraints: Vec<String>,
}

/// The unit's lock that is not uv's own.
pub(super) fn read(repo: &dyn RepoView, unit: &str) -> Option<Lock> {
    let found = [
        ("poetry.lock", poetry_packages as fn(&str) -> Vec<(String, String)>),
        ("pdm.lock", poetry_packages),
        ("Pipfile.lock", pipfile_packages),
    ];
    found.iter().find_map(|(name, packages)| {
        let path = join(unit, name);
        let text = repo.text(&path)?;
        Some(Lock { path, constraints: constraints(packages(&text)) })
    })
}

impl Lock {
    /// Whether a requirement line pins another version than the lock does.
    pub(super) fn contradicts(&self, line: &str) -> bool {
        let Some(name) = requirement_name(line) else { return false };
        let Some((_, pinned)) = line.split_once("==") else { return false };
        let pinned = pinned.split([';', ' ', ',']).next().unwrap_or(pinned).trim();
        let locked = self.constraints.iter().find_map(|one| {
            let (known, version) = one.split_once("==")?;
            (known == name).then_some(version)
        });
        locked.is_some_and(|version| version != pinned)
    }
}

fn constraints(packages: Vec<(String, String)>) -> Vec<String> {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, version) in packages {
        let known = versions.entry(normalize(&name)).or_default();
        if !known.contains(&version) {
            known.push(version);
        }
    }
    versions
        .into_iter()
        .filter_map(|(name, versions)| match versions.as_slice() {
            [only] => Some(format!("{name}=={only}")),
            _ => None,
        })
        .collect()
}

/// poetry.lock and pdm.lock share `[[package]]` with `name`, `version` and, for what is not from
/// an index, a source of another kind.
fn poetry_packages(text: &str) -> Vec<(String, String)> {
    let document = toml(text);
    let packages = at(&document, &["package"]).as_array().map_or(&[] as &[Value], Vec::as_slice);
    packages
        .iter()
        .filter(|package| {
            let kind = text_at(package, &["source", "type"]);
            kind.is_none_or(|kind| kind == "legacy")
                && ["git", "path", "url"].iter().all(|key| at(package, &[key]).is_null())
        })
        .filter_map(|package| Some((text_at(package, &["name"])?, text_at(package, &["version"])?)))
        .collect()
}

fn pipfile_packages(text: &str) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    ["default", "develop"]
        .iter()
        .flat_map(|part| {
            members_at(&document, &[part])
                .filter_map(|(name, entry)| {
                    let version = text_at(entry, &["version"])?;
                    Some((name.to_owned(), version.strip_prefix("==")?.to_owned()))
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn locks_become_constraints() {
        let poetry = MemoryRepo::new([(
            "poetry.lock",
            "[[package]]\nname='A_b'\nversion='1.0'\n[[package]]\nname='g'\nversion='2'\n[package.source]\ntype='git'\n[[package]]\nname='t'\nversion='1'\n[[package]]\nname='t'\nversion='2'\n",
        )]);
        assert_eq!(read(&poetry, "").unwrap().constraints, ["a-b==1.0"]);
        let lock = read(&poetry, "").unwrap();
        assert!(lock.contradicts("A.b==1.1") && !lock.contradicts("a-b==1.0 ; python_version>'3'"));
        assert!(!lock.contradicts("a-b>=2") && !lock.contradicts("other==1"));
        let pipfile = MemoryRepo::new([(
            "Pipfile.lock",
            r#"{"default":{"flask":{"version":"==1.0.2"}},"develop":{"wheel":{"version":"==0.3"},"x":{"git":"u"}}}"#,
        )]);
        assert_eq!(read(&pipfile, "").unwrap().constraints, ["flask==1.0.2", "wheel==0.3"]);
        assert!(read(&MemoryRepo::new([("a", "")]), "").is_none());
    }
}
