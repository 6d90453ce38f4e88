//! The repository's own `cargo` commands, taken apart: which flags its build and tests need.

use std::collections::BTreeMap;

use rr_core::{Analysis, CommandClass, Evidence, MinedCommand, Trust, Unit};

use crate::miners::query;
use crate::miners::{split_words, unwrapped};

/// What a documented command asks for, in our terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Documented {
    /// `--workspace`, `--all-features`, `--features x`, `-p y`, `--release`, …
    pub(super) flags: Vec<String>,
    /// Words behind `--`, for the test harness.
    pub(super) harness: Vec<String>,
    /// Variables set for it.
    pub(super) env: BTreeMap<String, String>,
    /// Where it stands.
    pub(super) evidence: Option<Evidence>,
}

/// The test command that covers most and needs least, by what CI and the docs say.
pub(super) fn tests(analysis: &Analysis, unit: &Unit) -> Option<Documented> {
    let commands = query::resolved_test_commands(analysis, unit);
    best(&commands, &["test", "t", "nextest"])
}

/// The documented build.
pub(super) fn build(analysis: &Analysis, unit: &Unit) -> Option<Documented> {
    let commands: Vec<MinedCommand> =
        query::commands(analysis, unit, CommandClass::Build).into_iter().cloned().collect();
    best(&commands, &["build", "b"])
}

fn best(commands: &[MinedCommand], subcommands: &[&str]) -> Option<Documented> {
    let mut found: Vec<(i32, Documented)> = Vec::new();
    for command in commands {
        let words = split_words(&command.line);
        if let Some(parsed) = parse(unwrapped(&words), subcommands) {
            let mut documented = parsed;
            documented.env = variables(&command.env);
            // A job with flags of its own for the compiler tries a variant.
            let variant = documented.env.contains_key("RUSTFLAGS");
            let score = score(command, &documented) - 10 * i32::from(variant);
            documented.evidence = Some(command.evidence.clone());
            found.push((score, documented));
        }
    }
    // The first of equals: a workflow's first test command is the plain one.
    let top = found.iter().map(|(score, _)| *score).max().filter(|top| *top >= USABLE)?;
    found.into_iter().find(|(score, _)| *score == top).map(|(_, documented)| documented)
}

/// Takes `cargo test --workspace -- --test-threads 1` apart. `None` where it is no such command
/// or asks for what cannot be had here: another target, unstable flags, a variable.
fn parse(words: &[String], subcommands: &[&str]) -> Option<Documented> {
    let mut rest = words.iter().map(String::as_str);
    let program = rest.next()?.rsplit('/').next()?;
    if !matches!(program, "cargo" | "cross") {
        return None;
    }
    let mut rest = rest.peekable();
    while rest.next_if(|word| word.starts_with('+') || FREE.contains(word)).is_some() {}
    let subcommand = rest.next()?;
    if !subcommands.contains(&subcommand) {
        return None;
    }
    if subcommand == "nextest" && rest.next() != Some("run") {
        return None;
    }
    let mut documented = Documented::default();
    while let Some(word) = rest.next() {
        match word {
            "--" => {
                documented.harness = harness(rest.by_ref());
                break;
            }
            "--target" | "-Z" | "--no-run" | "--doc" | "--partition" => return None,
            "|" | "||" | "&&" | ";" | ">" | "2>&1" | "&" => break,
            _ if word.starts_with("--target=") || word.starts_with("-Z") => return None,
            _ if word.contains('$') || word.contains("{{") => return None,
            "--all" => documented.flags.push("--workspace".to_owned()),
            _ if TAKES_VALUE.contains(&word) => {
                let value = rest.next()?;
                if value.contains('$') || value.contains("{{") {
                    return None;
                }
                // `--features ""`, where a matrix asks for none.
                if !value.is_empty() {
                    documented.flags.extend([word.to_owned(), value.to_owned()]);
                }
            }
            "-j" | "--jobs" | "--color" | "--message-format" | "--profile" | "--retries" => {
                rest.next();
            }
            _ if KEPT.contains(&word) || kept_with_value(word) => {
                documented.flags.push(word.to_owned());
            }
            _ if word.starts_with('-') => {}
            // A filter: only some of the tests.
            _ => documented.flags.push(word.to_owned()),
        }
    }
    Some(documented)
}

