//! Test outcomes are kept in files beside the journal: a suite may have a hundred thousand.

use std::path::Path;

use rr_core::report::TestReport;
use rr_core::{CaseOutcome, CauseClass, TestCase, TestCounts, TestRun};
use serde::{Deserialize, Serialize};

use crate::error::RunError;

/// What the journal keeps of a test step: where the cases are, and what decides on the way on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredTests {
    /// File with the [`TestRun`], relative to the run's folder.
    pub file: String,
    /// Counts.
    pub counts: rr_core::TestCounts,
    /// Whether the run proves rung `tested`.
    pub proves: bool,
    /// Failing or errored cases whose cause is the environment.
    pub environment_failures: u64,
    /// Signs that weaken the result.
    pub doubts: Vec<String>,
}

/// Writes a test run into the run's folder.
pub(crate) fn store(folder: &Path, file: &str, run: &TestRun) -> Result<StoredTests, RunError> {
    let path = folder.join(file);
    let attempted = || format!("write `{}`", path.display());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|e| RunError::io(attempted(), e))?;
    }
    let bytes = serde_json::to_vec(run).map_err(|e| RunError::Internal(e.to_string()))?;
    std::fs::write(&path, bytes).map_err(|e| RunError::io(attempted(), e))?;
    let environment = run
        .cases
        .iter()
        .filter(|case| is_bad(case.outcome) && case.cause == Some(CauseClass::Environment))
        .count();
    Ok(StoredTests {
        file: file.to_owned(),
        counts: run.counts(),
        proves: run.proves_tested(),
        environment_failures: environment as u64,
        doubts: run.doubts.clone(),
    })
}

/// A test that was left out because it never ends still has an outcome: it is errored.
pub(crate) fn add_left_out(run: &mut TestRun, left_out: &[String]) {
    for id in left_out {
        if run.cases.iter().all(|case| &case.id != id) {
            run.cases.push(TestCase {
                id: id.clone(),
                outcome: CaseOutcome::Errored,
                seconds: None,
                cause: Some(CauseClass::Timeout),
                message: "ran until the time limit; left out so that the others can end".into(),
            });
        }
    }
}

/// Reads a test run back.
pub(crate) fn load(folder: &Path, file: &str) -> Result<TestRun, RunError> {
    let path = folder.join(file);
    let bytes =
        std::fs::read(&path).map_err(|e| RunError::io(format!("read `{}`", path.display()), e))?;
    serde_json::from_slice(&bytes)
        .map_err(|e| RunError::Internal(format!("`{}` is broken: {e}", path.display())))
}

/// Joins the test runs of several steps. A failing case without a known cause is its authors':
/// nothing of the environment's signs is in it.
pub(crate) fn merge(runs: Vec<(String, TestRun)>) -> TestReport {
    let several = runs.len() > 1;
    let mut report = TestReport { complete: !runs.is_empty(), ..TestReport::default() };
    let mut runners: Vec<String> = Vec::new();
    for (unit, run) in runs {
        report.complete &= run.proves_tested() || run.complete;
        if !runners.contains(&run.runner) {
            runners.push(run.runner.clone());
        }
        report.doubts.extend(run.doubts);
        report.cases.extend(run.cases.into_iter().map(|mut case| {
            if several && !unit.is_empty() {
                case.id = format!("{unit}: {}", case.id);
            }
            if is_bad(case.outcome) {
                case.cause.get_or_insert(CauseClass::Intrinsic);
            }
            case
        }));
        let named =
            |id: String| if several && !unit.is_empty() { format!("{unit}: {id}") } else { id };
        report.flaky.extend(run.flaky.into_iter().map(named));
    }
    report.runner = runners.join(", ");
    report.counts = TestCounts::of(&report.cases);
    report
}

pub(crate) fn is_bad(outcome: CaseOutcome) -> bool {
    matches!(outcome, CaseOutcome::Failed | CaseOutcome::Errored)
}
