//! The verdict: what each rung's recorded evidence amounts to. Never claims more than was proved.

use rr_core::report::{RungRecord, TestReport, Verdict};
use rr_core::{CaseOutcome, CauseClass, Rung, StepKind};

use super::progress::{Progress, StepEnd};

/// Judges every rung up to the asked one; above it nothing was tried, so nothing is claimed.
pub(crate) fn rungs(progress: &Progress, tests: &TestReport, asked: Rung) -> Vec<RungRecord> {
    let tested = tested(progress, tests);
    let installed = installed(progress, tested.proved);
    let built = built(progress, &installed, &tested);
    let running = running(progress, &installed, &tested);
    let mut rungs =
        vec![analyzed(progress), installed, built, running, tested, reproduced(progress)];
    for record in rungs.iter_mut().filter(|record| record.rung > asked) {
        record.proved = false;
        record.evidence = vec!["not asked for".to_owned()];
    }
    rungs
}

/// The verdict over the rungs.
pub(crate) fn verdict(
    progress: &Progress,
    rungs: &[RungRecord],
    tests: &TestReport,
    asked: Rung,
) -> Verdict {
    let rung = rungs.iter().filter(|r| r.proved).map(|r| r.rung).max();
    let gap = rungs.iter().find(|r| r.rung <= asked && !r.proved);
    let environment = progress.failures.iter().any(|f| f.cause == CauseClass::Environment)
        || tests
            .cases
            .iter()
            .any(|c| c.cause == Some(CauseClass::Environment) && is_bad(c.outcome));
    let most_fail = asked >= Rung::Tested && most_fail(tests);
    let green = gap.is_none() && !environment && !most_fail;
    let summary = match gap {
        None => summary_of_success(tests, asked, environment, most_fail),
        Some(gap) => {
            let why = progress
                .failures
                .iter()
                .find(|f| {
                    let ended = progress.ended.get(&f.step);
                    f.signature.starts_with("service.missing")
                        || ended.is_some_and(|e| e.kind.rung() == gap.rung)
                })
                .or_else(|| progress.failures.first())
                .map(|f| format!("{}: {}", f.cause, f.explanation))
                .or_else(|| gap.evidence.first().cloned())
                .unwrap_or_else(|| "nothing proves it".to_owned());
            format!("rung `{}` is not proved: {why}", gap.rung)
        }
    };
    Verdict { rung, asked, green, summary }
}

/// Fewer failing tests than this may well be most of a small suite that its authors left so.
const MANY_FAILURES: u64 = 5;

/// Whether most of a suite fails. No repository is kept so by its own people: what is wrong is
/// likelier the set-up, in a way that no rule saw.
fn most_fail(tests: &TestReport) -> bool {
    let failing = tests.counts.failed + tests.counts.errored;
    failing >= MANY_FAILURES && failing > tests.counts.passed
}

fn summary_of_success(
    tests: &TestReport,
    asked: Rung,
    environment: bool,
    most_fail: bool,
) -> String {
    let mut text = if asked >= Rung::Tested {
        let c = tests.counts;
        let mut parts = vec![format!("{} passed", c.passed)];
        for (count, name) in [(c.failed, "failed"), (c.errored, "errored"), (c.skipped, "skipped")]
        {
            if count > 0 {
                parts.push(format!("{count} {name}"));
            }
        }
        if !tests.flaky.is_empty() {
            parts.push(format!("{} flaky", tests.flaky.len()));
        }
        format!("proved up to `{asked}`: of {} tests {}", c.discovered, parts.join(", "))
    } else {
        format!("proved up to `{asked}`")
    };
    if environment {
        text.push_str("; some failures come from the environment");
    }
    if most_fail {
        text.push_str("; most tests fail, so the set-up is doubted");
    }
    text
}

fn analyzed(progress: &Progress) -> RungRecord {
    let units: Vec<String> = progress
        .analysis
        .primary_units()
        .map(|unit| {
            let place = if unit.path.is_empty() { "the root" } else { &unit.path };
            let evidence = unit.evidence.first().map(|e| match e.path.as_str() {
                "" => format!(" ({})", e.rule),
                path => format!(" ({path}, {})", e.rule),
            });
            format!("{} at {place}{}", unit.ecosystem, evidence.unwrap_or_default())
        })
        .collect();
    let proved = !units.is_empty();
    let evidence = if proved { units } else { vec!["no ecosystem was recognised".to_owned()] };
    RungRecord { rung: Rung::Analyzed, proved, evidence }
}

fn installed(progress: &Progress, tests_ran: bool) -> RungRecord {
    let kinds = [StepKind::Configure, StepKind::Install];
    let planned = !progress.plan.steps.is_empty();
    let mut record =
        by_steps(progress, Rung::Installed, &kinds, || ("nothing to install".to_owned(), planned));
    let checks = progress.ends_of(&[StepKind::Check]);
    let broken: Vec<String> = checks
        .iter()
        .filter(|(_, end)| !end.ok && !end.optional)
        .map(|(id, end)| format!("`{id}`: {}", end.detail))
        .collect();
    if !broken.is_empty() && !tests_ran {
        record.proved = false;
        record.evidence.extend(broken);
    } else if !broken.is_empty() {
        record.evidence.push("the check failed, but the tests load what was installed".to_owned());
    } else {
        record.evidence.extend(checks.iter().map(|(id, end)| format!("`{id}`: {}", end.detail)));
    }
    record
}

