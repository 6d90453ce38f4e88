//! Commands in a sandbox: streams, statuses, environment.

use std::sync::Arc;

use crate::common::{Collected, Sandbox, shell};
use rr_core::{CancelToken, ExecError, Exit};

#[test]
fn output_and_status_of_a_command() {
    let sandbox = Sandbox::open();
    let outcome = sandbox.sh("cat README; echo oops >&2; exit 3");
    assert_eq!(outcome.tail, "hello\noops\n");
    assert_eq!(outcome.exit, Exit::Code(3));
    assert_eq!(outcome.output_bytes, 11);
    assert!(outcome.head.is_empty());
    assert!(!outcome.left_processes);
}

#[test]
fn a_signal_is_told_from_a_status_above_128() {
    let sandbox = Sandbox::open();
    assert_eq!(sandbox.sh("kill -SEGV $$").exit, Exit::Signal(11));
    assert_eq!(sandbox.sh("exit 139").exit, Exit::Code(139));
}

#[test]
fn a_missing_program_is_status_127_and_named() {
    let sandbox = Sandbox::open();
    let mut spec = shell("");
    spec.argv = vec!["no-such-program".into()];
    let outcome = sandbox.run(&spec);
    assert_eq!(outcome.exit, Exit::Code(127));
    assert!(outcome.tail.contains("no-such-program"), "{}", outcome.tail);
}

#[test]
fn a_missing_folder_is_an_error_of_the_sandbox() {
    let sandbox = Sandbox::open();
    let mut spec = shell("true");
    spec.cwd = "@{workspace}/nowhere".into();
    let result =
        sandbox.executor.run(&spec, Arc::new(Collected::default()), &CancelToken::default());
    let Err(ExecError::Start { reason, .. }) = result else { panic!("{result:?}") };
    assert!(reason.contains("nowhere"), "{reason}");
}

#[test]
fn standard_input_is_given() {
    let sandbox = Sandbox::open();
    let mut spec = shell("wc -c");
    spec.stdin = vec![b'x'; 100_000];
    assert_eq!(sandbox.run(&spec).tail.trim(), "100000");
    assert_eq!(sandbox.sh("wc -c").tail.trim(), "0");
}

#[test]
fn a_terminal_is_given_when_asked_for() {
    let sandbox = Sandbox::open();
    let mut spec = shell("test -t 0 && test -t 1 && tty </dev/tty && stty size");
    spec.tty = true;
    let outcome = sandbox.run(&spec);
    assert_eq!(outcome.exit, Exit::Code(0), "{}", outcome.tail);
    assert!(outcome.tail.contains("24 80"), "{}", outcome.tail);
    assert_eq!(sandbox.sh("test -t 1").exit, Exit::Code(1));
}

#[test]
fn only_the_given_environment_is_seen() {
    let sandbox = Sandbox::with(|policy| {
        policy.env.insert("FROM_POLICY".into(), "@{caches}/x".into());
        policy.env.insert("PATH".into(), "/usr/bin:/bin".into());
    });
    let mut spec = shell("env");
    spec.env.insert("FROM_PLAN".into(), "a b='c'\n$HOME".into());
    spec.path = vec!["@{env}/venv/bin".into()];
    let outcome = sandbox.run(&spec);
    assert!(outcome.tail.contains("FROM_POLICY=/caches/x\n"), "{}", outcome.tail);
    assert!(outcome.tail.contains("FROM_PLAN=a b='c'\n$HOME\n"), "{}", outcome.tail);
    assert!(outcome.tail.contains("PATH=/env/venv/bin:/usr/bin:/bin\n"), "{}", outcome.tail);
    assert!(outcome.tail.contains("HOME=/home/runner\n"), "{}", outcome.tail);
    assert!(outcome.tail.contains("USER=runner\n"), "{}", outcome.tail);
    assert!(!outcome.tail.contains("CARGO"), "{}", outcome.tail);
    assert!(!outcome.tail.contains("RR_"), "{}", outcome.tail);
}

#[test]
fn long_output_is_counted_and_kept_at_both_ends() {
    let sandbox = Sandbox::with(|policy| policy.limits.output = 100_000);
    let sink = Arc::new(Collected::default());
    let spec = shell("echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last");
    let outcome =
        sandbox.executor.run(&spec, Arc::clone(&sink) as _, &CancelToken::default()).unwrap();
    assert_eq!(outcome.output_bytes, 3_000_012);
    assert!(outcome.head.starts_with("first\n"));
    assert_eq!(outcome.head.len(), 16 << 10);
    assert!(outcome.tail.ends_with("\nlast\n"));
    assert_eq!(outcome.tail.len(), 64 << 10);
    assert_eq!(sink.0.lock().unwrap().len(), 100_000);
}

#[test]
fn commands_share_the_tree_and_the_temporary_folder() {
    let sandbox = Sandbox::open();
    sandbox.sh("echo 1 > made; echo 2 > /tmp/made; echo 3 > $HOME/made; echo 4 > /env/made");
    let outcome = sandbox.sh("cat made /tmp/made ~/made /env/made; id -un; pwd; hostname");
    assert_eq!(outcome.tail, "1\n2\n3\n4\nrunner\n/workspace\nsandbox\n");
    let base = sandbox.folder.path().join("base/repo/made");
    assert!(!base.exists(), "the clean source was changed");
}

#[test]
fn many_commands_at_the_same_time_do_not_mix() {
    let sandbox = Sandbox::open();
    let before = open_descriptors();
    std::thread::scope(|scope| {
        for worker in 0..6 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for round in 0..5 {
                    let mut spec = shell("cat; echo $N");
                    spec.env.insert("N".into(), format!("{worker}-{round}"));
                    spec.stdin = format!("{worker}:").into_bytes();
                    let outcome = sandbox.run(&spec);
                    assert_eq!(outcome.tail, format!("{worker}:{worker}-{round}\n"));
                }
            });
        }
    });
    // Other tests open some at the same time; a leak here would be of hundreds.
    assert!(open_descriptors() < before + 150);
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
