use rr_core::{
    CaseOutcome, Command, EcosystemId, Exit, Outcome, ReportFormat, Step, StepKind, TestRun,
    TestSpec,
};

use crate::reports::ReportInput;

const PROGRAM: &str = "/workspace/target/debug/deps/tiny-b8411d1b6389d6df";
const RUNNING: &str =
    "     Running unittests src/lib.rs (target/debug/deps/tiny-b8411d1b6389d6df)\n";

/// Reads records given as `(file, text)` and cargo's output.
fn read(files: &[(&str, &str)], output: &str, exit: i32) -> TestRun {
    let id = EcosystemId::new("rust");
    let mut step = Step::new("t", &id, "", StepKind::Test, "t", Command::argv(["cargo", "test"]));
    step.test = Some(TestSpec {
        runner: "cargo-test".to_owned(),
        format: ReportFormat::LibtestLogs,
        report: "@{reports}/*".to_owned(),
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
        files.iter().map(|(p, t)| (format!("/reports/{p}"), t.as_bytes().to_vec())).collect();
    super::read(&ReportInput {
        step: &step,
        outcome: &outcome,
        files: &files,
        output: output.as_bytes(),
    })
}

fn begin(harness: &str) -> String {
    format!("program={PROGRAM}\npackage=tiny\nharness={harness}\n")
}

fn outcome_of(run: &TestRun, id: &str) -> CaseOutcome {
    run.cases.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("{id} in {run:#?}")).outcome
}

#[test]
fn outcomes_come_from_the_log_and_messages_from_the_output() {
    let run = read(
        &[
            ("cargo-0000.begin", &begin("libtest")),
            ("cargo-0000.list", "tests::bad: test\ntests::ign: test\ntests::ok: test\n"),
            ("cargo-0000.log", "ignored: too slow tests::ign\nfailed tests::bad\nok tests::ok\n"),
            (
                "cargo-0000.out",
                "\nrunning 3 tests\ntest forged ... ok\n\nfailures:\n\n---- tests::bad stdout ----\n\
                 thread 'tests::bad' panicked at src/lib.rs:8:100:\nboom\n\n\nfailures:\n    \
                 tests::bad\n\ntest result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 \
                 filtered out\n",
            ),
            ("cargo-0000.end", "status=101\n"),
        ],
        RUNNING,
        101,
    );
    assert_eq!(outcome_of(&run, "tiny/src/lib.rs::tests::bad"), CaseOutcome::Failed);
    assert_eq!(outcome_of(&run, "tiny/src/lib.rs::tests::ign"), CaseOutcome::Skipped);
    assert_eq!(outcome_of(&run, "tiny/src/lib.rs::tests::ok"), CaseOutcome::Passed);
    assert_eq!(run.cases.len(), 3, "the forged test is not believed");
    assert!(run.cases[0].message.contains("boom"));
    assert!(run.complete && run.doubts.is_empty(), "{:?}", run.doubts);
}

#[test]
fn a_binary_that_exits_midway_leaves_its_unfinished_tests_errored() {
    let run = read(
        &[
            ("cargo-0000.begin", &begin("libtest")),
            ("cargo-0000.list", "a: test\nb: test\nz_exit: test\n"),
            ("cargo-0000.log", "ok a\n"),
            ("cargo-0000.out", "\nrunning 3 tests\ntest a ... ok\ntest b ... "),
            ("cargo-0000.end", "status=0\n"),
        ],
        RUNNING,
        0,
    );
    assert_eq!(run.counts().errored, 2);
    assert!(!run.complete);
    assert!(run.doubts.iter().any(|d| d.contains("2 tests unfinished")), "{:?}", run.doubts);
}

#[test]
fn tests_left_unfinished_and_run_alone_complete_the_run() {
    let run = read(
        &[
            ("cargo-0000.begin", &begin("libtest")),
            ("cargo-0000.list", "a: test\nb: test\nz_exit: test\n"),
            ("cargo-0000.log", "ok a\n"),
            ("cargo-0000.again", "failed b\n"),
            ("cargo-0000.alone", "b\nz_exit\n"),
            ("cargo-0000.out", "\nrunning 3 tests\ntest a ... ok\ntest b ... "),
            ("cargo-0000.end", "status=0\n"),
        ],
        RUNNING,
        0,
    );
    let counts = run.counts();
    assert_eq!((counts.passed, counts.failed, counts.errored, run.complete), (1, 1, 1, true));
    assert!(run.doubts[0].contains("each was run again alone"), "{:?}", run.doubts);
}

#[test]
fn a_binary_that_never_ended_is_incomplete() {
    let run = read(
        &[
            ("cargo-0000.begin", &begin("libtest")),
            ("cargo-0000.list", "a: test\nhangs: test\n"),
            ("cargo-0000.log", "ok a\n"),
        ],
        RUNNING,
        137,
    );
    assert_eq!((run.counts().passed, run.counts().errored, run.complete), (1, 1, false));
}

#[test]
fn a_program_without_harness_is_one_test_whatever_it_prints() {
    let run = read(
        &[
            ("cargo-0000.begin", &begin("none")),
            ("cargo-0000.out", "running 100 tests\ntest result: ok. 100 passed; 0 failed\n"),
            ("cargo-0000.end", "status=0\n"),
        ],
        RUNNING,
        0,
    );
    assert_eq!((run.counts().discovered, run.counts().passed, run.complete), (1, 1, true));
}

#[test]
fn a_forged_line_in_the_log_is_noticed() {
    let run = read(
        &[
            ("cargo-0000.begin", &begin("libtest")),
            ("cargo-0000.list", "bad: test\n"),
            ("cargo-0000.log", "ok bad\nfailed bad\n"),
            ("cargo-0000.out", "test result: FAILED. 0 passed; 1 failed; 0 ignored;"),
            ("cargo-0000.end", "status=101\n"),
        ],
        RUNNING,
        101,
    );
    assert_eq!((run.counts().failed, run.complete), (1, false));
}

#[test]
fn reasons_over_several_lines_are_read() {
    let run = read(
        &[
            ("cargo-0000.begin", &begin("libtest")),
            ("cargo-0000.list", "panics: test\nlast: test\n"),
            (
                "cargo-0000.log",
                "failed: panic did not contain expected string\n      panic message: `\"ok last\"`,\n \
                 expected substring: `\"b\"` panics\nok last\n",
            ),
            ("cargo-0000.out", "test result: FAILED. 1 passed; 1 failed; 0 ignored;"),
            ("cargo-0000.end", "status=101\n"),
        ],
        RUNNING,
        101,
    );
    assert_eq!((run.counts().failed, run.counts().passed), (1, 1), "{run:#?}");
    assert!(run.complete);
}

#[test]
fn doc_tests_are_read_between_their_borders() {
    let out = "\nrunning 3 tests\ntest src/lib.rs - (line 5) - compile fail ... ok\n\
               test src/lib.rs - add (line 2) ... FAILED\n\
               test src/a b.rs - x::Y<'_>::z (line 7) ... ignored\n\nfailures:\n\n\
               ---- src/lib.rs - add (line 2) stdout ----\nrunning 1 test\n\
               test src/lib.rs - forged (line 1) ... ok\n\n\nfailures:\n    src/lib.rs - add (line 2)\n\n\
               test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out\n";
    let run = read(
        &[
            ("doc-0000.begin", "crate=tiny\npackage=tiny\n"),
            ("doc-0000.out", out),
            ("doc-0000.end", "status=101\n"),
        ],
        "   Doc-tests tiny\n",
        101,
    );
    let counts = run.counts();
    assert_eq!((counts.discovered, counts.passed, counts.failed, counts.skipped), (3, 1, 1, 1));
    assert!(run.complete, "{:?}", run.doubts);
}

#[test]
fn compile_errors_are_no_run() {
    let output = "error[E0425]: cannot find value `x` in this scope\n --> tests/it.rs:1:1\n\
                  error: could not compile `tiny` (test \"it\") due to 1 previous error\n";
    let run = read(&[], output, 101);
    assert!(!run.complete);
    assert_eq!(outcome_of(&run, "tiny (test \"it\") [compile]"), CaseOutcome::Errored);
}

#[test]
fn an_announced_binary_without_record_is_missed() {
    let output =
        format!("{RUNNING}     Running tests/it.rs (target/debug/deps/it-0123456789abcdef)\n");
    let run = read(
        &[
            ("cargo-0000.begin", &begin("libtest")),
            ("cargo-0000.list", "a: test\n"),
            ("cargo-0000.log", "ok a\n"),
            ("cargo-0000.out", "test result: ok. 1 passed; 0 failed; 0 ignored;"),
            ("cargo-0000.end", "status=0\n"),
        ],
        &output,
        0,
    );
    assert!(!run.complete);
}

#[test]
fn mimic_lines_count_only_for_listed_tests() {
    let run = read(
        &[
            ("cargo-0000.begin", &begin("mimic")),
            ("cargo-0000.list", "[ui] a.txt: test\n[ui] long name: test\n"),
            (
                "cargo-0000.out",
                "running 2 tests\ntest [ui] a.txt     ... ok\ntest forged ... ok\n\
                 test [ui] long name ... FAILED\n\nfailures:\n\n---- [ui] long name ----\nno\n\n\n\
                 failures:\n    [ui] long name\n\ntest result: FAILED. 1 passed; 1 failed; 0 ignored;",
            ),
            ("cargo-0000.end", "status=101\n"),
        ],
        RUNNING,
        101,
    );
    assert_eq!((run.counts().passed, run.counts().failed, run.complete), (1, 1, true), "{run:#?}");
}
