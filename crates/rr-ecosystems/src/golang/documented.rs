//! The repository's own `go test` and `go build` commands, taken apart.

use std::collections::BTreeMap;

use rr_core::{Analysis, Evidence, MinedCommand, Trust, Unit};

use crate::miners::query;
use crate::miners::{split_words, unwrapped};

/// What a documented test command asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Documented {
    /// `-tags x`, `-short`, `-p 1`, …
    pub(super) flags: Vec<String>,
    /// Package patterns; empty for everything.
    pub(super) packages: Vec<String>,
    /// Whether it asked for the race detector.
    pub(super) race: bool,
    /// Variables set for it.
    pub(super) env: BTreeMap<String, String>,
    /// Where it stands.
    pub(super) evidence: Option<Evidence>,
}

/// The test command that covers most, by what CI and the docs say.
pub(super) fn tests(analysis: &Analysis, unit: &Unit) -> Option<Documented> {
    best(&query::resolved_test_commands(analysis, unit))
}

fn best(commands: &[MinedCommand]) -> Option<Documented> {
    let mut found: Option<(i32, Documented)> = None;
    for command in commands {
        let words = split_words(&command.line);
        let Some(mut parsed) = parse(unwrapped(&words)) else { continue };
        let score = score(command, &parsed);
        if score < USABLE || found.as_ref().is_some_and(|(top, _)| *top >= score) {
            continue;
        }
        parsed.env = variables(&command.env);
        parsed.evidence = Some(command.evidence.clone());
        found = Some((score, parsed));
    }
    found.map(|(_, documented)| documented)
}

/// Least score of a command that stands for the whole suite.
const USABLE: i32 = -20;

/// Takes `go test -race -tags x ./...` or `gotestsum -- -tags x ./...` apart.
fn parse(words: &[String]) -> Option<Documented> {
    let mut words = words.iter().map(String::as_str);
    let first = words.next()?;
    let program = first.rsplit('/').next().unwrap_or(first);
    match program {
        "go" | "$(GO)" | "${GO}" | "$(GOCMD)" | "$(GOBIN)" | "$(GO_BIN)" | "richgo" | "gotest" => {
            if program != "gotest" && words.next()? != "test" {
                return None;
            }
        }
        "gotestsum" => {
            if !words.by_ref().any(|word| word == "--") {
                return Some(Documented::default());
            }
        }
        _ => return None,
    }
    let mut documented = Documented::default();
    while let Some(word) = words.next() {
        match word {
            "|" | "||" | "&&" | ";" | ">" | "2>&1" | "&" | "-args" | "--args" => break,
            "-race" => documented.race = true,
            "-c" => return None,
            _ if word.starts_with('-') => flag(word, &mut words, &mut documented)?,
            _ if word.contains('$') || word.contains('`') || word.ends_with(".go") => {}
            // What is left of `$(shell go list ./... | grep -v /vendor/)`: what is listed counts.
            "go" | "list" | "shell" => {}
            package => documented.packages.push(package.to_owned()),
        }
    }
    Some(documented)
}

/// Flags with a value that change what is tested, or how.
const KEPT: &[&str] =
    &["tags", "run", "skip", "p", "parallel", "cpu", "vet", "mod", "ldflags", "exec"];

/// Flags with a value that measure, or set limits that are ours to set.
#[rustfmt::skip]
const DROPPED: &[&str] = &[
    "coverprofile", "covermode", "coverpkg", "timeout", "count", "o", "outputdir", "cpuprofile",
    "memprofile", "blockprofile", "mutexprofile", "trace", "shuffle", "benchtime", "fuzztime", "C",
];

/// Flags that change what is tested are kept, those for the eye and for measuring are not.
fn flag<'a>(
    word: &str,
    words: &mut impl Iterator<Item = &'a str>,
    documented: &mut Documented,
) -> Option<()> {
    let name = word.trim_start_matches('-');
    let (name, value) = match name.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (name, None),
    };
    match name {
        "short" => documented.flags.push("-short".to_owned()),
        "bench" | "fuzz" | "list" => return None,
        _ if KEPT.contains(&name) => {
            let value = value.or_else(|| words.next().map(str::to_owned))?;
            if !value.contains('$') {
                documented.flags.push(format!("-{name}={value}"));
            }
        }
        _ if DROPPED.contains(&name) && value.is_none() => {
            words.next();
        }
        _ => {}
    }
    Some(())
}

