//! Runs every repository of `fixtures/repos/` through the command and holds its report against
//! the fixture's `expect.toml`. Needs what `repo-runner doctor` calls required, and the registries.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]
#![expect(clippy::print_stdout, reason = "the table of faults is for people")]

#[path = "faults/mod.rs"]
mod faults;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use serde_json::Value;

/// What a fixture's run must prove.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// What the fixture is for.
    description: String,
    /// The highest rung proved; absent where nothing may be proved.
    rung: Option<String>,
    /// Whether the run is green at its asked rung.
    green: bool,
    /// The rung asked for.
    #[serde(default = "tested")]
    until: String,
    /// Cause classes of failures and failing tests, each once.
    causes: Option<BTreeSet<String>>,
    /// Texts that must occur among the doubts or the rungs' evidence.
    #[serde(default)]
    doubts: Vec<String>,
    /// Further arguments of `run`.
    #[serde(default)]
    arguments: Vec<String>,
    /// Texts that must occur among the titles of remedies that helped.
    #[serde(default)]
    remedies: Vec<String>,
    /// Why it takes too long to be run with all others; it is run with `--ignored` or
    /// `--include-ignored`, and shown as ignored without.
    slow: Option<String>,
    tests: Option<BTreeMap<String, u64>>,
    analysis: Option<ExpectAnalysis>,
    service: Option<ExpectService>,
    /// How many services answer, where that is what the fixture is for.
    services: Option<usize>,
    /// What the same run proves when no remedy is allowed: shows that repair is what makes it.
    without_repair: Option<ExpectWithoutRepair>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectWithoutRepair {
    rung: Option<String>,
    green: bool,
    /// How many tests pass.
    passed: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectAnalysis {
    /// `ecosystem:path` of every primary unit.
    primary: Option<BTreeSet<String>>,
    /// Managers that must be among those found.
    #[serde(default)]
    managers: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectService {
    path: Option<String>,
    status: Option<u64>,
    protocol: Option<String>,
    port: Option<u64>,
}

fn tested() -> String {
    "tested".to_owned()
}

fn main() {
    let mut arguments = Arguments::from_args();
    // Each run uses all processors by itself.
    arguments.test_threads.get_or_insert(2);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/repos");
    let mut fixtures: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("expect.toml").is_file())
        .collect();
    fixtures.sort();
    let mut trials: Vec<Trial> = fixtures.into_iter().map(trial).collect();
    trials.extend(faults::trials());
    let conclusion = libtest_mimic::run(&arguments, trials);
    faults::print_table();
    conclusion.exit();
}

/// The run of a fixture, and after it the one without remedies where it says what that proves. Not at
/// the same time: two runs of the same inputs would each replace the environment the other keeps.
fn trial(path: PathBuf) -> Trial {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path.join("expect.toml")).unwrap();
    let expect = match toml::from_str::<Expect>(&text) {
        Ok(expect) => expect,
        Err(error) => return Trial::test(name, move || Err(error.to_string().into())),
    };
    let slow = expect.slow.is_some();
    let run = move || {
        check(&path, &expect)?;
        expect.without_repair.as_ref().map_or(Ok(()), |it| check_without_repair(&path, &expect, it))
    };
    Trial::test(name, run).with_ignored_flag(slow)
}

fn check(fixture: &Path, expect: &Expect) -> Result<(), Failed> {
    let (output, report) = run(fixture, expect, &[])?;
    let mut wrong = says_enough(&fixture.file_name().unwrap().to_string_lossy(), expect);
    wrong.extend(differences(expect, &report));
    let green = output.status.code() == Some(0);
    if wrong.is_empty() && green == expect.green {
        return remove_run(&report);
    }
    let mut message = format!("{}\n", expect.description);
    if green != expect.green {
        writeln!(message, "exit {:?} where green is {}", output.status.code(), expect.green)?;
    }
    wrong.iter().try_for_each(|line| writeln!(message, "{line}"))?;
    writeln!(message, "summary: {}", report["verdict"]["summary"])?;
    writeln!(message, "failures: {}", report["failures"])?;
    writeln!(message, "doubts: {}", report["tests"]["doubts"])?;
    message.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(message.into())
}

fn check_without_repair(
    fixture: &Path,
    expect: &Expect,
    wanted: &ExpectWithoutRepair,
) -> Result<(), Failed> {
    let (output, report) = run(fixture, expect, &["--budget", "0"])?;
    let wanted = serde_json::json!([wanted.rung, wanted.green, wanted.passed, []]);
    let (verdict, tests) = (&report["verdict"], &report["tests"]);
    let found =
        serde_json::json!([verdict["rung"], verdict["green"], tests["passed"], report["remedies"]]);
    if found == wanted {
        return remove_run(&report);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("without remedies: rung, green, passed, remedies: expected {wanted}, found {found}\n{errors}").into())
}

