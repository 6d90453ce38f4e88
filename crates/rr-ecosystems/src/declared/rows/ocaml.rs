//! OCaml with dune.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{CauseClass, RepoView, UnitKind};

use super::super::condition::named;
use super::super::{Declared, NOTHING, Report, at_least, build, range, test};
use crate::rules::{Rule, packages};

#[rustfmt::skip]
pub(crate) static OCAML: Declared = Declared {
    id: "ocaml",
    tool: "ocaml",
    get: "install OCaml and dune with opam, https://ocaml.org/install",
    manifests: &[("dune-project", "dune"), (".opam", "opam")],
    sources: &["ml", "mli", "re"],
    versions: &[at_least("dune-project", r"\(ocaml\s+\(>=\s*([\d.]+)\)"), range(".opam", r#""ocaml"\s*\{\s*(>=?\s*"[\d.]+")"#)],
    frameworks: &[("***/dune:alcotest", "alcotest"), ("***/dune:ounit2", "ounit"), ("**/dune:dream", "dream")],
    kinds: &[("**/dune:public_name", UnitKind::Library), ("**/dune:(executable", UnitKind::Cli)],
    test_programs: &["dune"],
    env: &[("OPAMYES", "1"), ("OPAMROOT", "@{env}/opam"), ("OUNIT_OUTPUT_JUNIT_FILE", "@{reports}/ounit.xml")],
    packages: libraries,
    steps: &[
        build("dune-project", "dune build @all"),
        build(".opam&!dune-project&Makefile", "make"),
        test("***/dune:(test", "dune runtest --force --no-buffer", "dune-test", Report::Console),
    ],
    rules: &[
        // `Error: Library "alcotest" not found.`
        Rule { id: "ocaml.missing-library", pattern: r#"Library "([\w-]+)[\w.-]*" not found"#, kinds: &[],
            cause: CauseClass::Environment, confidence: 0.9, explanation: "the library {} is missing", cure: |m| vec![packages("ocaml.missing-library", &[&debian_package(m.subject())])] },
        // `Error: Version 3.7 of the dune language is not supported.`
        Rule { id: "ocaml.dune-version", pattern: r"Version ([\d.]+) of the dune language is not supported", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.9, explanation: "needs dune {}", cure: crate::rules::no_cure },
    ],
    ..NOTHING
};

/// `"alcotest" {with-test}` of an opam file, `(alcotest :with-test)` or a bare name of `depends`.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant expression, tried by the tests")]
    Regex::new(r#"^\s*(?:"|\()?([a-z][\w-]*)"?"#).unwrap()
});

/// The distribution's packages of what the manifests depend on.
fn libraries(repo: &dyn RepoView, folder: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let manifests =
        named(repo, folder, "dune-project").into_iter().chain(named(repo, folder, ".opam"));
    for text in manifests.filter_map(|path| repo.text(&path)) {
        let mut depth = 0_usize;
        for line in text.lines() {
            let start = line.trim_start();
            let opens = start.starts_with("depends:") || start.starts_with("(depends");
            if depth == 0 && !opens {
                continue;
            }
            let rest = start.trim_start_matches("depends:").trim_start_matches("(depends");
            if let Some(found) = NAME.captures(rest.trim_start_matches([' ', '[']))
                && !["ocaml", "dune", "odoc", "ocamlformat", "depopts"].contains(&&found[1])
            {
                names.push(debian_package(&found[1]));
            }
            let count = |marks: [char; 2]| start.matches(marks).count();
            depth = (depth + count(['(', '['])).saturating_sub(count([')', ']']));
        }
    }
    names.sort();
    names.dedup();
    names
}

/// `alcotest` is `libalcotest-ocaml-dev`.
fn debian_package(library: &str) -> String {
    match library {
        "ounit2" | "ounit" => "libounit-ocaml-dev".to_owned(),
        "str" | "unix" | "threads" => "ocaml-nox".to_owned(),
        name => format!("lib{}-ocaml-dev", name.trim_start_matches("lib").replace('_', "-")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn dependencies_of_both_manifests_are_read() {
        let opam = "depends: [\n  \"ocaml\" {>= \"4.08\"}\n  \"dune\"\n  \"fmt\"\n  \"ounit2\" {with-test}\n]\nbuild: [\n  \"x\"\n]\n";
        let dune = "(lang dune 2.9)\n(package\n (name a)\n (depends\n  (ocaml (>= 4.08))\n  (alcotest :with-test)\n  fmt))\n";
        let repo = MemoryRepo::new([("a.opam", opam), ("dune-project", dune)]);
        assert_eq!(
            libraries(&repo, ""),
            ["libalcotest-ocaml-dev", "libfmt-ocaml-dev", "libounit-ocaml-dev"]
        );
    }
}
