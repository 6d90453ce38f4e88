//! What a package declares, for the comparison with what its code imports.

use std::collections::BTreeSet;

use rr_core::RepoView;
use serde_json::Value;

use super::package_json::Manifest;
use crate::code::Declared;

/// The declared names of the package in a folder.
pub(crate) fn declared(repo: &dyn RepoView, folder: &str) -> Option<Declared> {
    let manifest = Manifest::read(repo, folder)?;
    let group = |name: &str| -> BTreeSet<String> {
        let names = manifest.field(name).and_then(Value::as_object);
        names.into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let mut all: BTreeSet<String> =
        manifest.dependency_names().into_iter().map(str::to_owned).collect();
    all.extend(group("peerDependencies"));
    let running = group("dependencies");
    let own = std::iter::once(manifest.name.clone()).collect();
    (!all.is_empty()).then(|| Declared {
        all,
        running,
        own,
        files: vec![manifest.path("package.json")],
    })
}
