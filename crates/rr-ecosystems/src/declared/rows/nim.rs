//! Nim with nimble.

use rr_core::{CauseClass, StepKind, UnitKind};

use super::super::{Declared, NOTHING, Report, build, exact, install, range, test};
use crate::rules::{Rule, no_cure};

#[rustfmt::skip]
pub(crate) static NIM: Declared = Declared {
    id: "nim",
    tool: "nim",
    get: "install Nim with choosenim, https://nim-lang.org/install.html",
    manifests: &[(".nimble", "nimble")],
    sources: &["nim"],
    versions: &[exact(".tool-versions", r"^nim\s+(\S+)"), range(".nimble", r#"requires\s*\(?\s*"nim\s*([>=~^][^",]+)""#)],
    frameworks: &[(".nimble:\"jester", "jester"), (".nimble:\"prologue", "prologue")],
    kinds: &[(".nimble:bin ", UnitKind::Cli)],
    test_programs: &["nimble", "testament"],
    env: &[("NIMBLE_DIR", "@{env}/nimble"), ("NIMTEST_COLOR", "never"), ("NIMTEST_OUTPUT_LVL", "PRINT_ALL")],
    steps: &[
        install(".nimble", "nimble install --accept --depsOnly"),
        build(".nimble:bin ", "nimble build --accept"),
        test("tests/|.nimble:task test", "nimble test --accept", "nimble-test", Report::Console),
    ],
    rules: &[
        // `Error:  Refresh failed` … `Could not resolve host`, `Warning: Could not download: Could not resolve hostname`
        Rule { id: "nim.registry", pattern: r"(?:Refresh failed|Could not download:|Unable to clone)[^\n]*?([\w.-]*)$", kinds: &[StepKind::Install, StepKind::Test],
            cause: CauseClass::NeedsNetwork, confidence: 0.85, explanation: "the package list cannot be fetched", cure: no_cure },
    ],
    ..NOTHING
};
