//! Raku distributions. `prove` dumps what each script says; its JUnit formatter would tell skipped
//! points as passed ones.

use rr_core::{CauseClass, StepKind, UnitKind};

use super::super::{Declared, NOTHING, Report, install, range, test};
use crate::rules::{Rule, no_cure};

#[rustfmt::skip]
pub(crate) static RAKU: Declared = Declared {
    id: "raku",
    get: "install Rakudo and zef, https://rakudo.org/downloads",
    manifests: &[("META6.json", "zef")],
    sources: &["rakumod", "raku", "pm6", "p6"],
    language: true,
    versions: &[range("META6.json", r#""(?:perl|raku)"\s*:\s*"([^"]+)""#)],
    frameworks: &[("META6.json:Cro::", "cro")],
    kinds: &[("bin/", UnitKind::Cli)],
    test_programs: &["zef", "prove6", "raku"],
    env: &[("PERL_TEST_HARNESS_DUMP_TAP", "@{reports}/tap")],
    packages: |_, _| vec!["rakudo".to_owned()],
    steps: &[
        install("META6.json:\"depends\": [ \"|META6.json:\"depends\": [\n", "zef install --deps-only --/test ."),
        test("t/", "prove --exec 'raku -Ilib' --ext .rakutest --ext .t --recurse t", "prove", Report::Tap),
    ],
    rules: &[
        // `===SORRY!=== Could not find JSON::Fast in:`
        Rule { id: "raku.missing-module", pattern: r"Could not find ([\w:]+) (?:at line \d+ )?in:", kinds: &[StepKind::Test],
            cause: CauseClass::NeedsNetwork, confidence: 0.8, explanation: "the module {} is missing", cure: no_cure },
    ],
    ..NOTHING
};
