//! What a unit's manifests declare, for the comparison with what its code imports.

use std::collections::BTreeSet;

use rr_core::RepoView;

use super::requirements::{closure, files, normalize, requirement_name};
use super::{distributions, layout, manifest};
use crate::code::Declared;

/// The declared names of a unit; `None` where it declares nothing at all.
pub(crate) fn declared(repo: &dyn RepoView, unit: &str) -> Option<Declared> {
    let manifest = manifest::read(repo, unit);
    let layout = layout::of(repo, unit, &manifest);
    let name = |line: &str| requirement_name(line).map(|name| normalize(&name));
    let mut all: BTreeSet<String> =
        manifest.all_requirements().filter_map(|line| name(line)).collect();
    for file in files(repo, unit) {
        all.extend(closure(repo, &file.path).iter().filter_map(|line| name(line)));
    }
    let running: BTreeSet<String> =
        manifest.dependencies.iter().filter_map(|line| name(line)).collect();
    (!all.is_empty()).then_some(Declared { all, running, own: layout.own, files: manifest.files })
}

/// The distribution that brings a module, normalised; `None` for the standard library's and for
/// those that are not well known.
pub(crate) fn distribution(module: &str) -> Option<String> {
    if distributions::is_standard(module) {
        return None;
    }
    distributions::distribution(module).map(normalize)
}
