//! Rules for programs that were started and for tests.

use rr_core::{CauseClass, Command, Remedy, StepKind};

use crate::rules::{Match, Rule, command, no_cure, run_as_command, variable};

const START: &[StepKind] = &[StepKind::Start];
const TEST: &[StepKind] = &[StepKind::Test];

/// The rules; each pattern with a sample of what it matches.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // clap: `error: the following required arguments were not provided:\n  --hmac-key <HMAC_KEY>\n  <PATH>`
    Rule { id: "rust.missing-argument", pattern: r"required arguments were not provided:\s*\n((?:  .+\n?)+)", kinds: START,
        cause: CauseClass::Environment, confidence: 0.85, explanation: "the program needs arguments: {}", cure: arguments },
    // `Refusing to start as no explicit serve path was set`, `error: no directory specified`
    Rule { id: "rust.missing-path", pattern: r"(?i)(no (?:explicit )?(?:serve )?(?:path|directory|folder|root)[a-z ]* (?:was |were )?(?:set|given|specified|provided)|without an explicit path|missing (?:path|directory))", kinds: START,
        cause: CauseClass::Environment, confidence: 0.8, explanation: "the program wants a path: {}",
        cure: |m| append(m, &["."]) },
    // `Error: environment variable not found: HMAC_KEY`, `HMAC_KEY must be set: NotPresent`
    Rule { id: "rust.missing-variable", pattern: r"(?:environment variable(?: not found:?| `?)|^.*?)\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)`?(?:: NotPresent|.{0,20}(?:must be set|not set|is required|is missing|not found))", kinds: &[StepKind::Start, StepKind::Test, StepKind::Migrate],
        cause: CauseClass::Environment, confidence: 0.75, explanation: "the variable {} is not set", cure: set_variable },
    // `Usage: chisel [command] [--help]`, `Usage of ./hey:`
    Rule { id: "rust.no-server", pattern: r"(?i)^\s*(?:usage(?: of \S+)?:|options:|available commands:|commands:)", kinds: START,
        cause: CauseClass::Environment, confidence: 0.6, explanation: "the program tells how it is used and serves nothing", cure: run_as_command },
    // `error: no bin target named `x``
    Rule { id: "rust.no-such-binary", pattern: r"no bin target named `([^`]+)`", kinds: START,
        cause: CauseClass::Environment, confidence: 0.8, explanation: "there is no program {}", cure: no_cure },
    // `thread 'main' panicked … failed to lookup address information: Temporary failure in name resolution`
    Rule { id: "rust.test-needs-network", pattern: r"failed to lookup address information|dns error|Temporary failure in name resolution|Network is unreachable", kinds: TEST,
        cause: CauseClass::NeedsNetwork, confidence: 0.8, explanation: "tests ask hosts on the Internet", cure: no_cure },
];

/// Gives each missing argument a harmless value by its name.
fn arguments(found: &Match<'_>) -> Vec<Remedy> {
    let mut words: Vec<String> = Vec::new();
    for line in found.subject().lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some(more) = value_for(line) else { return Vec::new() };
        words.extend(more);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    append(found, &words)
}

/// `--hmac-key <HMAC_KEY>`, `<PATH>`, `<FILE>...`
fn value_for(line: &str) -> Option<Vec<String>> {
    let (flag, placeholder) = match line.split_once(['<', ' ']) {
        Some((flag, rest)) if flag.starts_with("--") => (Some(flag.trim_end_matches('=')), rest),
        _ => (None, line),
    };
    let name = placeholder.trim_matches(['<', '>', '.', '[', ']', ' ']).to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let value = if has(&["PATH", "DIR", "FOLDER", "ROOT"]) {
        "."
    } else if has(&["PORT"]) {
        "8080"
    } else if has(&["ADDR", "BIND", "LISTEN"]) {
        "127.0.0.1:8080"
    } else if has(&["HOST"]) {
        "127.0.0.1"
    } else if has(&["KEY", "SECRET", "SALT", "TOKEN"]) {
        "repo-runner-generated-value-0123456789abcdef"
    } else {
        return None;
    };
    Some(flag.map(str::to_owned).into_iter().chain([value.to_owned()]).collect())
}

fn append(found: &Match<'_>, words: &[&str]) -> Vec<Remedy> {
    let Command::Argv(line) = &found.failed.step.command else { return Vec::new() };
    let already = words.iter().all(|word| line.iter().any(|known| known == word));
    if already || words.is_empty() {
        return Vec::new();
    }
    let more: Vec<String> =
        line.iter().cloned().chain(words.iter().map(|word| (*word).to_owned())).collect();
    vec![command(found, Command::Argv(more), &format!("add `{}`", words.join(" ")))]
}

/// Keys that only have to be there can be made up; addresses of services cannot.
fn set_variable(found: &Match<'_>) -> Vec<Remedy> {
    let name = found.subject();
    let made_up = ["KEY", "SECRET", "SALT"].iter().any(|word| name.contains(word));
    if !made_up || name.contains("API") || name.contains("ACCESS") {
        return Vec::new();
    }
    vec![variable(name, "repo-runner-generated-value-0123456789abcdef")]
}