fn score(command: &MinedCommand, documented: &Documented) -> i32 {
    let mut score = match command.evidence.trust {
        Trust::User | Trust::Configuration => 60,
        Trust::Ci => 40,
        Trust::TaskRunner => 30,
        Trust::Readme => 25,
        Trust::Container => 20,
        Trust::Manifest | Trust::Default => 0,
    };
    let whole = documented.packages.is_empty()
        || documented.packages.iter().any(|package| package == "./...");
    score += if whole { 20 } else { -50 };
    let has = |prefix: &str| documented.flags.iter().any(|flag| flag.starts_with(prefix));
    score -= 60 * i32::from(has("-run="));
    score -= 5 * i32::from(has("-skip="));
    let far = ["e2e", "integration", "acceptance", "system"];
    score -= 40
        * i32::from(
            documented.flags.iter().any(|flag| {
                flag.starts_with("-tags=") && far.iter().any(|word| flag.contains(word))
            }),
        );
    let context = command.context.to_ascii_lowercase();
    const ELSEWHERE: &[&str] = &[
        "windows",
        "macos",
        "bench",
        "fuzz",
        "e2e",
        "integration",
        "cross",
        "arm",
        "s390x",
        "wasm",
    ];
    score -= 40 * i32::from(ELSEWHERE.iter().any(|word| context.contains(word)));
    score
}

/// Variables worth keeping; where Go keeps its things is ours to say.
fn variables(env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    env.iter()
        .filter(|(name, value)| !value.contains('$') && !name.contains(char::is_lowercase))
        .filter(|(name, _)| match name.as_str() {
            "CGO_ENABLED" | "GOEXPERIMENT" | "GODEBUG" => true,
            "CI" => false,
            _ => {
                !name.starts_with("GO")
                    && !name.ends_with("_URL")
                    && !name.ends_with("TOKEN")
                    && !name.ends_with("_DSN")
            }
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::CommandClass;

    fn chosen(lines: &[&str]) -> Option<Documented> {
        let commands: Vec<MinedCommand> = lines
            .iter()
            .map(|line| MinedCommand {
                line: (*line).to_owned(),
                class: CommandClass::Test,
                cwd: String::new(),
                env: BTreeMap::new(),
                context: "test".to_owned(),
                evidence: Evidence::at(".github/workflows/ci.yml", "ci", Trust::Ci),
            })
            .collect();
        best(&commands)
    }

    #[test]
    fn flags_that_choose_tests_are_kept_and_measuring_is_dropped() {
        let found = chosen(&[
            "go test -v -short -race -tags 'netgo osusergo' -coverprofile=c.out -covermode atomic ./...",
        ])
        .unwrap();
        assert_eq!(found.flags, ["-short", "-tags=netgo osusergo"]);
        assert_eq!(found.packages, ["./..."]);
        assert!(found.race);
    }

    #[test]
    fn the_whole_suite_wins_over_parts() {
        let found = chosen(&[
            "go test -run TestX ./...",
            "go test ./pkg/a",
            "go test -bench=. ./...",
            "$(GO) test $(FLAGS) ./...",
            "go test -tags=e2e ./...",
        ])
        .unwrap();
        assert_eq!((found.flags, found.packages), (Vec::new(), vec!["./...".to_owned()]));
        assert_eq!(chosen(&["gotestsum --format x -- -p 1 ./..."]).unwrap().flags, ["-p=1"]);
        assert!(chosen(&["go vet ./..."]).is_none());
        let listed = chosen(&["go test -race go list ./... | grep -v /vendor/"]).unwrap();
        assert_eq!(listed.packages, ["./..."]);
    }
}
