//! The command killed with SIGKILL, stopped and interrupted at many moments: a resume comes to
//! the same verdict, and nothing is left running.

#![expect(clippy::unwrap_used, reason = "test code")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use common::{Scratch, fixture};
use serde_json::{Value, json};

/// What a report says, without times and identifiers.
fn essence(report: &Value) -> Value {
    let steps: Vec<Value> = report["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| json!([step["step"], step["attempt"], step["ok"]]))
        .collect();
    json!({
        "verdict": report["verdict"],
        "rungs": report["rungs"],
        "steps": steps,
        "tests": [report["tests"]["passed"], report["tests"]["failed"]],
    })
}

/// Starts a run and kills it after its `after`-th event; `None` where it ended before that.
fn killed_after(scratch: &Scratch, after: usize) -> Option<()> {
    let mut child = scratch
        .command(&["run", &fixture("shell-plain"), "--fresh", "--output", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let seen = lines.take(after).map(Result::unwrap).count();
    child.kill().unwrap();
    child.wait().unwrap();
    (seen == after).then_some(())
}

#[test]
fn a_run_killed_after_any_event_resumes_to_the_same_verdict_and_leaves_nothing_behind() {
    let calm = Scratch::new();
    let undisturbed = calm.report(&["run", &fixture("shell-plain"), "--fresh", "--output", "json"]);
    let mut kills = 0;
    for after in 1.. {
        let scratch = Scratch::new();
        if killed_after(&scratch, after).is_none() {
            break;
        }
        kills += 1;
        let left = lasting_processes_of(scratch.folder());
        assert!(left.is_empty(), "after event {after}: {left:?}");
        let resumed = scratch.report(&["resume", "latest", "--output", "json"]);
        assert_eq!(essence(&resumed), essence(&undisturbed), "killed after event {after}");
    }
    assert!(kills > 15, "only {kills} events were seen");
}

#[test]
fn stop_ends_a_run_of_another_process_and_leaves_it_resumable() {
    let scratch = Scratch::new();
    let tree = scratch.folder().join("tree");
    common::copy(fixture("shell-plain").as_ref(), &tree);
    let wait = "#!/bin/sh\nif [ -e \"$HOME/again\" ]; then exit 0; fi\ntouch \"$HOME/again\"\necho waiting\nsleep 600\n";
    std::fs::write(tree.join("tests/run.sh"), wait).unwrap();
    let mut child = scratch
        .command(&["run", tree.to_str().unwrap(), "--output", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains(r#""line":"waiting""#)).unwrap().unwrap();
    assert_eq!(scratch.run(&["stop", "latest"]).status.code(), Some(0));
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(lasting_processes_of(scratch.folder()).is_empty());
    let report = scratch.report(&["resume", "latest", "--output", "json"]);
    assert_eq!(report["verdict"]["rung"], "tested", "{report}");
}

#[test]
fn a_second_run_reuses_the_prepared_environment_and_a_changed_one_says_what_changed() {
    let scratch = Scratch::new();
    let tree = scratch.folder().join("tree");
    common::copy(fixture("python-requirements").as_ref(), &tree);
    let run = || scratch.report(&["run", tree.to_str().unwrap(), "--output", "json"]);
    let first = run();
    assert_eq!(first["prepared"]["reused"], false);
    let second = run();
    assert_eq!(second["prepared"]["reused"], true, "{}", second["prepared"]);
    assert_eq!(second["prepared"]["key"], first["prepared"]["key"]);
    assert_eq!(second["tests"]["passed"], first["tests"]["passed"]);
    let path = tree.join("requirements.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\n# changed\n")).unwrap();
    let third = run();
    assert_eq!(third["prepared"]["reused"], false);
    let reason = third["prepared"]["reason"].as_str().unwrap();
    assert!(reason.contains("requirements.txt"), "{reason}");
}

#[test]
fn what_was_only_built_is_not_built_again() {
    let scratch = Scratch::new();
    let run = || scratch.report(&["run", &fixture("c-cmake"), "--output", "json"]);
    let first = run();
    let second = run();
    assert_eq!(second["prepared"]["reused"], true, "{}", second["prepared"]);
    let built = |report: &Value| {
        let steps = report["steps"].as_array().unwrap();
        steps.iter().any(|step| step["step"].as_str().unwrap().ends_with("build"))
    };
    assert!(built(&first) && !built(&second), "{}", second["steps"]);
    assert_eq!(second["tests"]["passed"], first["tests"]["passed"]);
}

/// The processes of a folder that do not end by themselves: the kernel takes a moment to carry
/// out the kills that follow a runner's death.
fn lasting_processes_of(folder: &Path) -> Vec<String> {
    for _ in 0..100 {
        if processes_of(folder).is_empty() {
            return Vec::new();
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    processes_of(folder)
}

/// Processes of this machine whose command line or working folder names `folder`.
fn processes_of(folder: &Path) -> Vec<String> {
    let name = folder.to_string_lossy().into_owned();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let pid = entry.file_name().to_string_lossy().into_owned();
        if !pid.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let mounts = std::fs::read_to_string(entry.path().join("mountinfo")).unwrap_or_default();
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if mounts.contains(&name) || line.contains(&name) {
            found.push(format!("{pid}: {line}"));
        }
    }
    found
}