/// A run of a copy of a fixture, and its report.
fn run(fixture: &Path, expect: &Expect, more: &[&str]) -> Result<(Output, Value), Failed> {
    let scratch = tempfile::tempdir()?;
    let repository = scratch.path().join(fixture.file_name().unwrap());
    copy(fixture, &repository)?;
    let output = Command::new(env!("CARGO_BIN_EXE_repo-runner"))
        .arg("run")
        .arg(&repository)
        .args(["--output", "json", "--fresh", "--until", &expect.until])
        .args(&expect.arguments)
        .args(more)
        .env("REPO_RUNNER_HOME", home())
        .env("REPO_RUNNER_CACHE_LIMIT", "200M")
        .output()?;
    let report = serde_json::from_slice(&output.stdout).map_err(|error| {
        format!(
            "no report ({error}); {}\n{}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })?;
    Ok((output, report))
}

/// What lies must be held to its rung, its counts and its causes; what is repaired must be shown to
/// fail without.
fn says_enough(name: &str, expect: &Expect) -> Vec<String> {
    const COUNTS: [&str; 5] = ["discovered", "passed", "failed", "skipped", "errored"];
    let mut lacks = Vec::new();
    if name.starts_with("lying-") {
        let counts = expect.tests.iter().flat_map(BTreeMap::keys).map(String::as_str);
        let counts: BTreeSet<&str> = counts.collect();
        if expect.until == "tested" && !COUNTS.iter().all(|count| counts.contains(count)) {
            lacks.push(format!("expect.toml lacks a count among {COUNTS:?}"));
        }
        if expect.causes.is_none() {
            lacks.push("expect.toml lacks `causes`".to_owned());
        }
    }
    let repaired = name.starts_with("broken-") && !expect.remedies.is_empty();
    if repaired && expect.without_repair.is_none() {
        lacks.push("expect.toml lacks `without_repair`".to_owned());
    }
    lacks
}

/// What a run that went as expected leaves on disk is nobody's to look at.
fn remove_run(report: &Value) -> Result<(), Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_repo-runner"))
        .args(["clean", report["run_id"].as_str().unwrap_or_default()])
        .env("REPO_RUNNER_HOME", home())
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(errors.into()) }
}

fn differences(expect: &Expect, report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut same = |what: &str, expected: Value, found: &Value| {
        if &expected != found {
            wrong.push(format!("{what}: expected {expected}, found {found}"));
        }
    };
    same("rung", expect.rung.clone().into(), &report["verdict"]["rung"]);
    same("green", expect.green.into(), &report["verdict"]["green"]);
    for (name, count) in expect.tests.iter().flatten() {
        same(&format!("tests.{name}"), (*count).into(), &report["tests"][name]);
    }
    let answered: Vec<&Value> = report["services"].as_array().into_iter().flatten().collect();
    let answered = answered.iter().filter(|service| service["probe"]["protocol"] != "client");
    if let Some(service) = &expect.service {
        let probe = answered.clone().next_back().map_or(Value::Null, |s| s["probe"].clone());
        let wanted: [(&str, Option<Value>); 4] = [
            ("path", service.path.clone().map(Into::into)),
            ("status", service.status.map(Into::into)),
            ("protocol", service.protocol.clone().map(Into::into)),
            ("port", service.port.map(Into::into)),
        ];
        for (name, value) in wanted {
            if let Some(value) = value {
                same(&format!("service.{name}"), value, &probe[name]);
            }
        }
    }
    if let Some(services) = expect.services {
        same("services", services.into(), &Value::from(answered.count()));
    }
    if let Some(causes) = &expect.causes {
        same("causes", serde_json::json!(causes), &serde_json::json!(found_causes(report)));
    }
    if let Some(analysis) = &expect.analysis {
        if let Some(primary) = &analysis.primary {
            let found = primaries(report, |unit| {
                let text = |name: &str| unit[name].as_str().unwrap_or_default().to_owned();
                vec![format!("{}:{}", text("ecosystem"), text("path"))]
            });
            same("primary units", serde_json::json!(primary), &serde_json::json!(found));
        }
        let managers = primaries(report, |unit| texts(&unit["managers"]));
        for manager in &analysis.managers {
            if !managers.contains(manager) {
                wrong.push(format!("manager `{manager}` is not among {managers:?}"));
            }
        }
    }
    missing(&mut wrong, "doubt", &expect.doubts, &doubts(report));
    missing(&mut wrong, "remedy", &expect.remedies, &remedies(report));
    wrong
}

fn missing(wrong: &mut Vec<String>, what: &str, expected: &[String], found: &[String]) {
    for text in expected {
        if !found.iter().any(|line| line.contains(text.as_str())) {
            wrong.push(format!("no {what} says `{text}`, but {found:?}"));
        }
    }
}

fn primaries(report: &Value, name: impl Fn(&Value) -> Vec<String>) -> BTreeSet<String> {
    let units = report["analysis"]["units"].as_array().into_iter().flatten();
    units.filter(|unit| unit["role"] == "primary").flat_map(name).collect()
}

fn found_causes(report: &Value) -> BTreeSet<String> {
    let failures = report["failures"].as_array().into_iter().flatten();
    let cases = report["tests"]["cases"].as_array().into_iter().flatten();
    let bad = |case: &&Value| matches!(case["outcome"].as_str(), Some("failed" | "errored"));
    failures
        .chain(cases.filter(bad))
        .filter_map(|failure| failure["cause"].as_str().map(str::to_owned))
        .collect()
}

fn doubts(report: &Value) -> Vec<String> {
    let rungs = report["rungs"].as_array().into_iter().flatten();
    let mut lines: Vec<String> = rungs.flat_map(|rung| texts(&rung["evidence"])).collect();
    lines.extend(texts(&report["tests"]["doubts"]));
    lines
}

fn remedies(report: &Value) -> Vec<String> {
    let remedies = report["remedies"].as_array().into_iter().flatten();
    remedies
        .filter(|remedy| remedy["helped"] == true)
        .filter_map(|remedy| remedy["title"].as_str().map(str::to_owned))
        .collect()
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// One home for all fixtures: toolchains and caches are shared, runs are not.
fn home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures-home")
}

/// Copies a fixture without what only this harness reads.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let target = to.join(&name);
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if name != "expect.toml" {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