/// Words before the subcommand, or without meaning for what is tested.
const FREE: &[&str] =
    &["--locked", "--offline", "--frozen", "-v", "-vv", "--verbose", "-q", "--quiet"];

const TAKES_VALUE: &[&str] = &[
    "--features",
    "-F",
    "-p",
    "--package",
    "--exclude",
    "--test",
    "--bin",
    "--example",
    "--bench",
    "--manifest-path",
];

const KEPT: &[&str] = &[
    "--workspace",
    "--all-features",
    "--no-default-features",
    "--release",
    "--lib",
    "--bins",
    "--tests",
    "--examples",
    "--all-targets",
    "--benches",
    "-r",
];

fn kept_with_value(word: &str) -> bool {
    ["--features=", "--package=", "--exclude=", "--test=", "--bin=", "--manifest-path="]
        .iter()
        .any(|prefix| word.starts_with(prefix))
}

/// The harness's words that change what runs or how; the rest is for the eye.
fn harness<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.take_while(|word| !matches!(*word, "|" | "||" | "&&" | ";" | ">"));
    while let Some(word) = words.next() {
        match word {
            "--test-threads" | "--skip" => {
                kept.push(word.to_owned());
                kept.extend(words.next().map(str::to_owned));
            }
            "--ignored" | "--include-ignored" | "--exact" => kept.push(word.to_owned()),
            _ if word.starts_with("--test-threads=") || word.starts_with("--skip=") => {
                kept.push(word.to_owned());
            }
            _ if word.starts_with('-') || word.contains('$') => {}
            filter => kept.push(filter.to_owned()),
        }
    }
    kept
}

/// Least score of a command that stands for the whole suite; below it Cargo's default is better.
const USABLE: i32 = -20;

/// Higher is better. A command that leaves something out loses against one that does not,
/// whoever says it.
fn score(command: &MinedCommand, documented: &Documented) -> i32 {
    let trust = match command.evidence.trust {
        Trust::User | Trust::Configuration => 60,
        Trust::Ci => 40,
        Trust::Container => 20,
        Trust::TaskRunner => 30,
        Trust::Readme => 25,
        Trust::Manifest | Trust::Default => 0,
    };
    let has = |flag: &str| documented.flags.iter().any(|f| f == flag);
    let mut score = trust;
    score += 20 * i32::from(has("--workspace"));
    score += 2 * i32::from(has("--all-features"));
    score -= 60 * i32::from(has("--no-default-features"));
    score -= 15 * i32::from(has("--release") || has("-r"));
    let partial = documented.flags.iter().enumerate().any(|(at, flag)| {
        PARTIAL.contains(&flag.split('=').next().unwrap_or(flag))
            || is_filter(&documented.flags, at)
    });
    score -= 80 * i32::from(partial);
    let only_some = documented
        .harness
        .iter()
        .any(|word| !word.starts_with('-') && word.parse::<u32>().is_err())
        || documented.harness.iter().any(|word| word == "--ignored");
    score -= 60 * i32::from(only_some);
    let context = command.context.to_ascii_lowercase();
    score -= 50 * i32::from(ELSEWHERE.iter().any(|word| context.contains(word)));
    score
}

const PARTIAL: &[&str] = &[
    "-p",
    "--package",
    "--test",
    "--bin",
    "--example",
    "--bench",
    "--benches",
    "--lib",
    "--manifest-path",
];

/// Whether a word is neither an option nor an option's value: it picks tests by name.
fn is_filter(flags: &[String], at: usize) -> bool {
    let value = at > 0 && TAKES_VALUE.contains(&flags[at - 1].as_str());
    !value && !flags[at].starts_with('-')
}

/// Jobs whose commands are for another platform, toolchain or purpose.
const ELSEWHERE: &[&str] = &[
    "nightly",
    "msrv",
    "miri",
    "wasm",
    "windows",
    "macos",
    "minimal",
    "coverage",
    "bench",
    "sanitizer",
    "fuzz",
    "android",
    "ios",
    "no_std",
    "no-std",
    "minver",
    "cross",
];

