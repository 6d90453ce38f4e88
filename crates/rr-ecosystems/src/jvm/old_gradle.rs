//! A build that wants a newer Gradle than could be had: its failure is not its own.
//!
//! Gradle's distributions come from one server; where it cannot be reached, the distribution's
//! package stands in, which is many years old.

use rr_core::{CauseClass, Diagnosis, FailedStep, RepoView};

use super::gradle::Gradle;
use super::paths::join;
use crate::miners::split_words;

/// The last line of a failed build by a Gradle older than 8; since then it begins with `>`.
const OLD_ENDING: &str = "* Get more help at https://help.gradle.org\n";

/// The version that the wrapper names, else the oldest that reads the Kotlin build files.
pub(super) fn wanted(repo: &dyn RepoView, unit: &str) -> Option<String> {
    let gradle = Gradle::read(repo, unit)?;
    let kotlin = ["build.gradle.kts", "settings.gradle.kts"];
    let kotlin = kotlin.iter().any(|name| repo.has(&join(unit, name)));
    gradle.version.or_else(|| kotlin.then(|| "5.0".to_owned()))
}

/// Tells that a build by an old Gradle failed where the repository wants a newer one.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Option<Diagnosis> {
    let words = split_words(&failed.step.command.to_string());
    let wanted = wanted(repo, &failed.step.unit)?;
    let major: u32 = wanted.split('.').next()?.parse().ok()?;
    if !words.iter().any(|word| word == "gradle")
        || major < 5
        || !failed.output.contains(OLD_ENDING)
    {
        return None;
    }
    let line = failed.output.lines().skip_while(|line| !line.starts_with("* What went wrong"));
    Some(Diagnosis {
        signature: format!("jvm.gradle-too-old:{wanted}"),
        cause: CauseClass::NeedsNetwork,
        step: failed.step.id.clone(),
        evidence_line: line.skip(1).find(|line| !line.trim().is_empty()).unwrap_or("").to_owned(),
        explanation: format!("Gradle {wanted} cannot be downloaded, and an older one fails"),
        confidence: 0.7,
        remedies: Vec::new(),
    })
}