fn built(progress: &Progress, installed: &RungRecord, tested: &RungRecord) -> RungRecord {
    let kinds = [StepKind::Migrate, StepKind::Build];
    let mut record = by_steps(progress, Rung::Built, &kinds, || {
        ("nothing to build".to_owned(), installed.proved)
    });
    // Builds that may all fail prove nothing by failing; tests that ran did without them.
    let planned = progress.plan.steps.iter().any(|step| kinds.contains(&step.kind));
    if record.proved && planned && !progress.ends_of(&kinds).iter().any(|(_, end)| end.ok) {
        record.proved = tested.proved;
        if tested.proved {
            record.evidence.push("its tests run without it".to_owned());
        }
    }
    record
}

fn running(progress: &Progress, installed: &RungRecord, tested: &RungRecord) -> RungRecord {
    let starts = progress.ends_of(&[StepKind::Start]);
    if progress.plan.of_kind(StepKind::Start).next().is_some() {
        let mut record = by_steps(progress, Rung::Running, &[StepKind::Start], || {
            ("not started".to_owned(), false)
        });
        // Where every start may fail, none of them proves anything by failing.
        if record.proved && !starts.iter().any(|(_, end)| end.ok) {
            record.proved = tested.proved;
            if tested.proved {
                record.evidence.push("its tests load it".to_owned());
            }
        }
        return record;
    }
    let checks = progress.ends_of(&[StepKind::Check]);
    let loads = !checks.is_empty() && checks.iter().all(|(_, end)| end.ok);
    let (proved, evidence) = if loads && installed.proved {
        (true, "a library: it loads".to_owned())
    } else if tested.proved {
        (true, "a library: its tests load it".to_owned())
    } else {
        (false, "nothing was started or loaded".to_owned())
    };
    RungRecord { rung: Rung::Running, proved, evidence: vec![evidence] }
}

fn tested(progress: &Progress, tests: &TestReport) -> RungRecord {
    let ends = progress.ends_of(&[StepKind::Test]);
    let planned = progress.plan.of_kind(StepKind::Test).filter(|s| !s.optional).count();
    let proving = ends.iter().filter(|(_, e)| e.ok && !e.optional).count();
    let mut evidence: Vec<String> =
        ends.iter().map(|(id, end)| format!("`{id}`: {}", end.detail)).collect();
    evidence.extend(tests.doubts.iter().map(|doubt| format!("doubt: {doubt}")));
    if evidence.is_empty() {
        let why = if planned == 0 { "no tests were found" } else { "the tests were not run" };
        evidence.push(why.to_owned());
    }
    RungRecord { rung: Rung::Tested, proved: planned > 0 && proving >= planned, evidence }
}

fn reproduced(progress: &Progress) -> RungRecord {
    let (proved, evidence) = match &progress.reproduced {
        Some((same, seen)) => (*same, seen.clone()),
        None => (false, "the recipe was not replayed".to_owned()),
    };
    RungRecord { rung: Rung::Reproduced, proved, evidence: vec![evidence] }
}

/// A rung that is proved when all its planned steps that are not optional ended well; `vacuous`
/// says what holds where none is planned.
fn by_steps(
    progress: &Progress,
    rung: Rung,
    kinds: &[StepKind],
    vacuous: impl FnOnce() -> (String, bool),
) -> RungRecord {
    let planned: Vec<_> =
        progress.plan.steps.iter().filter(|step| kinds.contains(&step.kind)).collect();
    if planned.is_empty() {
        let (evidence, proved) = vacuous();
        return RungRecord { rung, proved, evidence: vec![evidence] };
    }
    let mut proved = true;
    let mut evidence = Vec::new();
    for step in planned {
        let end = progress.ended.get(&step.id);
        proved &= step.optional || end.is_some_and(|end| end.ok);
        evidence.push(match end {
            Some(StepEnd { detail, .. }) => format!("`{}`: {detail}", step.id),
            None => format!("`{}`: not run", step.id),
        });
    }
    RungRecord { rung, proved, evidence }
}

fn is_bad(outcome: CaseOutcome) -> bool {
    matches!(outcome, CaseOutcome::Failed | CaseOutcome::Errored)
}

#[cfg(test)]
mod tests {
    use rr_core::{Command, EcosystemId, Step};

    use super::*;

    /// A run whose one build may fail, and did or did not.
    fn optional_build(ok: bool) -> Progress {
        let id = EcosystemId::new("native");
        let command = Command::shell("make".to_owned());
        let mut step = Step::new("native.build", &id, "", StepKind::Build, "build", command);
        step.optional = true;
        let mut progress = Progress::default();
        progress.plan.steps.push(step.clone());
        progress.end(&step, ok, "exit status".to_owned());
        progress
    }

    #[test]
    fn a_build_that_may_fail_proves_nothing_by_failing() {
        let proved = |progress: &Progress| {
            let records = rungs(progress, &TestReport::default(), Rung::Tested);
            records.iter().any(|record| record.rung == Rung::Built && record.proved)
        };
        assert!(proved(&optional_build(true)));
        assert!(!proved(&optional_build(false)));
    }
}
