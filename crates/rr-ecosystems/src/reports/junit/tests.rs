use rr_core::{
    CaseOutcome, Command, EcosystemId, Exit, Outcome, ReportFormat, Step, StepKind, TestRun,
    TestSpec,
};

use crate::reports::ReportInput;

fn read(runner: &str, exit: i32, files: &[&str], output: &str) -> TestRun {
    let id = EcosystemId::new("native");
    let mut step = Step::new("t", &id, "", StepKind::Test, "tests", Command::argv(["ctest"]));
    step.test = Some(TestSpec {
        runner: runner.to_owned(),
        format: ReportFormat::JunitXml,
        report: "@{reports}/*.xml".to_owned(),
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
    let files: Vec<(String, Vec<u8>)> = files
        .iter()
        .enumerate()
        .map(|(at, text)| (format!("/reports/{at}.xml"), text.as_bytes().to_vec()))
        .collect();
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

/// As ctest 3.25 writes it.
const CTEST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="Linux-c++" tests="4" failures="1" disabled="0" skipped="2" hostname="" time="0">
 <testcase name="ok" classname="ok" time="0.01" status="run"><properties/><system-out>fine</system-out></testcase>
 <testcase name="bad" classname="bad" time="0.02" status="fail"><failure message=""/><properties/><system-out>expected 1, got 2</system-out></testcase>
 <testcase name="left" classname="left" time="0" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
 <testcase name="gone" classname="gone" time="0" status="notrun"><skipped message="Unable to find executable: gone"/></testcase>
</testsuite>"#;

#[test]
fn ctest_tells_failures_skips_and_programs_that_are_not_there() {
    let total = "50% tests passed, 2 tests failed out of 4\n";
    let run = read("ctest", 8, &[CTEST], total);
    assert_eq!(
        outcomes(&run),
        [
            ("ok", CaseOutcome::Passed),
            ("bad", CaseOutcome::Failed),
            ("left", CaseOutcome::Skipped),
            ("gone", CaseOutcome::Errored),
        ]
    );
    assert_eq!(run.cases[1].message, "expected 1, got 2");
    assert!(run.complete, "{:?}", run.doubts);
}

#[test]
fn a_ctest_file_that_its_total_contradicts_proves_nothing() {
    let run = read("ctest", 8, &[CTEST], "0% tests passed, 4 tests failed out of 4\n");
    assert!(!run.complete);
    assert!(!read("ctest", 8, &[CTEST], "").complete);
}

#[test]
fn ctest_of_cmake_4_names_no_failures_where_there_are_none() {
    let file =
        r#"<testsuite tests="1"><testcase name="a" classname="a" status="run"/></testsuite>"#;
    let run = read("ctest", 0, &[file], "100% tests passed out of 1\n");
    assert!(run.complete, "{:?}", run.doubts);
}

/// As Surefire 3 writes it.
const SUREFIRE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="a.FooTest" time="0.1" tests="3" errors="1" skipped="0" failures="0">
  <properties><property name="x" value="y"/></properties>
  <testcase name="works(int)[1]" classname="a.FooTest" time="1,000.5"/>
  <testcase name="works(int)[1]" classname="a.FooTest" time="0.0"><system-out><![CDATA[ok]]></system-out></testcase>
  <testcase name="breaks" classname="a.FooTest" time="0.0"><error message="no" type="java.lang.IllegalStateException"><![CDATA[java.lang.IllegalStateException: no
	at a.FooTest.breaks(FooTest.java:9)]]></error></testcase>
</testsuite>"#;

#[test]
fn surefire_files_agree_with_mavens_totals() {
    let log =
        "[INFO] Results:\n[INFO] \n[ERROR] Tests run: 3, Failures: 0, Errors: 1, Skipped: 0\n";
    let run = read("maven", 1, &[SUREFIRE], log);
    assert!(run.complete && run.doubts.is_empty(), "{:?}", run.doubts);
    assert_eq!(run.cases[1].id, "a.FooTest.works(int)[1] #2");
    assert_eq!(run.cases[0].seconds, Some(1000.5));
    assert_eq!(run.cases[2].outcome, CaseOutcome::Errored);
}

#[test]
fn files_that_maven_knows_nothing_of_prove_nothing() {
    let log = "[INFO] Tests run: 1, Failures: 0, Errors: 0, Skipped: 0\n";
    let run = read("maven", 0, &[SUREFIRE], log);
    assert!(!run.complete);
    assert!(!read("maven", 0, &[SUREFIRE], "[INFO] No tests to run.\n").complete);
}

#[test]
fn a_module_that_could_not_be_built_leaves_the_run_incomplete() {
    let log = "[ERROR] Tests run: 3, Failures: 0, Errors: 1, Skipped: 0\n\
               [ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.11.0:testCompile (default-testCompile) on project b: Compilation failure\n";
    assert!(!read("maven", 1, &[SUREFIRE], log).complete);
    let gradle = "> Task :b:compileTestJava FAILED\n";
    assert!(!read("gradle", 1, &[SUREFIRE], gradle).complete);
}

#[test]
fn a_file_with_fewer_cases_than_it_names_is_doubted() {
    let cut = SUREFIRE.replace("tests=\"3\"", "tests=\"9\"");
    let run = read("gradle", 1, &[&cut], "");
    assert!(!run.complete);
    assert_eq!(run.doubts, ["`0.xml` names 9 tests, but holds 3"]);
}

#[test]
fn broken_files_and_missing_files_prove_nothing() {
    for files in [&["<testsuite><testcase name='a'"][..], &["<html/>"], &[]] {
        assert!(!read("gradle", 0, files, "").complete);
    }
}

#[test]
fn control_characters_in_test_output_do_no_harm() {
    let text = "<testsuite><testcase name='a'><system-out>\u{1b}[31mred</system-out></testcase></testsuite>";
    assert_eq!(read("bats", 0, &[text], "").cases.len(), 1);
}

#[test]
fn playwright_without_its_browser_ran_no_test() {
    let file = "<testsuites><testsuite name=\"a\" tests=\"1\" failures=\"1\"><testcase name=\"a\" \
        classname=\"b\"><failure message=\"m\">Error: browserType.launch: Executable doesn't exist \
        at /x/ms-playwright/y</failure></testcase></testsuite></testsuites>";
    let run = read("playwright", 1, &[file], "");
    assert_eq!(run.cases[0].outcome, CaseOutcome::Errored);
    assert!(!run.proves_tested());
}
