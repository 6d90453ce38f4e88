//! Takes published packages of five registries through the command in its default sandbox, and
//! holds what it counted against what each package's own runner prints for that version.
//!
//! Needs what `repo-runner doctor` calls required, and the registries. Versions are stated, except
//! where the README's own first command is tried.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

#[test]
fn the_readmes_first_command_ends_as_the_readme_shows() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let block = readme.split("```").nth(1).unwrap();
    let first = block.lines().find_map(|line| line.strip_prefix("$ ")).unwrap();
    let source = first.split(" run ").last().unwrap().split_whitespace().next().unwrap();
    assert!(source.starts_with("pypi:"), "{first}");
    let output = run(&[source]);
    let screen = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{screen}");
    let verdict = format!("GREEN  rung tested  {source}");
    for text in [verdict.as_str(), "✔ tested", "next: repo-runner recipe"] {
        assert!(screen.contains(text), "`{text}` is not on the screen: {screen}");
        assert!(readme.contains(text), "`{text}` is not in the README");
    }
}

#[test]
fn a_python_module_with_a_test_file_beside_it() {
    proves("pypi:six@1.17.0", "pytest", Passed::AtLeast(190));
}

#[test]
fn a_python_package_with_locked_test_requirements() {
    proves("pypi:itsdangerous@2.2.0", "pytest", Passed::Exactly(297));
}

#[test]
fn a_python_package_with_an_extension_in_c() {
    proves("pypi:markupsafe@3.0.3", "pytest", Passed::AtLeast(79));
}

#[test]
fn a_python_suite_whose_tests_share_ids() {
    proves("pypi:pyyaml@6.0.3", "pytest", Passed::Exactly(2608));
}

#[test]
fn a_crate_with_tests_in_files_of_their_own() {
    proves("crates:semver@1.0.27", "cargo", Passed::AtLeast(38));
}

#[test]
fn a_crate_with_tests_in_its_source() {
    proves("crates:fnv@1.0.7", "cargo", Passed::Exactly(3));
}

#[test]
fn a_go_module_without_requirements() {
    proves("go:github.com/google/uuid@v1.6.0", "go", Passed::AtLeast(200));
}

#[test]
fn an_npm_package_that_ships_its_tests() {
    proves("npm:concat-map@0.0.1", "tape", Passed::Exactly(5));
}

#[test]
fn a_maven_artifact_with_a_source_release() {
    let source = "maven:org.apache.maven.shared:file-management@3.1.0";
    proves(source, "maven", Passed::Exactly(14));
}

/// How many tests of a version pass.
enum Passed {
    /// Wherever it runs.
    Exactly(u64),
    /// Where skips depend on the host and its toolchains.
    AtLeast(u64),
}

/// The run is green at `tested`, its suite ended by itself, and so many tests passed and none else
/// than skipped.
fn proves(source: &str, runner: &str, passed: Passed) {
    let output = run(&[source, "--output", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{source}: no report ({error}): {output:?}"));
    let (verdict, tests) = (&report["verdict"], &report["tests"]);
    let told = format!("{source}: {verdict}, {}, {}", report["failures"], tests["doubts"]);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(verdict["rung"], "tested", "{told}");
    assert_eq!(report["enforcement"]["backend"], "bubblewrap", "{told}");
    assert_eq!(tests["complete"], true, "{told}");
    assert!(tests["runner"].as_str().unwrap_or_default().contains(runner), "{}", tests["runner"]);
    let counted = tests["passed"].as_u64().unwrap_or_default();
    match passed {
        Passed::Exactly(count) => assert_eq!(counted, count, "{told}"),
        Passed::AtLeast(count) => assert!(counted >= count, "{counted} passed, {told}"),
    }
    for name in ["failed", "errored"] {
        assert_eq!(tests[name], 0, "{name}: {told}");
    }
}

/// Prepares everything anew; toolchains and caches of the home are shared with the fixtures.
fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_repo-runner"))
        .arg("run")
        .args(arguments)
        .arg("--fresh")
        .env("REPO_RUNNER_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures-home"))
        .output()
        .unwrap()
}
