//! What the recorder's reader believes and what it does not.

use rr_core::{
    CaseOutcome, CauseClass, Command, EcosystemId, Exit, Outcome, ReportFormat, Step, StepKind,
    TestRun, TestSpec,
};

use super::NONCE_VARIABLE;
use crate::reports::{ReportInput, read};

fn outcome(exit: Exit) -> Outcome {
    Outcome {
        exit,
        seconds: 1.0,
        output_bytes: 0,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    }
}

fn read_lines(files: &[&str], exit: Exit) -> TestRun {
    let mut step = Step::new(
        "python.test",
        &EcosystemId::new("python"),
        "",
        StepKind::Test,
        "test",
        Command::shell("pytest"),
    )
    .with_env(NONCE_VARIABLE, "secret");
    let files: Vec<(String, Vec<u8>)> = files
        .iter()
        .enumerate()
        .map(|(at, text)| (format!("/reports/recorder-{at}.jsonl"), text.as_bytes().to_vec()))
        .collect();
    step.test = Some(TestSpec {
        runner: "pytest".to_owned(),
        format: ReportFormat::Recorder,
        report: "@{reports}/recorder-*.jsonl".to_owned(),
    });
    read(&ReportInput { step: &step, outcome: &outcome(exit), files: &files, output: b"" })
}

const START: &str = r#"{"v":1,"e":"start","runner":"pytest","nonce":"secret","n#":1}"#;

fn whole(outcome: &str) -> String {
    format!(
        r#"{START}
{{"e":"found","n":1,"n#":2}}
{{"e":"begin","id":"t.py::a","n#":3}}
{{"e":"case","id":"t.py::a","o":"{outcome}","s":0.1,"n#":4}}
{{"e":"end","counts":{{"{outcome}":1}},"ok":true,"nonce":"secret","n#":5}}"#
    )
}

#[test]
fn a_whole_record_proves_its_tests() {
    let run = read_lines(&[&whole("passed")], Exit::Code(0));
    assert!(run.proves_tested());
    assert_eq!(run.runner, "pytest");
    assert!(run.doubts.is_empty(), "{:?}", run.doubts);
}

#[test]
fn a_record_without_the_nonce_is_not_believed() {
    let forged = whole("passed").replace("secret", "guess");
    let run = read_lines(&[&forged], Exit::Code(0));
    assert!(!run.complete && run.cases.is_empty());
    assert!(run.doubts[0].contains("not believed"), "{:?}", run.doubts);
}

#[test]
fn a_forged_file_beside_ours_changes_no_count() {
    let forged = whole("passed").replace("secret", "guess").replace("t.py::a", "t.py::forged");
    let run = read_lines(&[&forged, &whole("failed")], Exit::Code(1));
    assert!(run.complete);
    assert_eq!((run.counts().passed, run.counts().failed), (0, 1));
}

#[test]
fn lines_slipped_into_our_file_spoil_it() {
    let slipped = whole("passed").replace(
        r#"{"e":"begin""#,
        "{\"e\":\"case\",\"id\":\"x\",\"o\":\"passed\",\"s\":0}\n{\"e\":\"begin\"",
    );
    let run = read_lines(&[&slipped], Exit::Code(0));
    assert!(!run.complete, "{:?}", run.doubts);
}

#[test]
fn a_suite_killed_midway_is_not_complete() {
    let text = format!(
        "{START}\n{{\"e\":\"found\",\"n\":2,\"n#\":2}}\n{{\"e\":\"begin\",\"id\":\"b\",\"n#\":3}}"
    );
    let run = read_lines(&[&text], Exit::Code(0));
    assert!(!run.complete);
    assert_eq!(run.counts().errored, 1);
    assert!(run.doubts.iter().any(|d| d.contains("did not come to its end")));
    let hung = read_lines(&[&text], Exit::TimedOut);
    assert_eq!(hung.cases[0].cause, Some(CauseClass::Timeout));
}

#[test]
fn tests_that_were_found_but_not_run_are_missed() {
    let text = whole("passed").replace(r#""n":1"#, r#""n":7"#);
    let run = read_lines(&[&text], Exit::Code(1));
    assert!(!run.complete);
    assert!(run.doubts.iter().any(|d| d == "7 tests were found, but only 1 ran"));
}

#[test]
fn the_worst_outcome_of_a_repeated_test_counts() {
    let run = read_lines(&[&whole("failed"), &whole("passed")], Exit::Code(0));
    assert_eq!(run.cases.len(), 1);
    assert_eq!(run.cases[0].outcome, CaseOutcome::Failed);
}

#[test]
fn an_empty_suite_is_a_doubt() {
    let text = format!(
        "{START}\n{{\"e\":\"found\",\"n\":0,\"n#\":2}}\n{{\"e\":\"end\",\"counts\":{{}},\"nonce\":\"secret\",\"n#\":3}}"
    );
    let run = read_lines(&[&text], Exit::Code(0));
    assert!(!run.proves_tested());
    assert_eq!(run.doubts, ["0 tests found"]);
    let none = read_lines(&[], Exit::Code(0));
    assert_eq!(none.doubts, ["no test runner recorded any outcome", "0 tests found"]);
}

#[test]
fn one_early_file_of_many_processes_is_an_errored_case_but_a_lone_one_is_no_run() {
    let file = |name: &str, ended: bool| {
        let start = START.replace("pytest", "tape");
        let case = format!(r#"{{"e":"case","id":"{name} > a","o":"passed","n#":2}}"#);
        let end = r#"{"e":"end","counts":{"passed":1},"nonce":"secret","n#":3}"#;
        format!("{start}\n{case}\n{}", if ended { end } else { "" })
    };
    let files = [file("a.js", true), file("b.js", true), file("c.js", false), file("d.js", true)];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let run = read_lines(&files, Exit::Code(1));
    assert!(run.complete);
    assert_eq!((run.counts().passed, run.counts().errored), (4, 1));
    assert!(run.cases.iter().any(|case| case.id == "c.js (the whole file)"));
    assert!(!read_lines(&files[2..3], Exit::Code(1)).complete);
}
