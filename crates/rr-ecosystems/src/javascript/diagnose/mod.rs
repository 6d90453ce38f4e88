//! What is wrong with a failed JavaScript step, and what may cure it.
//!
//! [`rules`] is the table of log lines, [`remedies`] makes the plan's changes. Must not guess: a
//! line that no rule knows stays without a diagnosis.

mod absent;
mod limits;
mod modules;
mod native;
mod remedies;
mod rules;
mod versions;

use rr_core::{Diagnosis, FailedStep, Remedy, RepoView};

use remedies::Bench;
use rules::RULES;

/// Most diagnoses given for one failure.
const LIMIT: usize = 6;

/// The diagnoses of a failed step, the surest first.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    let bench = Bench::new(repo, failed);
    let mut found: Vec<Diagnosis> = Vec::new();
    for line in failed.output.lines() {
        let line = strip_colour(line);
        for rule in RULES.iter() {
            let Some(captures) = rule.pattern.as_ref().and_then(|p| p.captures(&line)) else {
                continue;
            };
            let subject = captures.iter().skip(1).flatten().next().map_or("", |m| m.as_str());
            let Some(diagnosis) = bench.diagnosis(rule, subject, &line) else { continue };
            if !found.iter().any(|known| known.signature == diagnosis.signature) {
                found.push(diagnosis);
            }
        }
        if found.len() >= 4 * LIMIT {
            break;
        }
    }
    found.extend(bench.of_the_whole());
    found.extend(bench.nothing_to_run());
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found.truncate(LIMIT);
    found
}

/// Puts packages beside the declared ones. `None` where a name is none, or no manager is known.
pub(super) fn add_packages(
    repo: &dyn RepoView,
    failed: &FailedStep<'_>,
    names: &[String],
) -> Option<Remedy> {
    let bare = |name: &str| match name.rfind('@') {
        Some(at) if at > 0 => name[..at].to_owned(),
        _ => name.to_owned(),
    };
    let all = names.iter().all(|name| modules::is_package_name(&bare(name)));
    if all { Bench::new(repo, failed).add_all(names.to_vec()) } else { None }
}

/// The line without terminal colours.
fn strip_colour(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests;
