//! Automake's `.trs` files, one per test program, as its parallel test driver writes them.
//!
//! Must not know how they were collected. The totals that `make check` prints per folder are held
//! against them.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{CaseOutcome, TestCase, TestRun};

use super::ReportInput;

/// Longest message kept, in bytes: the end of the test's log.
const MESSAGE: usize = 3000;

/// `# TOTAL: 12` of a `Testsuite summary`.
static TOTAL: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant expression, tried by the tests")]
    Regex::new(r"(?m)^# TOTAL: +(\d+)").unwrap()
});

/// Reads a test step whose report format is `AutomakeTrs`.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let runner = input.step.test.as_ref().map_or_else(String::new, |test| test.runner.clone());
    let mut run = TestRun { runner, complete: true, ..TestRun::default() };
    for (path, bytes) in input.files {
        let Some(stem) = path.strip_suffix(".trs") else { continue };
        let text = String::from_utf8_lossy(bytes);
        let log = input
            .files
            .iter()
            .find(|(other, _)| other.strip_suffix(".log") == Some(stem))
            .map(|(_, bytes)| String::from_utf8_lossy(bytes));
        let id = stem.trim_start_matches("/reports/").trim_start_matches("./");
        let found = cases(id, &text, log.as_deref().unwrap_or(""));
        if found.is_empty() {
            run.complete = false;
            run.doubts.push(format!("`{id}.trs` names no outcome"));
        }
        run.cases.extend(found);
    }
    let output = String::from_utf8_lossy(input.output);
    let totals: Vec<u64> =
        TOTAL.captures_iter(&output).filter_map(|found| found[1].parse().ok()).collect();
    let total: u64 = totals.iter().sum();
    let held = run.cases.len() as u64;
    if held > 0 && total != held {
        run.doubts.push(format!("make counted {total} tests, its files hold {held}"));
        run.complete &= held < total;
    }
    run
}

/// `:test-result: PASS` (one line per subtest, with its name, under the TAP driver).
fn cases(id: &str, text: &str, log: &str) -> Vec<TestCase> {
    let results: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix(":test-result:")).map(str::trim).collect();
    results
        .iter()
        .enumerate()
        .map(|(at, result)| {
            let (word, name) = result.split_once(' ').unwrap_or((result, ""));
            let outcome = match word {
                "PASS" | "XFAIL" => CaseOutcome::Passed,
                "SKIP" => CaseOutcome::Skipped,
                "ERROR" => CaseOutcome::Errored,
                _ => CaseOutcome::Failed,
            };
            let name = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
            TestCase {
                id: match (results.len(), name.trim_start_matches("- ")) {
                    (1, _) => id.to_owned(),
                    (_, "") => format!("{id} {}", at + 1),
                    (_, name) => format!("{id} {} {name}", at + 1),
                },
                outcome,
                seconds: None,
                cause: None,
                message: if outcome == CaseOutcome::Failed || outcome == CaseOutcome::Errored {
                    end_of(log)
                } else {
                    String::new()
                },
            }
        })
        .collect()
}

fn end_of(log: &str) -> String {
    let from = log.len().saturating_sub(MESSAGE);
    let from = (from..=log.len()).find(|at| log.is_char_boundary(*at)).unwrap_or(0);
    log[from..].trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{Command, EcosystemId, Exit, Outcome, Step, StepKind};

    fn read_all(files: &[(&str, &str)], output: &str) -> TestRun {
        let id = EcosystemId::new("native");
        let step = Step::new("t", &id, "", StepKind::Test, "tests", Command::argv(["make"]));
        let outcome = Outcome {
            exit: Exit::Code(0),
            seconds: 1.0,
            output_bytes: 0,
            tail: String::new(),
            head: String::new(),
            peak_memory: None,
            left_processes: false,
        };
        let files: Vec<(String, Vec<u8>)> = files
            .iter()
            .map(|(name, text)| (format!("/reports/{name}"), text.as_bytes().to_vec()))
            .collect();
        read(&ReportInput {
            step: &step,
            outcome: &outcome,
            files: &files,
            output: output.as_bytes(),
        })
    }

    #[test]
    fn every_outcome_of_automake_has_its_meaning() {
        let files = [
            ("tests/a.trs", ":test-result: PASS\n:global-test-result: PASS\n"),
            ("tests/b.trs", ":test-result: XFAIL\n"),
            ("tests/c.trs", ":test-result: FAIL\n"),
            ("tests/c.log", "expected 1\nFAIL c (exit status: 1)\n"),
            (
                "tests/d.trs",
                ":test-result: PASS 1 - first\n:test-result: SKIP 2 second # SKIP no\n",
            ),
            ("tests/e.trs", ":test-result: XPASS\n"),
        ];
        let run = read_all(&files, "# TOTAL: 6\n# PASS:  2\n");
        let found: Vec<_> = run.cases.iter().map(|c| (c.id.as_str(), c.outcome)).collect();
        assert_eq!(
            found,
            [
                ("tests/a", CaseOutcome::Passed),
                ("tests/b", CaseOutcome::Passed),
                ("tests/c", CaseOutcome::Failed),
                ("tests/d 1 first", CaseOutcome::Passed),
                ("tests/d 2 second # SKIP no", CaseOutcome::Skipped),
                ("tests/e", CaseOutcome::Failed),
            ]
        );
        assert_eq!(run.cases[2].message, "expected 1\nFAIL c (exit status: 1)");
        assert!(run.complete && run.doubts.is_empty(), "{:?}", run.doubts);
    }

    #[test]
    fn more_files_than_make_counted_prove_nothing() {
        let files = [("a.trs", ":test-result: PASS\n"), ("b.trs", ":test-result: PASS\n")];
        assert!(!read_all(&files, "# TOTAL: 1\n").complete);
        assert!(read_all(&files, "# TOTAL: 1\n# TOTAL: 1\n").complete);
    }
}
