//! From a failed step to what is wrong: the table of rules, and what no table can say.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use rr_core::{CauseClass, Diagnosis, Exit, FailedStep, Remedy, RepoView, StepKind};

use super::remedies::Remedies;
use super::rules::{Cure, RULES, Rule};

/// The rules with their expressions compiled; one that does not compile is left out (a test
/// holds that there is none).
static COMPILED: LazyLock<Vec<(&'static Rule, Regex)>> = LazyLock::new(|| {
    RULES.iter().filter_map(|rule| Some((rule, Regex::new(rule.pattern).ok()?))).collect()
});

/// At most this many diagnoses are given for one failure.
const MOST: usize = 6;

/// What is wrong with a failed step, the surest first.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    let remedies = Remedies::new(repo, failed);
    let mut found: Vec<Diagnosis> = Vec::new();
    if failed.step.kind == StepKind::Test {
        found.extend(hanging(&remedies, failed));
        found.extend(no_tests(&remedies, failed));
    }
    for (rule, expression) in COMPILED.iter() {
        if !rule.on.is_empty() && !rule.on.contains(&failed.step.kind) {
            continue;
        }
        found.extend(by_rule(&remedies, failed, rule, expression));
    }
    if failed.step.kind == StepKind::Test {
        found.extend(super::drift::drifted(&remedies, failed));
    }
    // A rule with a cure comes before an equally sure one that has none.
    found.sort_by(|a, b| {
        let key = |d: &Diagnosis| (d.remedies.is_empty(), -d.confidence);
        key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal)
    });
    found.truncate(MOST);
    found
}

fn by_rule(
    remedies: &Remedies<'_>,
    failed: &FailedStep<'_>,
    rule: &'static Rule,
    expression: &Regex,
) -> Option<Diagnosis> {
    let mut subjects: BTreeSet<String> = BTreeSet::new();
    let mut evidence = None;
    for line in failed.output.lines() {
        // Lines of uv's own hints repeat what failed; long lines are data.
        if line.len() > 4000 {
            continue;
        }
        let Some(captures) = expression.captures(line) else { continue };
        let subject = captures.iter().skip(1).flatten().next().map_or("", |group| group.as_str());
        evidence.get_or_insert_with(|| clip(line));
        subjects.insert(subject.trim().to_owned());
        if subjects.len() > 20 {
            break;
        }
    }
    let evidence = evidence?;
    let subjects: Vec<String> = subjects.into_iter().collect();
    let cured = remedies.cure(rule, &subjects)?;
    let subject = cured.subject.unwrap_or_else(|| subjects.join(","));
    let shown = if subject.is_empty() { rule.name.to_owned() } else { subject.clone() };
    Some(Diagnosis {
        signature: format!("python.{}:{}{}", rule.name, clip_subject(&subject), cured.stage),
        cause: rule.cause,
        step: failed.step.id.clone(),
        evidence_line: evidence,
        explanation: rule.explanation.replace("{}", &shown),
        confidence: if cured.remedies.is_empty() { rule.confidence * 0.7 } else { rule.confidence },
        remedies: cured.remedies,
    })
}

/// What a cure comes to for these subjects.
pub(super) struct Cured {
    pub(super) remedies: Vec<Remedy>,
    /// What the signature names in place of the raw subjects.
    pub(super) subject: Option<String>,
    /// State that lets the same rule treat the same subject again in another way.
    pub(super) stage: String,
}

/// A test that began and never ended before the time limit.
fn hanging(remedies: &Remedies<'_>, failed: &FailedStep<'_>) -> Option<Diagnosis> {
    let tests = failed.tests?;
    if failed.outcome.exit != Exit::TimedOut {
        return None;
    }
    let hung = tests.cases.iter().find(|case| case.cause == Some(CauseClass::Timeout))?;
    Some(Diagnosis {
        signature: format!("python.hanging-test:{}", hung.id),
        cause: CauseClass::Timeout,
        step: failed.step.id.clone(),
        evidence_line: format!("`{}` began, but never ended", hung.id),
        explanation: format!("the test {} ran until the time limit", hung.id),
        confidence: 0.95,
        remedies: remedies.deselect(&hung.id).into_iter().collect(),
    })
}

/// The command found nothing to run: the next way to run the unit's tests is tried.
fn no_tests(remedies: &Remedies<'_>, failed: &FailedStep<'_>) -> Option<Diagnosis> {
    let tests = failed.tests?;
    let counts = tests.counts();
    let silent = counts.discovered == 0 || counts.skipped == counts.discovered;
    let ended = matches!(failed.outcome.exit, Exit::Code(_));
    if !silent || !ended {
        return None;
    }
    let remedy = remedies.next_command();
    if remedy.is_none() && counts.discovered > 0 {
        return None;
    }
    let line = failed.output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
    Some(Diagnosis {
        signature: format!("python.no-tests:{}", failed.step.command),
        cause: if remedy.is_some() { CauseClass::Environment } else { CauseClass::Intrinsic },
        step: failed.step.id.clone(),
        evidence_line: clip(line),
        explanation: match remedy {
            Some(_) => format!("`{}` ran no test", failed.step.command),
            None => format!(
                "`{}` finds no test here: published packages often leave them out",
                failed.step.command
            ),
        },
        // Below any rule that says why nothing ran.
        confidence: if remedy.is_some() { 0.45 } else { 0.25 },
        remedies: remedy.into_iter().collect(),
    })
}

fn clip(line: &str) -> String {
    line.trim().chars().take(300).collect()
}

fn clip_subject(subject: &str) -> String {
    subject.chars().take(120).collect()
}

/// Whether a rule's cure needs no subject to be told from another failure of its kind.
pub(super) fn is_whole(cure: Cure) -> bool {
    matches!(cure, Cure::OldTimes | Cure::PythonBelow(_) | Cure::Python2 | Cure::NewerPython)
}

#[cfg(test)]
#[path = "diagnose_tests.rs"]
pub(super) mod tests;
