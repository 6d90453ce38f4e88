//! Gleam.

use super::super::{Declared, NOTHING, Report, build, exact, install, range, start, test};

#[rustfmt::skip]
pub(crate) static GLEAM: Declared = Declared {
    id: "gleam",
    tool: "gleam",
    get: "install Gleam and Erlang, https://gleam.run/getting-started/installing",
    also: &["erlang"],
    manifests: &[("gleam.toml", "gleam")],
    sources: &["gleam"],
    versions: &[exact(".tool-versions", r"^gleam\s+(\S+)"), range("gleam.toml", r#"^gleam\s*=\s*"([^"]+)""#)],
    frameworks: &[("gleam.toml:gleeunit", "gleeunit"), ("gleam.toml:wisp", "wisp"), ("gleam.toml:lustre", "lustre")],
    test_programs: &["gleam"],
    steps: &[
        install("", "gleam deps download"),
        build("", "gleam build"),
        start("**/.gleam:pub fn main", "exec gleam run", 0),
        test("test/", "gleam test", "gleam-test", Report::Exit),
    ],
    ..NOTHING
};
