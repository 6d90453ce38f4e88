//! The report and the files beside it: JUnit XML, the recipe, and the specification's JSON
//! documents, all regenerable from the journal.

use std::io::Write as _;
use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase as JunitCase, TestCaseStatus, TestSuite};
use rr_core::report::RunReport;
use rr_core::{CaseOutcome, CauseClass, TestCase};
use rr_recipe::{LOCK_FILE, RecipeLock};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::RunError;
use crate::live::LiveRun;
use crate::recipe;

/// The report's file in the run's folder.
pub(crate) const REPORT_FILE: &str = "report.json";
/// Version of the report's format.
pub(crate) const VERSION: u32 = 1;

/// How a run ended, as an exit code tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitKind {
    /// Green at the asked rung.
    Green,
    /// The repository's own fault, or something only its user can give.
    Repository,
    /// The environment's fault.
    Environment,
    /// The budget was spent before the rung was reached.
    Budget,
}

impl ExitKind {
    /// How a report ended.
    #[must_use]
    pub fn of(report: &RunReport) -> Self {
        let caused = |cause| report.failures.iter().any(|f| f.cause == cause);
        let spent = report.plan.notes.iter().any(|note| note == BUDGET_NOTE);
        match () {
            () if report.verdict.green => Self::Green,
            () if spent || caused(CauseClass::Timeout) => Self::Budget,
            () if caused(CauseClass::Environment) => Self::Environment,
            () if report.failures.is_empty() && report.tests.counts.discovered > 0 => {
                // Not green without a failing step: test cases that the environment failed.
                Self::Environment
            }
            () => Self::Repository,
        }
    }
}

/// The note that says that repair stopped because its budget was spent.
pub(crate) const BUDGET_NOTE: &str = "the repair budget is spent";

/// The report's JSON Schema.
#[must_use]
pub fn report_schema() -> Value {
    schemars::schema_for!(RunReport).to_value()
}

/// The tests as JUnit XML.
#[must_use]
pub fn junit_xml(report: &RunReport) -> String {
    let mut junit = Report::new(report.run_id.as_str());
    let mut suite = TestSuite::new(report.tests.runner.as_str());
    for case in &report.tests.cases {
        suite.add_test_case(junit_case(case));
    }
    junit.add_test_suite(suite);
    junit.to_string().unwrap_or_default()
}

fn junit_case(case: &TestCase) -> JunitCase {
    let mut status = match case.outcome {
        CaseOutcome::Passed => TestCaseStatus::success(),
        CaseOutcome::Skipped => TestCaseStatus::skipped(),
        CaseOutcome::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        CaseOutcome::Errored => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if !case.message.is_empty() {
        status.set_message(case.message.as_str());
    }
    if let Some(cause) = case.cause {
        status.set_type(cause.as_str());
    }
    let mut junit = JunitCase::new(case.id.as_str(), status);
    if let Some(seconds) = case.seconds.filter(|s| s.is_finite() && *s >= 0.0) {
        junit.set_time(std::time::Duration::from_secs_f64(seconds));
    }
    junit
}

/// Writes the report and everything beside it.
pub(crate) fn write(live: &LiveRun, report: &RunReport, lock: &RecipeLock) -> Result<(), RunError> {
    let folder = &live.session.folder;
    write_json(&folder.join(REPORT_FILE), report)?;
    write_atomically(&folder.join("junit.xml"), junit_xml(report).as_bytes())?;
    write_atomically(&folder.join(LOCK_FILE), lock.to_toml()?.as_bytes())?;
    write_atomically(&folder.join("recipe.sh"), recipe::script(lock)?.as_bytes())?;
    project(live, report)
}

/// The specification's documents: `run_state.json`, one per agent and manager, and the Admin
/// Agent's.
fn project(live: &LiveRun, report: &RunReport) -> Result<(), RunError> {
    let folder = &live.session.folder;
    let state = json!({
        "run_id": report.run_id,
        "source": report.source,
        "commit": report.commit,
        "verdict": report.verdict,
        "phases": report.phases,
        "steps": report.steps,
    });
    write_json(&folder.join("run_state.json"), &state)?;
    for agent in live.all_agents() {
        let file = format!("agent_state_{}.json", agent.name());
        write_json(&folder.join(file), &agent.checkpoint())?;
    }
    for manager in live.all_managers() {
        let file = format!("manager_state_{}.json", manager.name());
        write_json(&folder.join(file), &manager.checkpoint())?;
    }
    Ok(())
}

/// Writes JSON so that a reader sees the old file or the new one, never half of one.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), RunError> {
    let mut bytes =
        serde_json::to_vec_pretty(value).map_err(|e| RunError::Internal(e.to_string()))?;
    bytes.push(b'\n');
    write_atomically(path, &bytes)
}

fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let attempted = || format!("write `{}`", path.display());
    let partial = path.with_extension("partial");
    let mut file = std::fs::File::create(&partial).map_err(|e| RunError::io(attempted(), e))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_data())
        .and_then(|()| std::fs::rename(&partial, path))
        .map_err(|e| RunError::io(attempted(), e))
}
