//! The runners' ways of printing. Each pattern has a sample of what it matches in the tests.

use rr_core::CaseOutcome::{Errored, Failed, Passed, Skipped};

use super::Dialect;

#[rustfmt::skip]
pub(super) static DIALECTS: &[Dialect] = &[
    // Nim's unittest. `nimble test` says at its end whether all programs of the suite did well.
    Dialect {
        runners: &["nimble-test"],
        lines: &[(r"^\s*\[OK\]\s+(.+?)(?: \([\d.]+s\))?$", Passed), (r"^\s*\[FAILED\]\s+(.+?)(?: \([\d.]+s\))?$", Failed), (r"^\s*\[SKIPPED\]\s+(.+?)(?: \([\d.]+s\))?$", Skipped)],
        totals: &[],
        ended: &[r"(?m)^\s*Success:\s+(?:Execution finished|All tests passed)", r"(?m)^\s*(?:Error|Tip|Info):.*(?:Execution failed with exit code|execution of an external program failed|One or more tests failed)", r"(?m)^Error: execution of an external program failed"],
        names_all: true,
    },
    // Alcotest, OUnit and what else dune runs.
    Dialect {
        runners: &["dune-test"],
        lines: &[(r"^\s*\[OK\]\s+(\S.*?)\.?$", Passed), (r"^[>\s]*\[FAIL\]\s+(\S.*?)\.?$", Failed), (r"^\s*\[SKIP\]\s+(\S.*?)\.?$", Skipped), (r"^Error: (\S+)\.$", Failed)],
        totals: &[
            r"(?m)^Test Successful in [\d.]+s\. (?P<total>\d+) tests? run\.",
            r"(?m)^(?P<failed>\d+) failures?! in [\d.]+s\. (?P<total>\d+) tests? run\.",
            r"(?m)^FAILED: Cases: (?P<total>\d+) Tried: \d+ Errors: (?P<errored>\d+) Failures: (?P<failed>\d+) Skip:\s*(?P<skipped>\d+)",
            r"(?m)^Ran: (?P<total>\d+) tests in: [\d.]+ seconds\.\nOK",
        ],
        ended: &[],
        names_all: false,
    },
    // hspec and tasty under cabal and stack; HUnit's counts.
    Dialect {
        runners: &["cabal-test", "stack-test"],
        lines: &[
            (r"^\s+(.*\S) \[✔\](?: \([\d.]+ms\))?$", Passed), (r"^\s+(.*\S) \[✘\](?: \([\d.]+ms\))?$", Failed), (r"^\s+(.*\S) \[‐\]$", Skipped),
            (r"^\s+(.*\S) FAILED \[\d+\]$", Failed), (r"^\s+(.*\S):\s+OK(?: \([\d.]+s\))?$", Passed), (r"^\s+(.*\S):\s+FAIL(?: \([\d.]+s\))?$", Failed),
        ],
        totals: &[
            r"(?m)^(?P<total>\d+) examples?, (?P<failed>\d+) failures?(?:, (?P<skipped>\d+) pending)?",
            r"(?m)^All (?P<total>\d+) tests passed \(",
            r"(?m)^(?P<failed>\d+) out of (?P<total>\d+) tests failed \(",
            r"(?m)^Cases: (?P<total>\d+)  Tried: \d+  Errors: (?P<errored>\d+)  Failures: (?P<failed>\d+)\s*$",
            r"(?m)^ Passed +(?P<passed>\d+) +(?:\d+)? *\d*\n Failed +(?P<failed>\d+)",
        ],
        ended: &[],
        names_all: false,
    },
    // Zig's build runner.
    Dialect {
        runners: &["zig-test"],
        lines: &[(r"^error: '([\w.]+)' failed", Failed)],
        totals: &[r"(?m)^Build Summary: .*; (?P<passed>\d+)/\d+ tests passed(?:; (?P<skipped>\d+) skipped)?(?:; (?P<failed>\d+) failed)?", r"(?m)^(?P<passed>\d+) passed; (?P<skipped>\d+) skipped; (?P<failed>\d+) failed\.", r"(?m)^All (?P<total>\d+) tests passed\."],
        ended: &[],
        names_all: false,
    },
    // Julia's Test: the summary's table, of which the widest row counts.
    Dialect {
        runners: &["julia-test"],
        lines: &[(r"^(.*): (?:Test|Error During Test at) .*Failed", Failed), (r"^(.*): Error During Test at ", Errored)],
        totals: &[r"(?m)^Test Summary:[^\n]*\| +Pass +Total[^\n]*\n[^|\n]*\| +(?P<passed>\d+) +\d+", r"(?m)^Test Summary:[^\n]*\| +Pass +Fail +Total[^\n]*\n[^|\n]*\| +(?P<passed>\d+) +(?P<failed>\d+) +\d+", r"(?m)^Test Summary:[^\n]*\| +Pass +Error +Total[^\n]*\n[^|\n]*\| +(?P<passed>\d+) +(?P<errored>\d+) +\d+", r"(?m)^Test Summary:[^\n]*\| +Pass +Broken +Total[^\n]*\n[^|\n]*\| +(?P<passed>\d+) +(?P<skipped>\d+) +\d+"],
        ended: &[],
        names_all: false,
    },
    // EUnit.
    Dialect {
        runners: &["eunit"],
        lines: &[(r"^\s*(?:[\w@]+: )?(\w+):\d+:? .*\.\.\.(?:\[[\d.]+ s\] )?\*failed\*", Failed), (r"^\s*((?:[\w@]+:)+ ?\w*).*\.\.\.(?:\[[\d.]+ s\] )?ok$", Passed)],
        totals: &[r"(?m)^\s*(?:All (?P<total>\d+) tests passed\.|Test passed\.)", r"(?m)^\s*Failed: (?P<failed>\d+)\.\s+Skipped: (?P<skipped>\d+)\.\s+Passed: (?P<passed>\d+)\.", r"(?m)^(?P<total>\d+) tests?, (?P<failed>\d+) failures?(?:, (?P<skipped>\d+) (?:cancelled|skipped))?"],
        ended: &[],
        names_all: false,
    },
];
