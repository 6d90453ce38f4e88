//! Checks that hold for every report format: the exit against the counts, and that tests ran.
//!
//! A check may only weaken a result, never strengthen it.

use rr_core::{Exit, TestRun};

use super::read::ReportInput;

/// Lines by which runners say that they failed for something other than a test.
const OTHER_REASONS: &[&str] = &[
    // pytest-cov: `FAIL Required test coverage of 100% not reached. Total coverage: 97.12%`
    "Required test coverage of",
    // coverage: `Coverage failure: total of 97 is less than fail-under=100`
    "Coverage failure: total of",
    // jest: `Jest: "global" coverage threshold for lines (90%) not met: 88%`
    "coverage threshold for",
    // c8, nyc: `ERROR: Coverage for lines (97%) does not meet global threshold (100%)`
    "does not meet global threshold",
    // vitest: `ERROR: Coverage for lines (97%) does not meet "src" threshold (100%)`
    "does not meet threshold",
];

/// Weakens a result that other signs contradict.
pub(super) fn cross_check(input: &ReportInput<'_>, run: &mut TestRun) {
    let counts = run.counts();
    let failing = counts.failed + counts.errored;
    if counts.discovered == 0 {
        refute(run, "0 tests found".to_owned());
    } else if counts.skipped == counts.discovered {
        run.doubts.push("every test was skipped".to_owned());
    }
    match input.outcome.exit {
        Exit::Code(0) if failing > 0 => {
            run.doubts.push(format!("exit status 0 although {failing} tests failed"));
        }
        Exit::Code(code) if code != 0 && failing == 0 => match other_reason(input.output) {
            Some(line) => run.doubts.push(format!("exit status {code} explained by `{line}`")),
            None => refute(run, format!("exit status {code} although no test failed")),
        },
        Exit::Code(_) => {}
        exit => refute(run, exit.to_string()),
    }
}

fn refute(run: &mut TestRun, doubt: String) {
    run.complete = false;
    if !run.doubts.contains(&doubt) {
        run.doubts.push(doubt);
    }
}

/// The line of the log's end that gives another reason for a failing exit.
fn other_reason(output: &[u8]) -> Option<String> {
    let tail = String::from_utf8_lossy(&output[output.len().saturating_sub(16 << 10)..]);
    tail.lines()
        .rev()
        .take(60)
        .find(|line| OTHER_REASONS.iter().any(|reason| line.contains(reason)))
        .map(|line| line.trim().chars().take(160).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{CaseOutcome, Command, EcosystemId, Outcome, Step, StepKind, TestCase};

    fn checked(exit: Exit, outcomes: &[CaseOutcome], output: &str) -> TestRun {
        let id = EcosystemId::new("python");
        let step = Step::new("t", &id, "", StepKind::Test, "tests", Command::argv(["pytest"]));
        let outcome = Outcome {
            exit,
            seconds: 1.0,
            output_bytes: 0,
            tail: String::new(),
            head: String::new(),
            peak_memory: None,
            left_processes: false,
        };
        let input =
            ReportInput { step: &step, outcome: &outcome, files: &[], output: output.as_bytes() };
        let case = |outcome: &CaseOutcome| TestCase {
            id: "a".to_owned(),
            outcome: *outcome,
            seconds: None,
            cause: None,
            message: String::new(),
        };
        let mut run = TestRun {
            runner: "pytest".to_owned(),
            cases: outcomes.iter().map(case).collect(),
            complete: true,
            ..TestRun::default()
        };
        cross_check(&input, &mut run);
        run
    }

    #[test]
    fn agreeing_signs_leave_a_result_alone() {
        let run = checked(Exit::Code(1), &[CaseOutcome::Passed, CaseOutcome::Failed], "");
        assert!(run.complete && run.doubts.is_empty());
    }

    #[test]
    fn no_tests_are_no_success() {
        let run = checked(Exit::Code(0), &[], "OK");
        assert!(!run.complete);
        assert_eq!(run.doubts, ["0 tests found"]);
    }

    #[test]
    fn a_failing_exit_without_a_failing_test_is_incomplete_unless_explained() {
        assert!(!checked(Exit::Code(2), &[CaseOutcome::Passed], "").complete);
        let line = "FAIL Required test coverage of 100% not reached. Total coverage: 97.12%";
        let explained = checked(Exit::Code(1), &[CaseOutcome::Passed], line);
        assert!(explained.complete);
        assert_eq!(explained.doubts.len(), 1);
    }

    #[test]
    fn a_killed_suite_is_incomplete() {
        for exit in [Exit::TimedOut, Exit::Signal(6), Exit::OutOfMemory, Exit::Cancelled] {
            assert!(!checked(exit, &[CaseOutcome::Passed], "").complete, "{exit}");
        }
    }

    #[test]
    fn failures_with_exit_zero_are_doubted() {
        let run = checked(Exit::Code(0), &[CaseOutcome::Failed], "");
        assert!(run.complete);
        assert_eq!(run.doubts.len(), 1);
    }
}
