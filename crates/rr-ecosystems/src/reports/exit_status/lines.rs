//! Outcomes told by lines of output. Any program can print such lines, so they count only for
//! names known beforehand and only where they agree with the exit status.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use rr_core::{CaseOutcome, TestCase};

/// `check-names.sh        PASS (2s)`, `basic.test ... ok`, `./t/a.sh: FAILED`
static NAME_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"^\s*(?:\d+[./]\d*\s*)?(?:Running |Test |test )?(\S+?)[ \t]*[:.]*[ \t]+\[?\s*(PASS|PASSED|OK|ok|passed|success|FAIL|FAILED|fail|failed|ERROR|SKIP|SKIPPED|skipped)\s*\]?(?:\s|[(.:,]|$)",
    )
});

/// `PASS: name`, `[FAIL] name`, `ok - name`, `OK   t/a.sh`
static OUTCOME_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"^\s*\[?\s*(PASS|PASSED|OK|ok|passed|FAIL|FAILED|fail|failed|not ok|ERROR|SKIP|SKIPPED|skipped)\s*\]?[ \t]*[:-]?[ \t]+(\S+?)[:,.]*(?:\s|$)",
    )
});

/// `3 tests failed`, `FAILED (2/5)`, `*** FAILURE ***`, `2 of 7 failed`
static FAILURES: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?im)^.*(?:\b[1-9]\d* (?:tests?|cases?|checks?|assertions?)? ?(?:have |has )?failed\b|\b(?:failures|failed)\s*[:=]\s*[1-9]|^\W*FAILED\b|\b[1-9]\d* (?:of|out of) \d+ (?:tests? )?failed\b).*$",
    )
});

static NOTHING: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"^(?:g?make|ninja): (?:Nothing to be done for '[^']*'|'[^']*' is up to date|no work to do)\.$",
    )
});

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// One case per line that names a known file with an outcome. `None` where there are fewer than
/// two, a name comes twice with different outcomes, or the lines contradict the exit status.
pub(super) fn cases(out: &str, names: &HashSet<String>, failed: bool) -> Option<Vec<TestCase>> {
    if names.is_empty() {
        return None;
    }
    let mut found: Vec<TestCase> = Vec::new();
    for line in out.lines().filter(|line| line.len() < 400) {
        let Some((name, outcome)) = outcome_of(line, names) else { continue };
        match found.iter().find(|case| case.id == name) {
            Some(known) if known.outcome == outcome => {}
            Some(_) => return None,
            None => found.push(TestCase {
                id: name,
                outcome,
                seconds: None,
                cause: None,
                message: String::new(),
            }),
        }
    }
    let failing = found.iter().any(|case| case.outcome == CaseOutcome::Failed);
    (found.len() > 1 && failing == failed).then_some(found)
}

fn outcome_of(line: &str, names: &HashSet<String>) -> Option<(String, CaseOutcome)> {
    let known = |name: &str| {
        let base = name.rsplit('/').next().unwrap_or(name);
        names.contains(base).then(|| name.trim_start_matches("./").to_owned())
    };
    let named = NAME_FIRST.captures(line).map(|found| (found[1].to_owned(), found[2].to_owned()));
    if let Some((name, outcome)) = named
        && let Some(name) = known(&name)
    {
        return Some((name, meaning(&outcome)));
    }
    let found = OUTCOME_FIRST.captures(line)?;
    Some((known(&found[2])?, meaning(&found[1])))
}

fn meaning(word: &str) -> CaseOutcome {
    match word.to_ascii_lowercase().as_str() {
        "pass" | "passed" | "ok" | "success" => CaseOutcome::Passed,
        "skip" | "skipped" => CaseOutcome::Skipped,
        _ => CaseOutcome::Failed,
    }
}

/// A file's name without its extension.
pub(super) fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The line by which a command that ended well speaks of failures.
pub(super) fn speaks_of_failures(out: &str) -> Option<String> {
    FAILURES.find(out).map(|found| found.as_str().trim().chars().take(120).collect())
}

/// Whether the only thing that a build tool said is that there was nothing to do:
/// `make: Nothing to be done for 'check'.`, `make: 'test' is up to date.`
pub(super) fn nothing_done(out: &str) -> bool {
    let mut lines = out.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(|line| NOTHING.is_match(line)) && lines.next().is_none()
}
