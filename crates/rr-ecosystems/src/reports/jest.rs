//! Reads the JSON that jest and vitest write when they end (`--json`, `--reporter=json`).
//!
//! The file comes into being only at the end: where it is absent the run is incomplete. A file
//! of tests that could not be loaded is an errored case.

use rr_core::{CaseOutcome, TestCase, TestRun};
use serde::Deserialize;

use super::ReportInput;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    #[serde(default)]
    test_results: Vec<FileResult>,
    num_total_tests: Option<u64>,
    #[serde(default)]
    was_interrupted: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileResult {
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    assertion_results: Vec<Assertion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(default)]
    ancestor_titles: Vec<String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    duration: Option<f64>,
    #[serde(default)]
    failure_messages: Option<Vec<String>>,
}

/// Reads the outcomes of a test step that wrote jest's JSON.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let runner = input.step.test.as_ref().map_or_else(String::new, |test| test.runner.clone());
    let mut run = TestRun { runner, complete: true, ..TestRun::default() };
    if input.files.is_empty() {
        refute(&mut run, "no test runner wrote its report".to_owned());
    }
    for (path, bytes) in input.files {
        match serde_json::from_slice::<Report>(bytes) {
            Ok(report) => add(&report, &mut run),
            Err(error) => refute(&mut run, format!("`{path}` is no report: {error}")),
        }
    }
    run
}

fn refute(run: &mut TestRun, doubt: String) {
    run.complete = false;
    run.doubts.push(doubt);
}

fn add(report: &Report, run: &mut TestRun) {
    let before = run.cases.len();
    let mut files = 0u64;
    for file in &report.test_results {
        let name = file.name.trim_start_matches("/workspace/");
        for test in &file.assertion_results {
            let mut titles = vec![name];
            titles
                .extend(test.ancestor_titles.iter().filter(|t| !t.is_empty()).map(String::as_str));
            titles.push(&test.title);
            run.cases.push(TestCase {
                id: titles.join(" > "),
                outcome: outcome_of(&test.status),
                seconds: test.duration.map(|millis| millis / 1000.0),
                cause: None,
                message: test.failure_messages.clone().unwrap_or_default().join("\n"),
            });
        }
        let failing = file.assertion_results.iter().any(|test| test.status == "failed");
        if file.status == "failed" && !failing {
            files += 1;
            run.cases.push(TestCase {
                id: name.to_owned(),
                outcome: CaseOutcome::Errored,
                seconds: None,
                cause: None,
                message: file.message.clone().unwrap_or_default(),
            });
        }
    }
    let found = (run.cases.len() - before) as u64 - files;
    if report.was_interrupted {
        refute(run, "the runner was interrupted before its end".to_owned());
    } else if report.num_total_tests.is_some_and(|total| total != found) {
        let total = report.num_total_tests.unwrap_or(0);
        refute(run, format!("the summary counts {total} tests, the cases are {found}"));
    }
}

fn outcome_of(status: &str) -> CaseOutcome {
    match status {
        "passed" => CaseOutcome::Passed,
        "failed" => CaseOutcome::Failed,
        _ => CaseOutcome::Skipped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_json(text: &str) -> TestRun {
        let mut run = TestRun { complete: true, ..TestRun::default() };
        add(&serde_json::from_str(text).unwrap(), &mut run);
        run
    }

    #[test]
    fn a_file_that_does_not_load_is_an_errored_case() {
        let run = read_json(
            r#"{"numTotalTests": 2, "testResults": [
              {"name": "/workspace/a.test.js", "status": "passed", "message": "", "assertionResults": [
                {"ancestorTitles": ["a"], "title": "x", "status": "passed", "duration": 3},
                {"ancestorTitles": [], "title": "y", "status": "todo"}]},
              {"name": "/workspace/b.test.js", "status": "failed", "message": "Cannot find module 'z'",
               "assertionResults": []}]}"#,
        );
        assert!(run.complete);
        let counts = run.counts();
        assert_eq!((counts.passed, counts.skipped, counts.errored), (1, 1, 1));
        assert_eq!(run.cases[0].id, "a.test.js > a > x");
        assert!(run.cases[2].message.contains("Cannot find module"));
    }

    #[test]
    fn a_summary_that_disagrees_is_not_believed() {
        let run = read_json(r#"{"numTotalTests": 100, "testResults": []}"#);
        assert!(!run.complete);
    }
}
