//! Limits, and that nothing survives its command.

use std::sync::Arc;
use std::time::Duration;

use crate::common::{Collected, Sandbox, eventually, process_with, shell, unique};
use rr_core::{CancelToken, Exit};

#[test]
fn a_timeout_kills_detached_children_too() {
    let word = unique(54321);
    let sandbox = Sandbox::open();
    let mut spec = shell(&format!("setsid sleep {word} & trap '' TERM; sleep {word}"));
    spec.timeout = Duration::from_secs(1);
    let outcome = sandbox.run(&spec);
    assert_eq!(outcome.exit, Exit::TimedOut);
    assert_eq!(process_with(&word), None);
}

#[test]
fn children_left_behind_are_killed_and_reported() {
    let word = unique(65432);
    let sandbox = Sandbox::open();
    let outcome = sandbox.sh(&format!("setsid sleep {word} & echo done"));
    assert_eq!(outcome.exit, Exit::Code(0));
    assert_eq!(outcome.tail, "done\n");
    assert!(outcome.left_processes);
    assert_eq!(process_with(&word), None);
}

#[test]
fn cancelling_kills() {
    let sandbox = Sandbox::open();
    let cancel = CancelToken::default();
    let other = cancel.clone();
    let sink = Arc::new(Collected::default());
    let seen = Arc::clone(&sink);
    let waiting = std::thread::spawn(move || {
        eventually("start", || (!seen.0.lock().unwrap().is_empty()).then_some(()));
        other.cancel();
    });
    let outcome = sandbox.executor.run(&shell("echo up; sleep 100"), sink, &cancel).unwrap();
    waiting.join().unwrap();
    assert_eq!(outcome.exit, Exit::Cancelled);
}

#[test]
fn memory_that_runs_out_is_told() {
    let sandbox = Sandbox::with(|policy| policy.limits.memory = Some(200 << 20));
    let outcome = sandbox.sh("python3 -c 'x = bytearray(b\"x\" * (600 << 20)); print(len(x))'");
    assert_eq!(outcome.exit, Exit::OutOfMemory, "{}", outcome.tail);
    assert!(outcome.peak_memory.unwrap() > 100 << 20);
    assert_eq!(sandbox.sh("true").exit, Exit::Code(0));
}

#[test]
fn a_fork_bomb_is_stopped() {
    let sandbox = Sandbox::with(|policy| policy.limits.processes = Some(60));
    let mut spec = shell("b() { b | b & b; }; b; sleep 1; echo end");
    spec.timeout = Duration::from_secs(60);
    let outcome = sandbox.run(&spec);
    assert!(outcome.tail.contains("esource temporarily unavailable"), "{}", outcome.tail);
    assert_eq!(sandbox.sh("true").exit, Exit::Code(0));
}

#[test]
fn file_sizes_and_open_files_are_limited() {
    let sandbox = Sandbox::with(|policy| {
        policy.limits.file_size = Some(1 << 20);
        policy.limits.open_files = Some(100);
    });
    let outcome =
        sandbox.sh("head -c 3000000 /dev/zero > big; stat -c %s big; ulimit -n; ulimit -c");
    assert!(outcome.tail.ends_with("1048576\n100\n0\n"), "{}", outcome.tail);
}

#[test]
fn control_groups_are_removed() {
    let sandbox = Sandbox::open();
    sandbox.sh("true");
    drop(sandbox);
    let own = format!("{}-", std::process::id());
    let groups = std::path::Path::new("/sys/fs/cgroup/pids/repo-runner");
    let left = std::fs::read_dir(groups).into_iter().flatten().flatten();
    // Other tests of this process run at the same time: theirs may be there, but not many.
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with(&own));
    assert!(left.count() < 10);
}
