//! The samples are what Go 1.26.8 wrote for nine packages that fail in nine ways, times and stack
//! traces left out.

use rr_core::{
    CaseOutcome, Command, EcosystemId, Exit, Outcome, ReportFormat, Step, StepKind, TestRun,
    TestSpec,
};

use crate::reports::ReportInput;

const EVENTS: &str = include_str!("sample-go-test.jsonl");
const LISTED: &str = include_str!("sample-go-list.jsonl");

fn read(files: &[(&str, &str)], output: &str, exit: i32) -> TestRun {
    let id = EcosystemId::new("go");
    let mut step = Step::new("t", &id, "", StepKind::Test, "t", Command::argv(["go", "test"]));
    step.test = Some(TestSpec {
        runner: "go-test".to_owned(),
        format: ReportFormat::GoJson,
        report: "@{reports}/go-*.json".to_owned(),
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

fn sample() -> TestRun {
    let exit = "{\"status\":1}\n";
    read(
        &[
            ("go-test-root.json", EVENTS),
            ("go-list-root.json", LISTED),
            ("go-exit-root.json", exit),
        ],
        "",
        1,
    )
}

fn outcome_of(run: &TestRun, id: &str) -> CaseOutcome {
    let id = format!("example.com/gm/{id}");
    run.cases.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("{id} in {run:#?}")).outcome
}

/// The events of one package alone.
fn only(package: &str) -> TestRun {
    let part = |text: &str| -> String {
        let wanted = format!("example.com/gm/{package}");
        text.lines()
            .filter(|line| {
                line.contains(&format!("{wanted}\"")) || line.contains(&format!("{wanted} "))
            })
            .map(|line| format!("{line}\n"))
            .collect()
    };
    read(
        &[
            ("go-test-root.json", &part(EVENTS)),
            ("go-list-root.json", &part(LISTED)),
            ("go-exit-root.json", "{\"status\":0}"),
        ],
        "",
        0,
    )
}

#[test]
fn subtests_examples_fuzz_seeds_and_skips_are_cases() {
    let run = only("a");
    assert_eq!(outcome_of(&run, "a.TestAdd"), CaseOutcome::Failed);
    assert_eq!(outcome_of(&run, "a.TestAdd/sub_one"), CaseOutcome::Passed);
    assert_eq!(outcome_of(&run, "a.TestAdd/x"), CaseOutcome::Failed);
    assert_eq!(outcome_of(&run, "a.TestSkip"), CaseOutcome::Skipped);
    assert_eq!(outcome_of(&run, "a.ExampleAdd"), CaseOutcome::Passed);
    assert_eq!(outcome_of(&run, "a.FuzzA/seed#0"), CaseOutcome::Passed);
    assert_eq!(run.cases.len(), 7, "`--- PASS: TestForged` is not believed");
    assert!(run.complete);
}

#[test]
fn a_panic_leaves_the_tests_behind_it_errored() {
    let run = only("b");
    assert_eq!(outcome_of(&run, "b.TestOne"), CaseOutcome::Passed);
    assert_eq!(outcome_of(&run, "b.TestPanic"), CaseOutcome::Failed);
    assert_eq!(outcome_of(&run, "b.TestNever"), CaseOutcome::Errored);
    assert!(!run.complete);
}

#[test]
fn a_main_that_drops_the_result_is_doubted() {
    let run = only("c");
    assert_eq!(outcome_of(&run, "c.TestBad"), CaseOutcome::Failed);
    assert!(run.complete);
    assert!(run.doubts[0].contains("reported as passed"), "{:?}", run.doubts);
}

#[test]
fn a_main_that_runs_nothing_is_no_success() {
    let run = only("d");
    assert_eq!(outcome_of(&run, "d [no tests ran]"), CaseOutcome::Errored);
    assert!(!run.complete && !run.proves_tested());
}

#[test]
fn a_package_that_does_not_build_is_an_errored_case_with_the_compilers_words() {
    let run = only("e");
    let case = &run.cases[0];
    assert_eq!(case.id, "example.com/gm/e [build failed]");
    assert!(case.message.contains("undefined: undefined"));
}

#[test]
fn an_exit_inside_a_test_does_not_pass_it() {
    // test2json gives the running test a `pass` event when the process exits with status 0.
    let run = only("g");
    assert_eq!(outcome_of(&run, "g.TestA"), CaseOutcome::Passed);
    assert_eq!(outcome_of(&run, "g.TestBad"), CaseOutcome::Errored);
    assert_eq!(outcome_of(&run, "g.TestLater"), CaseOutcome::Errored);
    assert!(!run.complete);
}

#[test]
fn tests_behind_an_exit_that_were_run_again_complete_the_run() {
    let of = |text: &str| -> String {
        text.lines().filter(|l| l.contains("gm/g\"")).map(|l| format!("{l}\n")).collect()
    };
    let more = "{\"Action\":\"run\",\"Package\":\"example.com/gm/g\",\"Test\":\"TestLater\"}\n\
                {\"Action\":\"output\",\"Package\":\"example.com/gm/g\",\"Test\":\"TestLater\",\"Output\":\"--- PASS: TestLater (0.00s)\\n\"}\n\
                {\"Action\":\"pass\",\"Package\":\"example.com/gm/g\",\"Test\":\"TestLater\",\"Elapsed\":0}\n\
                {\"Action\":\"output\",\"Package\":\"example.com/gm/g\",\"Output\":\"PASS\\n\"}\n";
    let run = read(
        &[
            ("go-test-root.json", &of(EVENTS)),
            ("go-list-root.json", &of(LISTED)),
            ("go-more-root.json", more),
            ("go-exit-root.json", "{\"status\":0}"),
        ],
        "",
        0,
    );
    assert_eq!(outcome_of(&run, "g.TestBad"), CaseOutcome::Errored);
    assert_eq!(outcome_of(&run, "g.TestLater"), CaseOutcome::Passed);
    assert!(run.complete && run.doubts[0].contains("run again"), "{:?}", run.doubts);
}

#[test]
fn packages_without_tests_bring_nothing() {
    assert!(only("f").cases.is_empty());
    assert!(only("i").cases.is_empty());
}

#[test]
fn the_whole_sample_adds_up() {
    let counts = sample().counts();
    assert_eq!(
        (counts.discovered, counts.passed, counts.failed, counts.skipped, counts.errored),
        (19, 7, 5, 1, 6)
    );
}

#[test]
fn a_run_that_was_cut_off_is_incomplete() {
    let run = read(&[("go-test-root.json", EVENTS)], "", 137);
    assert!(!run.complete);
}

#[test]
fn go_s_own_refusal_is_reported() {
    let run =
        read(&[], "go: go.mod requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)\n", 1);
    assert!(!run.complete);
    assert!(run.cases[0].message.contains("requires go"));
}
