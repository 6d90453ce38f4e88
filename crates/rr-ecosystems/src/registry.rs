//! The list of ecosystems. Adding one is one folder and one line here.

use rr_core::{Ecosystem, EcosystemId};

/// Every ecosystem, in the order in which ties between units are broken.
static ALL: &[&dyn Ecosystem] = &[
    &crate::python::Python,
    &crate::javascript::JavaScript,
    &crate::rust::Rust,
    &crate::golang::Go,
    &crate::jvm::Jvm,
    &crate::native::Native,
    &crate::ruby::Ruby,
    &crate::perl::Perl,
    &crate::declared::PHP,
    &crate::declared::DOTNET,
    &crate::declared::ELIXIR,
    &crate::declared::ERLANG,
    &crate::declared::HASKELL,
    &crate::declared::OCAML,
    &crate::declared::LUA,
    &crate::declared::R,
    &crate::declared::NIM,
    &crate::declared::SBT,
    &crate::declared::CLOJURE,
    &crate::declared::SWIFT,
    &crate::declared::ZIG,
    &crate::declared::DART,
    &crate::declared::JULIA,
    &crate::declared::CRYSTAL,
    &crate::declared::GLEAM,
    &crate::shell::Shell,
    &crate::site::Site,
];

/// Every ecosystem.
#[must_use]
pub fn all() -> &'static [&'static dyn Ecosystem] {
    ALL
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
