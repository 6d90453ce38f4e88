//! The rows, one file each. Lines are long where the table is read by columns.

mod clojure;
mod containers;
mod crystal;
mod dart;
mod dotnet;
mod elixir;
mod erlang;
mod gleam;
mod haskell;
mod infrastructure;
mod julia;
mod lua;
mod nim;
mod notebooks;
mod ocaml;
mod pages;
mod php;
mod r;
mod raku;
mod scala;
mod sql;
mod swift;
mod zig;

use super::Declared;

/// Every row, in the order in which ties between units are broken.
pub(crate) static ALL: &[&Declared] = &[
    &php::PHP,
    &dotnet::DOTNET,
    &elixir::ELIXIR,
    &erlang::ERLANG,
    &haskell::HASKELL,
    &ocaml::OCAML,
    &lua::LUA,
    &r::R,
    &nim::NIM,
    &scala::SCALA,
    &clojure::CLOJURE,
    &swift::SWIFT,
    &zig::ZIG,
    &dart::DART,
    &julia::JULIA,
    &crystal::CRYSTAL,
    &gleam::GLEAM,
    &raku::RAKU,
    &infrastructure::BAZEL,
    &pages::HUGO,
    &pages::JEKYLL,
    &pages::MKDOCS,
    &pages::SPHINX,
    &notebooks::NOTEBOOKS,
    &infrastructure::TERRAFORM,
    &infrastructure::ANSIBLE,
    &infrastructure::HELM,
    &sql::SQL,
    &infrastructure::NIX,
    &containers::COMPOSE,
    &containers::DOCKERFILE,
];

/// The ecosystem whose sources have this extension, for languages of rows alone.
pub(crate) fn of_extension(extension: &str) -> Option<&'static str> {
    ALL.iter().find(|row| row.speaks_for(extension)).map(|row| row.id)
}
