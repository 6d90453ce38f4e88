use rr_core::{
    CaseOutcome, Command, EcosystemId, Exit, Outcome, ReportFormat, Step, StepKind, TestRun,
    TestSpec,
};

use crate::reports::ReportInput;

/// Reads what a step of this runner left.
pub(in crate::reports) fn sample(
    runner: &str,
    exit: i32,
    output: &str,
    files: &[(&str, &str)],
    read: fn(&ReportInput<'_>) -> TestRun,
) -> TestRun {
    let id = EcosystemId::new("x");
    let mut step = Step::new("t", &id, "", StepKind::Test, "tests", Command::shell("test"));
    step.test = Some(TestSpec {
        runner: runner.to_owned(),
        format: ReportFormat::Console,
        report: "-".to_owned(),
    });
    let outcome = Outcome {
        exit: Exit::Code(exit),
        seconds: 1.0,
        output_bytes: 0,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    let input =
        ReportInput { step: &step, outcome: &outcome, files: &files, output: output.as_bytes() };
    read(&input)
}

/// Passed, failed, errored, skipped, complete.
fn counts(runner: &str, exit: i32, output: &str) -> (u64, u64, u64, u64, bool) {
    let run = sample(runner, exit, output, &[], super::read);
    let counts = run.counts();
    (counts.passed, counts.failed, counts.errored, counts.skipped, run.complete)
}

/// Runner, exit status, output, and what [`counts`] gives.
type Sample = (&'static str, i32, &'static str, (u64, u64, u64, u64, bool));

#[test]
fn each_runner_is_read_by_its_own_words() {
    #[rustfmt::skip]
    let samples: &[Sample] = &[
        ("nimble-test", 1, "[Suite] words\n  [OK] splits\n  [FAILED] joins\n  [SKIPPED] later\nError: execution of an external program failed: '/w/tests/t'\n", (1, 1, 0, 1, true)),
        ("nimble-test", 0, "  \u{1b}[32m[OK]\u{1b}[0m splits\n   Success: Execution finished\n", (1, 0, 0, 0, true)),
        ("dune-test", 1, "Testing `words'.\n  [OK]          split          0   blanks.\n> [FAIL]        split          1   tabs.\n1 failure! in 0.001s. 2 tests run.\n", (1, 1, 0, 0, true)),
        ("dune-test", 0, "Test Successful in 0.000s. 3 tests run.\n", (3, 0, 0, 0, true)),
        ("dune-test", 0, "Ran: 4 tests in: 0.11 seconds.\nOK\n", (4, 0, 0, 0, true)),
        ("cabal-test", 1, "words\n  splits [✔]\n  joins FAILED [1]\n\nFinished in 0.0003 seconds\n3 examples, 1 failure, 1 pending\n", (1, 1, 0, 1, true)),
        ("cabal-test", 0, "Words\n  splits: OK\n  joins:  OK (0.01s)\n\nAll 2 tests passed (0.00s)\n", (2, 0, 0, 0, true)),
        ("cabal-test", 1, "1 out of 2 tests failed (0.00s)\n", (1, 1, 0, 0, true)),
        ("zig-test", 1, "error: 'main.test.halves' failed: expected 1, found 2\nBuild Summary: 3/5 steps succeeded; 1 failed; 3/4 tests passed; 1 failed\n", (3, 1, 0, 0, true)),
        ("zig-test", 0, "Build Summary: 3/3 steps succeeded; 4/5 tests passed; 1 skipped\n", (4, 0, 0, 1, true)),
        ("eunit", 0, "======================== EUnit ========================\n  All 3 tests passed.\n", (3, 0, 0, 0, true)),
        ("eunit", 1, "  Failed: 1.  Skipped: 0.  Passed: 2.\n", (2, 1, 0, 0, true)),
        ("julia-test", 0, "Test Summary: | Pass  Total  Time\nwords         |   12     12  0.1s\n", (12, 0, 0, 0, true)),
        ("dart-test", 1, "{\"test\":{\"id\":1,\"name\":\"adds\"},\"type\":\"testStart\"}\n{\"testID\":1,\"error\":\"expected 1\",\"type\":\"error\"}\n{\"testID\":1,\"result\":\"failure\",\"skipped\":false,\"hidden\":false,\"type\":\"testDone\"}\n{\"success\":false,\"type\":\"done\"}\n", (0, 1, 0, 0, true)),
    ];
    for (runner, exit, output, expected) in samples {
        assert_eq!(&counts(runner, *exit, output), expected, "{runner}: {output}");
    }
}

#[test]
fn a_runner_that_does_not_say_that_it_ended_proves_nothing() {
    for runner in ["nimble-test", "dune-test", "cabal-test", "zig-test", "eunit", "dart-test"] {
        assert!(!counts(runner, 0, "OK (100 tests)\n  [OK] all\n").4, "{runner}");
    }
    let run = sample("nobody", 0, "OK", &[], super::read);
    assert!(!run.complete && run.cases.is_empty());
}

#[test]
fn named_failures_keep_their_line() {
    let run = sample(
        "nimble-test",
        1,
        "  [FAILED] joins\nError: execution of an external program failed",
        &[],
        super::read,
    );
    assert_eq!(run.cases[0].outcome, CaseOutcome::Failed);
    assert_eq!(run.cases[0].message, "[FAILED] joins");
}
