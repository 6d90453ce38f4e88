//! Diagnosis rules common to all ecosystems: missing programs and libraries, services that are not
//! there, full disks, hanging, transient registries, refused privileges, missing variables.
//!
//! The rules are data ([`super::generic_rules`]); each has a sample of the line it matches, which is
//! its test. What the operating system's packages bring is asked by name (`need:header:foo.h`)
//! where the built-in table does not know.

use std::collections::BTreeSet;

use regex::Regex;
use rr_core::{
    CauseClass, Diagnosis, Exit, FailedStep, NetworkNeed, PlanEdit, Remedy, RemedyKind, RepoView,
    StepKind,
};

use super::generic_remedies as remedies;
use super::generic_rules::{RULES, Rule, Treatment};
use super::generic_services as services;
use super::generic_variables as variables;
use super::{misplaced, ports, scripts};

/// Longest line that is looked at, in bytes.
const LINE_LIMIT: usize = 1000;
/// Most diagnoses of one step.
const DIAGNOSIS_LIMIT: usize = 12;

/// What is wrong, by the step's exit and output, the surest first.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    let mut found = by_exit(failed);
    let mut seen: BTreeSet<String> = found.iter().map(|d| d.signature.clone()).collect();
    for rule in RULES.iter() {
        let Some(pattern) = &rule.pattern else { continue };
        for (line, subject) in matches(pattern, failed.output) {
            let signature = match subject.as_str() {
                "" => rule.name.to_owned(),
                subject => format!("{}:{subject}", rule.name),
            };
            if found.len() >= DIAGNOSIS_LIMIT {
                break;
            }
            if seen.insert(signature.clone())
                && let Some(diagnosis) = apply(repo, rule, signature, line, &subject, failed)
            {
                found.push(diagnosis);
            }
        }
    }
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found
}

/// Lines that match, with the first group that took part.
fn matches<'o>(pattern: &Regex, output: &'o str) -> Vec<(&'o str, String)> {
    output
        .lines()
        .filter(|line| line.len() <= LINE_LIMIT)
        .filter_map(|line| {
            let captures = pattern.captures(line)?;
            let subject = captures.iter().skip(1).flatten().next().map_or("", |m| m.as_str());
            Some((line.trim(), subject.to_owned()))
        })
        .take(40)
        .collect()
}

fn apply(
    repo: &dyn RepoView,
    rule: &Rule,
    signature: String,
    line: &str,
    subject: &str,
    failed: &FailedStep<'_>,
) -> Option<Diagnosis> {
    let (cause, remedies) = match rule.treatment {
        Treatment::SystemNeed(kind) => {
            (CauseClass::Environment, remedies::system_need(kind, subject)?)
        }
        Treatment::Service(kind) => services::absent(kind, failed),
        Treatment::ServicePort => services::absent(services::kind_of_port(subject)?, failed),
        Treatment::ServiceUser(kind) => services::with_user(kind, subject, failed)?,
        Treatment::ServiceDatabase(kind) => services::with_database(kind, subject, failed)?,
        Treatment::Variable => variables::unset(repo, subject, failed)?,
        Treatment::Package(name) => (CauseClass::Environment, remedies::package(name)),
        Treatment::Executable => {
            (CauseClass::Environment, scripts::executable(repo, subject, failed)?)
        }
        Treatment::LineEnds => {
            (CauseClass::Environment, scripts::line_ends(repo, subject, failed)?)
        }
        Treatment::Retry => (CauseClass::Environment, remedies::retry(&signature, failed)),
        Treatment::Port => (CauseClass::Environment, ports::taken(&signature, subject, failed)),
        // `must not run as root` asks for the opposite in nearly the same words.
        Treatment::User("root") if refuses_root(line) => return None,
        Treatment::User(to) => (CauseClass::NeedsPrivilege, remedies::change_user(to, failed)),
        Treatment::File => (CauseClass::Environment, misplaced::by_file(repo, subject, failed)?),
        Treatment::DataFile => {
            (CauseClass::Environment, misplaced::by_data_file(repo, subject, failed)?)
        }
        Treatment::Target => {
            (CauseClass::Environment, misplaced::by_target(failed.analysis, subject, failed)?)
        }
        Treatment::Registry => remedies::registry(failed)?,
        Treatment::Watch => remedies::stop_watching(failed)?,
        Treatment::Unreachable(_) if failed.step.network != NetworkNeed::Registries => return None,
        Treatment::Unreachable(cause) | Treatment::Class(cause) => (cause, Vec::new()),
    };
    Some(Diagnosis {
        signature,
        cause,
        step: failed.step.id.clone(),
        evidence_line: line.chars().take(300).collect(),
        explanation: rule.explanation.replace("{}", subject),
        confidence: rule.confidence,
        remedies,
    })
}

/// Whether a message says that a test wants to be run by root, or by anybody but root. What a test
/// asserts about such words is its own matter.
pub(super) fn wants_another_user(message: &str) -> bool {
    let rules = RULES.iter().filter(|rule| matches!(rule.treatment, Treatment::User(_)));
    let mut patterns = rules.filter_map(|rule| rule.pattern.as_ref());
    let asserted = message.to_ascii_lowercase().contains("assert");
    !asserted && patterns.any(|pattern| message.lines().any(|line| pattern.is_match(line)))
}

/// Whether a line says that root is refused.
fn refuses_root(line: &str) -> bool {
    let rules = RULES.iter().filter(|rule| matches!(rule.treatment, Treatment::User("runner")));
    rules.filter_map(|rule| rule.pattern.as_ref()).any(|pattern| pattern.is_match(line))
}

/// What the way a step ended says by itself.
fn by_exit(failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    let (name, cause, explanation, remedies) = match failed.outcome.exit {
        Exit::TimedOut => {
            let seconds = failed.step.timeout_seconds.saturating_mul(2);
            let longer = Remedy {
                kind: RemedyKind::ExtendTime { seconds },
                title: format!("give `{}` {seconds} seconds", failed.step.title),
                edits: vec![PlanEdit::SetTimeout { step: failed.step.id.clone(), seconds }],
                resume_at: None,
            };
            // More time helps what works; what was silent for long hangs and will hang again.
            let works = failed.outcome.output_bytes > 4096 && failed.step.kind != StepKind::Start;
            let remedies = if works { vec![longer] } else { Vec::new() };
            ("generic.timeout", CauseClass::Timeout, "ran past its time limit", remedies)
        }
        Exit::OutOfMemory => (
            "generic.out-of-memory",
            CauseClass::NeedsHardware,
            "needs more memory than it may use",
            Vec::new(),
        ),
        _ => return Vec::new(),
    };
    vec![Diagnosis {
        signature: name.to_owned(),
        cause,
        step: failed.step.id.clone(),
        evidence_line: failed.outcome.exit.to_string(),
        explanation: explanation.to_owned(),
        confidence: 0.9,
        remedies,
    }]
}

#[cfg(test)]
#[path = "generic_diagnosis_tests.rs"]
mod tests;
