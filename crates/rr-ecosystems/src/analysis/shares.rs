//! How much of the repository's own source each unit holds.

use std::collections::BTreeMap;

use rr_core::{RepoView, Unit};

use super::languages;
use crate::places::decoy_role;

/// Source bytes, attributed.
pub(super) struct Shares {
    total: u64,
    by_unit: Vec<u64>,
}

impl Shares {
    /// Attributes every source file of a unit's ecosystem to the deepest unit of that ecosystem
    /// above it. Files in example, fixture and documentation folders do not count, unless the
    /// repository has nothing else.
    pub(super) fn of(repo: &dyn RepoView, units: &[Unit]) -> Self {
        let counted = Self::count(repo, units, true);
        if counted.total > 0 { counted } else { Self::count(repo, units, false) }
    }

    fn count(repo: &dyn RepoView, units: &[Unit], own_only: bool) -> Self {
        let index = folders_by_ecosystem(units);
        let mut shares = Self { total: 0, by_unit: vec![0; units.len()] };
        for entry in repo.files() {
            let Some((_, ecosystem)) = languages::of_file(entry) else { continue };
            let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if own_only && decoy_role(folder).is_some() {
                continue;
            }
            let bytes = entry.size.min(languages::FILE_CAP);
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

/// A site's own scripts count for it as well, so that a page with a script is no script project.
fn folders_by_ecosystem(units: &[Unit]) -> BTreeMap<&str, BTreeMap<&str, usize>> {
    let mut index: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        index.entry(unit.ecosystem.as_str()).or_default().entry(&unit.path).or_insert(at);
    }
    index
}
