//! How much of the repository's own source each unit holds.

use std::collections::BTreeMap;

use rr_core::{FileEntry, RepoView, Unit};

use super::languages;
use crate::places::decoy_role;

/// A file's language and the ecosystem it speaks for.
type Named = Option<(&'static str, &'static str)>;

/// Source bytes, attributed.
pub(super) struct Shares {
    total: u64,
    by_unit: Vec<u64>,
}

impl Shares {
    /// Attributes every source file of a unit's ecosystem to the deepest unit of that ecosystem
    /// above it. Files in example, fixture and documentation folders do not count, unless the
    /// repository has nothing else, and neither do built files, unless it has only those: many
    /// published packages are what their build left behind.
    pub(super) fn of(repo: &dyn RepoView, units: &[Unit]) -> Self {
        let own = Self::count(repo, units, |entry| match decoy_role(folder_of(&entry.path)) {
            None => languages::of_file(entry),
            Some(_) => None,
        });
        if own.total > 0 {
            return own;
        }
        let elsewhere = Self::count(repo, units, languages::of_file);
        if elsewhere.total > 0 {
            return elsewhere;
        }
        Self::count(repo, units, languages::of_built_file)
    }

    fn count(
        repo: &dyn RepoView,
        units: &[Unit],
        speaks_for: impl Fn(&FileEntry) -> Named,
    ) -> Self {
        let index = folders_by_ecosystem(units);
        let mut shares = Self { total: 0, by_unit: vec![0; units.len()] };
        let scale = languages::Scale::of(repo);
        for entry in repo.files() {
            let Some((_, ecosystem)) = speaks_for(entry) else { continue };
            let folder = folder_of(&entry.path);
            let bytes = scale.bytes(repo, entry);
            // Markup and styles accompany every web program and are nobody's main language.
            if ecosystem != "site" {
                shares.total += bytes;
            }
            let Some(folders) = index.get(ecosystem) else { continue };
            let mut at = folder;
            loop {
                if let Some(unit) = folders.get(at) {
                    shares.by_unit[*unit] += bytes;
                    break;
                }
                if at.is_empty() {
                    break;
                }
                at = at.rsplit_once('/').map_or("", |(up, _)| up);
            }
        }
        shares
    }

    /// A unit's part of all source bytes, from 0 to 1.
    pub(super) fn share(&self, unit: usize) -> f64 {
        if self.total == 0 {
            return 0.0;
        }
        (self.by_unit[unit] as f64 / self.total as f64).min(1.0)
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A site's own scripts count for it as well, so that a page with a script is no script project.
fn folders_by_ecosystem(units: &[Unit]) -> BTreeMap<&str, BTreeMap<&str, usize>> {
    let mut index: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        index.entry(unit.ecosystem.as_str()).or_default().entry(&unit.path).or_insert(at);
    }
    index
}
