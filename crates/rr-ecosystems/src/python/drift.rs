//! Tests that fail because dependencies moved on since the commit: no message says so.
//!
//! An unpinned repository whose tests fail with today's versions, at some age, may pass with those
//! of its own time. Only trying tells; the repair loop keeps what passes more.

use rr_core::{CauseClass, Diagnosis, FailedStep};

use super::names::step_id;
use super::remedies::Remedies;
use super::{plan, versions};

/// Dependencies of an unpinned commit older than this may have moved on, in months.
const MONTHS: i32 = 3;
/// Fewer failing tests than this are looked at only where they are a good part of the suite.
const FAILING: u64 = 3;
/// A good part: one test in this many.
const PART: u64 = 20;
/// A suite that takes longer is not run again on a mere suspicion, in seconds.
const LONGEST: f64 = 600.0;

/// The suspicion, with its trial; after the trial, that the versions are not to blame.
pub(super) fn drifted(remedies: &Remedies<'_>, failed: &FailedStep<'_>) -> Option<Diagnosis> {
    let counts = failed.tests?.counts();
    let failing = counts.failed + counts.errored;
    let telling = failing >= FAILING || failing > 0 && failing * PART >= counts.discovered;
    let broken = counts.passed == 0 && broke_while_loading(failed.output);
    if !(telling && counts.passed > 0 || broken) || failed.outcome.seconds > LONGEST {
        return None;
    }
    let signature = "python.moved-dependencies:".to_owned();
    let diagnosis = |explanation: String, confidence, remedies| Diagnosis {
        signature: signature.clone(),
        cause: CauseClass::Intrinsic,
        step: failed.step.id.clone(),
        evidence_line: match broken {
            true => "no test could be loaded".to_owned(),
            false => format!("{failing} of {} tests fail", counts.discovered),
        },
        explanation,
        confidence,
        remedies,
    };
    if failed.treated.contains(&signature) {
        let both = "the tests fail with the dependencies of the commit's date as well".to_owned();
        return Some(diagnosis(both, 0.1, Vec::new()));
    }
    let date = failed.analysis.commit_date.as_deref()?;
    let pinned = ["lock", "sync"]
        .iter()
        .any(|what| failed.plan.step(&step_id(&failed.step.unit, what)).is_some());
    let dated = failed.plan.env.contains_key("UV_EXCLUDE_NEWER");
    if pinned || dated || remedies.is_python2() || !versions::older_than(Some(date), MONTHS) {
        return None;
    }
    let trial =
        remedies.dated(&plan::day_after(date), format!("resolve dependencies as of {date}"));
    let explanation = format!("no file pins the dependencies, and the commit is of {date}");
    // Where nothing could be loaded this comes before another way to run nothing.
    Some(diagnosis(explanation, if broken { 0.5 } else { 0.2 }, vec![trial]))
}

/// `E   DeprecationWarning: The x.Y alias is deprecated`: pytest's mark for what stopped a module or
/// a `conftest.py` from loading.
fn broke_while_loading(output: &str) -> bool {
    output.lines().filter_map(|line| line.strip_prefix("E ")).any(|line| {
        let name = line.trim_start().split(':').next().unwrap_or("");
        let known = ["Warning", "ImportError", "AttributeError", "TypeError"];
        !name.contains(' ') && known.iter().any(|end| name.ends_with(end))
    })
}

#[cfg(test)]
mod tests {
    use super::super::diagnose::tests::diagnosed_with;
    use rr_core::{CaseOutcome, RemedyKind, TestCase, TestRun};

    const OPEN: &[(&str, &str)] = &[
        ("pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"markdown\"]\n"),
        ("a/__init__.py", ""),
        ("tests/test_a.py", "def test_a(): pass"),
    ];

    fn run(passed: usize, failed: usize) -> TestRun {
        let case = |number: usize| TestCase {
            id: format!("t{number}"),
            outcome: if number < passed { CaseOutcome::Passed } else { CaseOutcome::Failed },
            seconds: None,
            cause: None,
            message: String::new(),
        };
        let cases = (0..passed + failed).map(case).collect();
        TestRun { complete: true, cases, ..TestRun::default() }
    }

    fn dates(files: &[(&str, &str)], tests: &TestRun, date: &str, treated: &[&str]) -> Vec<String> {
        let found = diagnosed_with(files, "python.test", "", Some(tests), Some(date), treated);
        let remedies = found.into_iter().flat_map(|diagnosis| diagnosis.remedies);
        remedies
            .filter_map(|remedy| match remedy.kind {
                RemedyKind::ResolveAsOf { date } => Some(date),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn an_unpinned_commit_of_some_age_is_tried_with_the_versions_of_its_time() {
        assert_eq!(dates(OPEN, &run(16, 14), "2025-08-30", &[]), ["2025-08-31"]);
        assert_eq!(dates(OPEN, &run(9, 1), "2025-08-30", &[]), ["2025-08-31"]);
    }

    #[test]
    fn a_suite_that_cannot_even_be_loaded_is_tried_before_another_command() {
        let output = "E   DeprecationWarning: The a.B alias is deprecated, use a.C instead.\n";
        let empty = run(0, 0);
        let date = Some("2025-08-30");
        let found = diagnosed_with(OPEN, "python.test", output, Some(&empty), date, &[]);
        assert_eq!(found[0].signature, "python.moved-dependencies:", "{found:?}");
        let found = diagnosed_with(OPEN, "python.test", "E   x failed\n", Some(&empty), date, &[]);
        assert!(found.iter().all(|one| one.signature != "python.moved-dependencies:"));
    }

    #[test]
    fn few_failures_new_commits_locks_and_a_trial_made_already_suggest_nothing() {
        let none: [&str; 0] = [];
        assert_eq!(dates(OPEN, &run(300, 1), "2025-08-30", &[]), none);
        assert_eq!(dates(OPEN, &run(16, 14), "2026-10-30", &[]), none);
        assert_eq!(dates(OPEN, &run(16, 14), "2025-08-30", &["python.moved-dependencies:"]), none);
        let mut locked = OPEN.to_vec();
        locked.push(("uv.lock", "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\n"));
        assert_eq!(dates(&locked, &run(16, 14), "2025-08-30", &[]), none);
    }
}
