//! Ctrl-C: everything the run started ends, the run stays, and resuming repeats nothing finished.

#![expect(clippy::disallowed_methods, reason = "test code")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::common::Scratch;
use crate::trees::{processes_of, shell_tree};
use serde_json::Value;

#[test]
fn ctrl_c_ends_what_was_started_and_the_run_can_be_resumed() {
    let scratch = Scratch::new();
    // Long enough to be met at work.
    let tree = shell_tree(&scratch, "sleep 5; ./tests/run.sh");
    let mut child = scratch
        .command(&["run", &tree, "--output", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    while !started(&next(), "shell.test") {}
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    while !next()["text"].as_str().is_some_and(|text| text.contains("Ctrl-C again")) {}
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{errors}");
    assert_eq!(processes_of(scratch.folder()), Vec::<String>::new());
    let hint = errors.lines().find(|line| line.contains("hint:")).unwrap();
    let id = hint.split("resume ").nth(1).unwrap().split('`').next().unwrap();

    let output = scratch.run(&["resume", id, "--output", "jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(events.last().unwrap()["verdict"]["rung"], "tested");
    assert!(events.iter().any(|event| started(event, "shell.test")));
    assert!(!events.iter().any(|event| started(event, "shell.start")), "it had ended well");
}

fn started(event: &Value, step: &str) -> bool {
    event["event"] == "step-started" && event["step"] == step
}