/// Variables worth keeping: those that choose what is compiled or run. Warnings made into errors
/// fail with every newer compiler, and colours and backtraces change what tests see.
fn variables(env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    env.iter()
        .filter(|(name, value)| !value.contains('$') && !name.contains(char::is_lowercase))
        .filter_map(|(name, value)| match name.as_str() {
            "RUSTFLAGS" | "RUSTDOCFLAGS" => {
                let kept = without_denied_warnings(value);
                (!kept.is_empty()).then(|| (name.clone(), kept))
            }
            "RUST_BACKTRACE" | "RUST_LIB_BACKTRACE" | "CI" | "RUSTC_WRAPPER"
            | "RUSTUP_TOOLCHAIN" => None,
            _ if name.starts_with("CARGO_") || name.starts_with("SCCACHE") => None,
            _ if name.ends_with("_URL") || name.ends_with("TOKEN") || name.ends_with("_PATH") => {
                None
            }
            _ => Some((name.clone(), value.clone())),
        })
        .collect()
}

fn without_denied_warnings(flags: &str) -> String {
    let words: Vec<&str> = flags.split_whitespace().collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let lint = ["-D", "-W", "-A", "-F", "--deny", "--warn", "--allow"].contains(&words[at]);
        if lint {
            at += 2;
            continue;
        }
        if !["-D", "-W", "-A", "-Cinstrument-coverage", "-Clink-arg", "-Clinker", "-Ctarget-cpu"]
            .iter()
            .any(|prefix| words[at].starts_with(prefix))
        {
            kept.push(words[at]);
        }
        at += 1;
    }
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mined(line: &str, context: &str, trust: Trust) -> MinedCommand {
        MinedCommand {
            line: line.to_owned(),
            class: CommandClass::Test,
            cwd: String::new(),
            env: BTreeMap::new(),
            context: context.to_owned(),
            evidence: Evidence::at(".github/workflows/ci.yml", "ci", trust),
        }
    }

    fn chosen(lines: &[(&str, &str)]) -> Option<Vec<String>> {
        let commands: Vec<_> = lines.iter().map(|(l, c)| mined(l, c, Trust::Ci)).collect();
        best(&commands, &["test"]).map(|d| [d.flags, d.harness].concat())
    }

    #[test]
    fn the_widest_plain_command_is_chosen() {
        let found = chosen(&[
            ("cargo test --no-default-features", "test"),
            ("cargo test --workspace --verbose --locked", "test"),
            ("cargo test --workspace --all-features", "nightly"),
            ("cargo test -p core", "test"),
        ]);
        assert_eq!(found, Some(vec!["--workspace".to_owned()]));
    }

    #[test]
    fn harness_words_that_matter_are_kept() {
        let found =
            chosen(&[("cargo +stable test --locked -- --nocapture --test-threads 1", "test")]);
        assert_eq!(found, Some(vec!["--test-threads".to_owned(), "1".to_owned()]));
    }

    #[test]
    fn no_features_are_no_flag_and_benchmarks_are_not_all_tests() {
        let found = chosen(&[
            ("cargo test --benches", "tests"),
            ("cargo test --verbose --features \"\"", "tests"),
        ]);
        assert_eq!(found, Some(Vec::new()));
    }

    #[test]
    fn other_targets_and_variables_are_no_command_for_here() {
        assert_eq!(chosen(&[("cargo test --target wasm32-unknown-unknown", "test")]), None);
        assert_eq!(chosen(&[("cargo test --features ${{ matrix.features }}", "test")]), None);
        assert_eq!(chosen(&[("cargo test --features \"${{ matrix.f }}\"", "test")]), None);
        assert_eq!(chosen(&[("cargo clippy --all", "lint")]), None);
    }

    #[test]
    fn a_variant_s_compiler_flags_lose_against_the_plain_job() {
        let mut variant = mined("cargo test", "no_simd", Trust::Ci);
        variant.env.insert("RUSTFLAGS".to_owned(), "--cfg no_simd".to_owned());
        let plain = mined("cargo test", "test", Trust::Ci);
        assert!(best(&[variant, plain], &["test"]).unwrap().env.is_empty());
    }

    #[test]
    fn denied_warnings_are_dropped_and_configuration_kept() {
        assert_eq!(
            without_denied_warnings("-D warnings --cfg tokio_unstable -Dwarnings"),
            "--cfg tokio_unstable"
        );
    }
}
