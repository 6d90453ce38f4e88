//! Trees made to exhaust whoever reads them, looked at by the real program under the kernel's own
//! limits on memory and processor time.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::common::Scratch;

/// Address space in KiB, threads' stacks and the allocator's reserves among it.
const MEMORY: &str = "2097152";
/// Processor seconds of an unoptimised build on a slow machine.
const SECONDS: &str = "240";

const MANIFEST: &str = r#"{"name": "a", "scripts": {"test": "jest"}}"#;

/// `analyze` of a folder within the limits.
#[expect(clippy::disallowed_methods, reason = "test code")]
fn limited(scratch: &Scratch, folder: &Path) -> Output {
    let script = format!("ulimit -v {MEMORY}; ulimit -t {SECONDS}; exec \"$0\" \"$@\"");
    Command::new("/bin/sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_repo-runner"), "analyze", "--output", "json"])
        .arg(folder)
        .env("REPO_RUNNER_HOME", scratch.home())
        .output()
        .unwrap()
}

fn analysis_within_limits(scratch: &Scratch, folder: &Path) -> Value {
    fs::write(folder.join("package.json"), MANIFEST).unwrap();
    fs::write(folder.join("index.js"), "module.exports = 1;\n").unwrap();
    let output = limited(scratch, folder);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let analysis: Value = serde_json::from_slice(&output.stdout).unwrap();
    let units = analysis["units"].as_array().unwrap();
    assert!(units.iter().any(|unit| unit["ecosystem"] == "javascript"), "{units:?}");
    analysis
}

fn folder(scratch: &Scratch, name: &str) -> std::path::PathBuf {
    let folder = scratch.folder().join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn limits_hold_a_program_that_takes_too_much() {
    let script = format!("ulimit -v {MEMORY}; exec dd if=/dev/zero of=/dev/null bs=4G count=1");
    #[expect(clippy::disallowed_methods, reason = "test code")]
    let output = Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
    assert!(!output.status.success(), "the limit on memory does not hold here");
}

#[test]
fn a_manifest_of_a_hundred_megabytes_is_noted_and_not_read() {
    let scratch = Scratch::new();
    let folder = folder(&scratch, "large");
    for name in ["package-lock.json", "pyproject.toml", "Cargo.toml"] {
        let mut file = BufWriter::new(File::create(folder.join(name)).unwrap());
        file.write_all(b"{\"a\": [").unwrap();
        for _ in 0..100 {
            file.write_all(&vec![b'['; 1 << 20]).unwrap();
        }
    }
    let analysis = analysis_within_limits(&scratch, &folder);
    let notes = analysis["notes"].to_string();
    assert!(notes.contains("`pyproject.toml` is larger than 2 MiB"), "{notes}");
}

#[test]
fn a_hundred_files_of_the_largest_size_that_is_read_fit() {
    let scratch = Scratch::new();
    let folder = folder(&scratch, "many");
    let text = "x = '{[(<!-- - - &a *a ${{ $( \" # \\\n".repeat((2 << 20) / 36);
    for at in 0..100 {
        fs::create_dir_all(folder.join(format!("p{at}"))).unwrap();
        let names = ["Makefile", "setup.py", "a.py", "docker-compose.yml", "README.md"];
        fs::write(folder.join(format!("p{at}/{}", names[at % names.len()])), &text).unwrap();
    }
    analysis_within_limits(&scratch, &folder);
}

#[test]
fn pipes_loops_and_names_without_end_are_passed_over() {
    let scratch = Scratch::new();
    let folder = folder(&scratch, "odd");
    for name in ["Dockerfile", "tox.ini", ".env"] {
        let path = folder.join(name);
        #[expect(clippy::disallowed_methods, reason = "test code")]
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
    }
    std::os::unix::fs::symlink("..", folder.join("up")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.join("Makefile")).unwrap();
    let mut deep = folder.clone();
    for _ in 0..100 {
        deep.push("d".repeat(30));
        if fs::create_dir(&deep).is_err() {
            break;
        }
    }
    analysis_within_limits(&scratch, &folder);
}

#[test]
fn references_that_multiply_stay_small() {
    let scratch = Scratch::new();
    let folder = folder(&scratch, "laughs");
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..60 {
        let list = [format!("*a{}", level - 1).as_str(); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    fs::create_dir_all(folder.join(".github/workflows")).unwrap();
    for path in [".github/workflows/ci.yml", "docker-compose.yml", "mkdocs.yml", "Taskfile.yml"] {
        fs::write(folder.join(path), &text).unwrap();
    }
    analysis_within_limits(&scratch, &folder);
}
