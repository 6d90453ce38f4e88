//! Tests that failed are run once more with nothing changed. Those that pass then are flaky: the
//! report names them, and they stay failed, because a suite must not become green by being asked
//! twice. Those that fail again fail for their authors too.
//!
//! Must not know how a runner's report is read: outcomes come from the same readers as before.

use rr_core::{CaseOutcome, CauseClass, Command, Step, TestRun};
use rr_workflow::{StepContext, StepError};

use super::execute;
use super::input::{Rerun, Tested};
use super::step_errors::run_error;
use crate::cases;
use crate::live::LiveRun;

/// Longest time, in seconds, that a suite may have taken which can only be run again as a whole.
const WHOLE_SUITE: f64 = 120.0;
/// Most failures that are worth another run: a suite that fails widely is not flaky.
pub(super) const FAILURES: u64 = 50;

/// Runners that can be told to run what failed last, and the word that tells them.
const ONLY_FAILURES: &[(&str, &str, &str)] = &[("pytest", "pytest", "--last-failed")];

/// The step that runs a suite's failures again. `None` where that takes too long.
pub(super) fn failures_of(step: &Step, seconds: f64) -> Option<Step> {
    let runner = step.test.as_ref().map_or("", |test| test.runner.as_str());
    let mut again = step.clone();
    let known = ONLY_FAILURES.iter().find(|(name, ..)| *name == runner);
    if let (Some((_, program, word)), Command::Argv(words)) = (known, &mut again.command)
        && let Some(at) = words.iter().position(|known| known == program)
    {
        words.insert(at + 1, (*word).to_owned());
        return Some(again);
    }
    (seconds <= WHOLE_SUITE).then_some(again)
}

/// Runs the failures again and notes at the first outcomes which of them passed.
pub(super) fn run(
    live: &LiveRun,
    context: &StepContext,
    input: Rerun,
) -> Result<Tested, StepError> {
    let folder = &live.session.folder;
    let mut first = cases::load(folder, &input.first.file).map_err(|e| run_error(&e))?;
    let file = input.first.file.replace(".json", "-again.json");
    let mut tested = execute::run_tests(live, context, input.attempt)?;
    let again = cases::load(folder, &tested.tests.file).map_err(|e| run_error(&e))?;
    take(&mut first, &again);
    tested.tests = cases::store(folder, &file, &first).map_err(|e| run_error(&e))?;
    Ok(tested)
}

/// Takes failures that passed again for flaky. A failure whose cause is known, the network or
/// a time limit say, is left as it is.
fn take(first: &mut TestRun, again: &TestRun) {
    let unexplained =
        |cause: Option<CauseClass>| matches!(cause, None | Some(CauseClass::Intrinsic));
    let passed = |id: &str| {
        let mut same = again.cases.iter().filter(|case| case.id == id).peekable();
        same.peek().is_some() && same.all(|case| case.outcome == CaseOutcome::Passed)
    };
    let failed = first.cases.iter().filter(|case| cases::is_bad(case.outcome));
    for case in failed.filter(|case| unexplained(case.cause)).filter(|case| passed(&case.id)) {
        first.flaky.push(case.id.clone());
    }
    for id in &first.flaky {
        first.doubts.push(format!("`{id}` is flaky: it failed, and passed when run again"));
    }
}

#[cfg(test)]
mod tests {
    use rr_core::{EcosystemId, ReportFormat, StepKind, TestCase, TestSpec};

    use super::*;

    fn case(id: &str, outcome: CaseOutcome, cause: Option<CauseClass>) -> TestCase {
        TestCase { id: id.to_owned(), outcome, seconds: None, cause, message: String::new() }
    }

    #[test]
    fn only_unexplained_failures_that_pass_again_are_flaky() {
        use CaseOutcome::{Failed, Passed};
        let network = Some(CauseClass::NeedsNetwork);
        let cases = vec![
            case("a", Passed, None),
            case("b", Failed, None),
            case("c", Failed, None),
            case("d", Failed, network),
        ];
        let mut first = TestRun { cases, complete: true, ..TestRun::default() };
        let cases = vec![case("b", Passed, None), case("c", Failed, None), case("d", Passed, None)];
        take(&mut first, &TestRun { cases, complete: true, ..TestRun::default() });
        assert_eq!(first.flaky, ["b"]);
        assert_eq!(first.counts().failed, 3);
        assert_eq!(first.doubts.len(), 1);
    }

    #[test]
    fn a_long_suite_is_run_again_only_where_its_failures_can_be_chosen() {
        let id = EcosystemId::new("python");
        let step = |runner: &str, words: [&str; 3]| {
            let mut step = Step::new("t", &id, "", StepKind::Test, "test", Command::argv(words));
            let (runner, report) = (runner.to_owned(), "-".to_owned());
            step.test = Some(TestSpec { runner, format: ReportFormat::Recorder, report });
            step
        };
        let chosen = failures_of(&step("pytest", ["python", "-m", "pytest"]), 900.0).unwrap();
        assert_eq!(chosen.command.to_string(), "python -m pytest --last-failed");
        assert!(failures_of(&step("mocha", ["npx", "mocha", "test"]), 900.0).is_none());
        assert!(failures_of(&step("mocha", ["npx", "mocha", "test"]), 9.0).is_some());
    }
}
