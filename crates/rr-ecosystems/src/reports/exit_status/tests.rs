use rr_core::{
    CaseOutcome, CauseClass, Command, EcosystemId, Exit, Outcome, ReportFormat, Step, StepKind,
    TestRun, TestSpec,
};

use crate::reports::ReportInput;

fn read(exit: i32, files: &[(&str, &str)], output: &str) -> TestRun {
    read_ended(Exit::Code(exit), files, output)
}

fn read_ended(exit: Exit, files: &[(&str, &str)], output: &str) -> TestRun {
    let id = EcosystemId::new("native");
    let command = Command::shell("make test");
    let mut step = Step::new("t", &id, "", StepKind::Test, "tests", command)
        .with_env("REPO_RUNNER_NONCE", "n0nce");
    step.test = Some(TestSpec {
        runner: "make".to_owned(),
        format: ReportFormat::ExitStatus,
        report: "@{reports}/*".to_owned(),
    });
    let outcome = Outcome {
        exit,
        seconds: 1.0,
        output_bytes: 0,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    super::read(&ReportInput {
        step: &step,
        outcome: &outcome,
        files: &files,
        output: output.as_bytes(),
    })
}

fn outcomes(run: &TestRun) -> Vec<(&str, CaseOutcome)> {
    run.cases.iter().map(|case| (case.id.as_str(), case.outcome)).collect()
}

const BEGIN: (&str, &str) = ("command-0000.begin", "id=make test\nnonce=n0nce\n");
const END_0: (&str, &str) = ("command-0000.end", "status=0\nnote=\nnonce=n0nce\n");
const END_2: (&str, &str) = ("command-0000.end", "status=2\nnote=\nnonce=n0nce\n");

#[test]
fn a_mere_failing_exit_status_proves_nothing() {
    let run = read(2, &[], "cc: error: no such file\n");
    assert_eq!(outcomes(&run), [("make test", CaseOutcome::Failed)]);
    assert!(!run.proves_tested());
    assert!(run.doubts.iter().any(|doubt| doubt.contains("only an exit status")), "{run:?}");
}

#[test]
fn a_shell_line_is_named_by_what_it_runs() {
    assert_eq!(super::own_line("set +u\nexport A=1\nnode test.js"), "node test.js");
    assert_eq!(super::own_line("set +u"), "set +u");
}

#[test]
fn a_command_without_records_is_one_test() {
    let run = read(0, &[], "all fine\n");
    assert_eq!(outcomes(&run), [("make test", CaseOutcome::Passed)]);
    let run = read(3, &[], "broken\n");
    assert_eq!(outcomes(&run), [("make test", CaseOutcome::Failed)]);
    assert_eq!(run.cases[0].message, "broken");
}

#[test]
fn a_target_that_does_nothing_is_no_test() {
    for said in ["make: Nothing to be done for 'check'.\n", "make: 'test' is up to date.\n"] {
        assert!(read(0, &[], said).cases.is_empty());
    }
    let end = ("command-0000.end", "status=0\nnote=nothing\nnonce=n0nce\n");
    let run = read(0, &[BEGIN, end], "");
    assert!(run.cases.is_empty());
    assert_eq!(run.doubts, ["`make test` had nothing to do"]);
}

#[test]
fn hidden_failures_count() {
    let run = read(0, &[BEGIN, ("command-0000.masked", "1\n"), END_0], "");
    assert_eq!(outcomes(&run), [("make test", CaseOutcome::Failed)]);
}

#[test]
fn lines_count_for_known_names_where_they_agree_with_the_exit() {
    let names = ("names", "a.sh\nb.sh\nMakefile\n");
    let out = "a.sh             PASS (1s)\nb.sh       FAIL (0s)\n log: x\nghost.sh PASS (0s)\n";
    let run = read(1, &[names, BEGIN, ("command-0000.out", out), END_2], "");
    assert_eq!(outcomes(&run), [("a.sh", CaseOutcome::Passed), ("b.sh", CaseOutcome::Failed)]);
    let lying = read(0, &[names, BEGIN, ("command-0000.out", out), END_0], "");
    assert_eq!(outcomes(&lying), [("make test", CaseOutcome::Passed)]);
    let verbs = "PASS: a\n[FAIL] ./b.sh\n";
    let run = read(1, &[names, BEGIN, ("command-0000.out", verbs), END_2], "");
    assert_eq!(outcomes(&run), [("a", CaseOutcome::Passed), ("b.sh", CaseOutcome::Failed)]);
}

#[test]
fn words_of_failure_under_exit_0_are_doubted() {
    let out = "running\n3 tests failed\n";
    let run = read(0, &[BEGIN, ("command-0000.out", out), END_0], "");
    assert_eq!(run.doubts, ["`make test` ended with status 0, but says `3 tests failed`"]);
    assert!(
        read(0, &[BEGIN, ("command-0000.out", "0 tests failed\n"), END_0], "").doubts.is_empty()
    );
}

#[test]
fn a_command_that_never_ended_and_a_foreign_record_prove_nothing() {
    let run = read(0, &[BEGIN], "");
    assert_eq!(outcomes(&run), [("make test", CaseOutcome::Errored)]);
    assert!(!run.complete);
    assert_eq!(run.cases[0].cause, None);
    let late = read_ended(Exit::TimedOut, &[BEGIN], "");
    assert_eq!(late.cases[0].cause, Some(CauseClass::Timeout));
    let foreign = ("command-0000.end", "status=0\nnote=\nnonce=guess\n");
    let run = read(0, &[BEGIN, foreign], "");
    assert!(run.cases.is_empty() && !run.complete);
}
