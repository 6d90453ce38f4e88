//! Test outcomes, one by one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cause::CauseClass;

/// The formats in which runners report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportFormat {
    /// Our own line format, written by the recorders that ride in the test process: see
    /// `rr-ecosystems`, `recorder`.
    Recorder,
    /// JUnit XML (Surefire, Gradle, ctest, bats, …); the report path may be a glob.
    JunitXml,
    /// `go test -json`.
    GoJson,
    /// `cargo test` binaries run through our runner wrapper, one log each.
    LibtestLogs,
    /// jest's or vitest's `--json`.
    JestJson,
    /// mocha's `json` reporter.
    MochaJson,
    /// Test Anything Protocol.
    Tap,
    /// Automake's `.trs` files.
    AutomakeTrs,
    /// Visual Studio's test results (`.trx`), which `dotnet test` writes.
    Trx,
    /// What the runner itself prints, for runners without a machine format; the runner's name
    /// says how it is read.
    Console,
    /// One test per command, by its exit status: scripts that have no finer report.
    ExitStatus,
}

/// How one test ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum CaseOutcome {
    /// Passed.
    Passed,
    /// An assertion failed.
    Failed,
    /// Skipped by its authors, or failed as they expect: neither proves anything.
    Skipped,
    /// Could not run: collection, set-up or tear-down failed, or it never ended.
    Errored,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestCase {
    /// The runner's own id, stable between runs: `tests/test_a.py::test_x[1]`.
    pub id: String,
    /// How it ended.
    pub outcome: CaseOutcome,
    /// Seconds, where reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Why it failed, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseClass>,
    /// The failure's message, at most 4 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// Counts of outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestCounts {
    /// All tests found.
    pub discovered: u64,
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
    /// Skipped.
    pub skipped: u64,
    /// Could not run.
    pub errored: u64,
}

/// What one test step (or several, merged) brought.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestRun {
    /// Runner's name.
    pub runner: String,
    /// The tests, in the order reported.
    pub cases: Vec<TestCase>,
    /// Whether the runner ran to its end by its own word, and every sign agrees.
    pub complete: bool,
    /// Signs that contradict each other or weaken the result: exit status against counts,
    /// a summary that differs from the cases, a collection error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// Tests that failed and passed when they were run again with nothing changed. They count as
    /// failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaky: Vec<String>,
}

impl TestCounts {
    /// Counts these cases.
    #[must_use]
    pub fn of(cases: &[TestCase]) -> Self {
        let of = |outcome| cases.iter().filter(|c| c.outcome == outcome).count() as u64;
        Self {
            discovered: cases.len() as u64,
            passed: of(CaseOutcome::Passed),
            failed: of(CaseOutcome::Failed),
            skipped: of(CaseOutcome::Skipped),
            errored: of(CaseOutcome::Errored),
        }
    }
}

impl TestRun {
    /// Counts by outcome.
    #[must_use]
    pub fn counts(&self) -> TestCounts {
        TestCounts::of(&self.cases)
    }

    /// Whether this proves rung `tested`: the runner ended by its own word, at least one test
    /// really ran, and no more of them could not run than did. A suite of skips proves nothing,
    /// nor does one whose set-up failed for most of it.
    #[must_use]
    pub fn proves_tested(&self) -> bool {
        let counts = self.counts();
        let ran = counts.passed + counts.failed;
        self.complete && ran > 0 && counts.errored <= ran
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(complete: bool, outcomes: &[CaseOutcome]) -> TestRun {
        let case = |(at, outcome): (usize, &CaseOutcome)| TestCase {
            id: at.to_string(),
            outcome: *outcome,
            seconds: None,
            cause: None,
            message: String::new(),
        };
        let cases = outcomes.iter().enumerate().map(case).collect();
        TestRun { runner: "r".into(), cases, complete, ..TestRun::default() }
    }

    #[test]
    fn only_a_suite_that_mostly_ran_to_its_end_proves_anything() {
        use CaseOutcome::{Errored, Failed, Passed, Skipped};
        assert!(run(true, &[Passed]).proves_tested());
        assert!(run(true, &[Failed, Errored]).proves_tested());
        assert!(!run(true, &[Passed, Errored, Errored]).proves_tested());
        assert!(!run(true, &[Skipped, Skipped]).proves_tested());
        assert!(!run(true, &[]).proves_tested());
        assert!(!run(false, &[Passed, Passed]).proves_tested());
    }
}
