//! What is kept of one run: the figures that the table shows.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::measure::{Ended, Measured};
use super::truth::Row;

/// Share of the passes obtained by hand that a run must reach.
const SHARE: f64 = 0.95;

/// One row of the results.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// `owner/name`.
    pub(crate) repo: String,
    /// The commit that was run.
    pub(crate) commit: String,
    /// SHA-256 of the binary that ran it, in hexadecimal.
    pub(crate) binary: String,
    /// Whether the truth was obtained by hand.
    pub(crate) trusted: bool,
    /// Tests found and passed by hand.
    pub(crate) truth_total: Option<u64>,
    /// Tests passed by hand.
    pub(crate) truth_passed: Option<u64>,
    /// How it went: empty where a report came out.
    pub(crate) trouble: String,
    /// Whether a run took place at all.
    pub(crate) ran: bool,
    /// The highest rung proved.
    pub(crate) rung: Option<String>,
    /// The report's word on it.
    pub(crate) green: bool,
    /// Tests found, passed, failed, errored, skipped.
    pub(crate) tests: Counts,
    /// Seconds from start to end.
    pub(crate) wall_seconds: f64,
    /// Of these, ours.
    pub(crate) ours_seconds: Option<f64>,
    /// The runner's own peak of resident memory, in bytes.
    pub(crate) peak_bytes: u64,
    /// What failed, each as `cause: what`.
    pub(crate) failures: Vec<String>,
}

/// Counts of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// All that were found.
    pub(crate) discovered: u64,
    /// Passed.
    pub(crate) passed: u64,
    /// Failed.
    pub(crate) failed: u64,
    /// Could not run.
    pub(crate) errored: u64,
    /// Skipped.
    pub(crate) skipped: u64,
}

impl Record {
    /// A row for which nothing was run.
    pub(crate) fn not_run(row: &Row, binary: &str, trouble: impl Into<String>) -> Self {
        Self {
            repo: row.repo.clone(),
            commit: row.commit.clone(),
            binary: binary.to_owned(),
            trusted: row.trusted,
            truth_total: row.total,
            truth_passed: row.passed,
            trouble: trouble.into(),
            ..Self::default()
        }
    }

    /// The row of a run.
    pub(crate) fn of(row: &Row, binary: &str, measured: &Measured) -> Self {
        let mut record = Self::not_run(row, binary, trouble(measured));
        record.ran = true;
        record.wall_seconds = measured.wall.as_secs_f64();
        record.peak_bytes = measured.peak;
        if let Some(report) = &measured.report {
            record.read(report);
        }
        record
    }

    /// Whether the run proved rung `tested` or a higher one.
    pub(crate) fn proved_tested(&self) -> bool {
        matches!(self.rung.as_deref(), Some("tested" | "reproduced"))
    }

    /// Passes as a share of those obtained by hand.
    pub(crate) fn share(&self) -> Option<f64> {
        let truth = self.truth_passed.filter(|n| *n > 0)?;
        Some(self.tests.passed as f64 / truth as f64)
    }

    /// Whether the run proved rung `tested` with enough of the passes obtained by hand.
    pub(crate) fn meets_truth(&self) -> bool {
        self.proved_tested() && self.share().is_some_and(|share| share >= SHARE)
    }

    fn read(&mut self, report: &Value) {
        let verdict = &report["verdict"];
        self.rung = verdict["rung"].as_str().map(str::to_owned);
        self.green = verdict["green"].as_bool().unwrap_or(false);
        let tests = &report["tests"];
        let count = |name: &str| tests[name].as_u64().unwrap_or(0);
        self.tests = Counts {
            discovered: count("discovered"),
            passed: count("passed"),
            failed: count("failed"),
            errored: count("errored"),
            skipped: count("skipped"),
        };
        self.ours_seconds = report["timings"]["ours"].as_f64();
        self.failures = failures(report);
    }
}

/// Why there may be no report, or why not to believe it; empty where all is well.
fn trouble(measured: &Measured) -> String {
    match (&measured.ended, &measured.report) {
        (Ended::Limit, _) => format!("killed after {:.0} s", measured.wall.as_secs_f64()),
        (Ended::Stopped, _) => "stopped by the user".to_owned(),
        (Ended::Itself(status), None) => format!("no report, {status}"),
        (Ended::Itself(_), Some(_)) => String::new(),
    }
}

/// The report's remaining failures, then how many failing tests have which cause.
fn failures(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let mut lines: Vec<String> = report["failures"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|failure| {
            let what = failure["explanation"].as_str().filter(|t| !t.is_empty());
            let what = what.map_or_else(|| text(&failure["signature"]), str::to_owned);
            format!("{}: {what} (step `{}`)", text(&failure["cause"]), text(&failure["step"]))
        })
        .collect();
    let mut causes = std::collections::BTreeMap::<String, u64>::new();
    for case in report["tests"]["cases"].as_array().into_iter().flatten() {
        if matches!(case["outcome"].as_str(), Some("failed" | "errored")) {
            *causes
                .entry(case["cause"].as_str().unwrap_or("unclassified").to_owned())
                .or_default() += 1;
        }
    }
    lines.extend(causes.into_iter().map(|(cause, n)| format!("{cause}: {n} tests")));
    lines
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn row() -> Row {
        let (repo, commit) = ("a/b".to_owned(), "c".to_owned());
        Row { repo, commit, total: Some(100), passed: Some(100), trusted: true }
    }

    fn record(rung: &str, passed: u64) -> Record {
        let report = json!({
            "verdict": {"rung": rung, "green": true},
            "tests": {"discovered": 101, "passed": passed, "failed": 1, "cases": [
                {"id": "x", "outcome": "failed", "cause": "intrinsic"},
                {"id": "y", "outcome": "errored"},
                {"id": "z", "outcome": "passed"},
            ]},
            "failures": [{"cause": "timeout", "step": "js:test", "signature": "s", "explanation": "hung"}],
            "timings": {"total": 10.0, "ours": 0.5},
        });
        let ended = Ended::Limit;
        let measured =
            Measured { report: Some(report), ended, wall: Duration::from_secs(10), peak: 1 };
        Record::of(&row(), "hash", &measured)
    }

    #[test]
    fn the_share_of_the_truth_decides_at_the_rung_only() {
        assert!(record("tested", 95).meets_truth());
        assert!(!record("tested", 94).meets_truth());
        assert!(!record("built", 100).meets_truth());
        assert!(!Record::not_run(&row(), "hash", "no clone").meets_truth());
    }

    #[test]
    fn failures_carry_their_causes() {
        let expected =
            ["timeout: hung (step `js:test`)", "intrinsic: 1 tests", "unclassified: 1 tests"];
        let record = record("tested", 95);
        assert_eq!(record.failures, expected);
        assert_eq!(record.trouble, "killed after 10 s");
        assert_eq!(record.ours_seconds, Some(0.5));
    }
}
