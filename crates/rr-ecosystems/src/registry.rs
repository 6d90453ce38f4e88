//! The list of ecosystems. Adding one is one folder and one line here, or one
//! file and one line in `declared/rows`.

use std::sync::LazyLock;

use rr_core::{Ecosystem, EcosystemId};

use crate::declared::rows;

/// Ecosystems with a folder of their own, in the order in which ties between units are broken.
static LANGUAGES: &[&dyn Ecosystem] = &[
    &crate::python::Python,
    &crate::javascript::JavaScript,
    &crate::rust::Rust,
    &crate::golang::Go,
    &crate::jvm::Jvm,
    &crate::native::Native,
    &crate::ruby::Ruby,
    &crate::perl::Perl,
];

/// What a repository is only if it is nothing else.
static FALLBACKS: &[&dyn Ecosystem] = &[&crate::shell::Shell, &crate::site::Site];

/// Every ecosystem: those of folders, those that a row tells whole, and the fallbacks.
static ALL: LazyLock<Vec<&dyn Ecosystem>> = LazyLock::new(|| {
    let rows = rows::ALL.iter().map(|row| *row as &dyn Ecosystem);
    LANGUAGES.iter().copied().chain(rows).chain(FALLBACKS.iter().copied()).collect()
});

/// Every ecosystem.
#[must_use]
pub fn all() -> &'static [&'static dyn Ecosystem] {
    &ALL
}

/// The ecosystem of this name.
#[must_use]
pub fn by_id(id: &EcosystemId) -> Option<&'static dyn Ecosystem> {
    ALL.iter().copied().find(|e| &e.id() == id)
}

/// Files that must lie below the tools folder for test steps to record outcomes: path and bytes.
#[must_use]
pub fn tool_files() -> Vec<(String, &'static [u8])> {
    crate::assets::all()
}
