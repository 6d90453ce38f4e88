//! Reads what mocha's own `json` reporter writes when it ends.

use rr_core::{CaseOutcome, TestCase, TestRun};
use serde::Deserialize;

use super::ReportInput;

#[derive(Deserialize)]
struct Report {
    stats: Stats,
    #[serde(default)]
    tests: Vec<Test>,
    #[serde(default)]
    pending: Vec<Test>,
    #[serde(default)]
    failures: Vec<Test>,
    #[serde(default)]
    passes: Vec<Test>,
}

#[derive(Deserialize)]
struct Stats {
    tests: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    #[serde(default)]
    full_title: String,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    duration: Option<f64>,
    #[serde(default)]
    err: serde_json::Value,
}

/// Reads the outcomes of a test step that wrote mocha's JSON.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let mut run = TestRun { runner: "mocha".to_owned(), complete: true, ..TestRun::default() };
    if input.files.is_empty() {
        run.complete = false;
        run.doubts.push("no test runner wrote its report".to_owned());
    }
    for (path, bytes) in input.files {
        match serde_json::from_slice::<Report>(bytes) {
            Ok(report) => add(&report, &mut run),
            Err(error) => {
                run.complete = false;
                run.doubts.push(format!("`{path}` is no report: {error}"));
            }
        }
    }
    run
}

fn add(report: &Report, run: &mut TestRun) {
    let groups = [
        (&report.passes, CaseOutcome::Passed),
        (&report.pending, CaseOutcome::Skipped),
        (&report.failures, CaseOutcome::Failed),
    ];
    for (tests, outcome) in groups {
        for test in tests {
            // A failed hook is listed among the failures, but is no test.
            let hook = test.full_title.contains("\" hook");
            let outcome = if hook { CaseOutcome::Errored } else { outcome };
            run.cases.push(case(test, outcome));
        }
    }
    if report.stats.tests != report.tests.len() as u64 {
        run.complete = false;
        let (said, listed) = (report.stats.tests, report.tests.len());
        run.doubts.push(format!("the summary counts {said} tests, {listed} are listed"));
    }
}

fn case(test: &Test, outcome: CaseOutcome) -> TestCase {
    let file = test.file.as_deref().map(|file| file.trim_start_matches("/workspace/"));
    let message = ["message", "stack"]
        .iter()
        .filter_map(|key| test.err.get(key)?.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    TestCase {
        id: file.into_iter().chain([test.full_title.as_str()]).collect::<Vec<_>>().join(" > "),
        outcome,
        seconds: test.duration.map(|millis| millis / 1000.0),
        cause: None,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_become_outcomes() {
        let text = r#"{"stats": {"tests": 3}, "tests": [{}, {}, {}],
            "passes": [{"fullTitle": "a x", "file": "/workspace/t/a.js", "duration": 5}],
            "pending": [{"fullTitle": "a y"}],
            "failures": [{"fullTitle": "a z", "err": {"message": "boo"}},
                         {"fullTitle": "a \"before each\" hook for \"q\"", "err": {}}]}"#;
        let mut run = TestRun { complete: true, ..TestRun::default() };
        add(&serde_json::from_str(text).unwrap(), &mut run);
        let counts = run.counts();
        assert_eq!((counts.passed, counts.skipped, counts.failed, counts.errored), (1, 1, 1, 1));
        assert_eq!(run.cases[0].id, "t/a.js > a x");
        assert!(run.complete);
    }
}
