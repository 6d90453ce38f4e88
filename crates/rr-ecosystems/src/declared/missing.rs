//! A step whose tool is not there: nothing of ours obtains it, so that a person is told how to.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{CauseClass, Diagnosis, FailedStep};

use super::Declared;

/// `bash: line 1: dotnet: command not found`, `env: 'mix': No such file or directory`,
/// `exec: jekyll: not found`
static NOT_FOUND: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant expression, tried by the tests")]
    Regex::new(
        r"(?m)(?:^|: )(?:line \d+: )?(?:exec: )?['‘]?([\w.+-]+)['’]?: (?:(?:command )?not found|No such file or directory)\s*$",
    )
    .unwrap()
});

/// The diagnosis of a step that called the row's own tool in vain.
pub(super) fn diagnose(row: &Declared, failed: &FailedStep<'_>) -> Option<Diagnosis> {
    let own = |program: &str| {
        row.tool == program
            || row.also.contains(&program)
            || row.test_programs.contains(&program)
            || failed.step.command.to_string().split_whitespace().any(|word| word == program)
    };
    let found = NOT_FOUND.captures_iter(failed.output).find(|found| own(&found[1]))?;
    if row.get.is_empty() {
        return None;
    }
    Some(Diagnosis {
        signature: format!("{}.no-tool:{}", row.id, &found[1]),
        cause: CauseClass::Environment,
        step: failed.step.id.clone(),
        evidence_line: found[0].trim_start_matches(": ").trim().to_owned(),
        explanation: format!(
            "`{}` is not on this host and cannot be obtained from its package sources: {}",
            &found[1], row.get
        ),
        confidence: 0.95,
        remedies: Vec::new(),
    })
}
