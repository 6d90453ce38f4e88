//! The runner itself: killed, or not root.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rr_core::{CancelToken, SandboxBackend as _};
use rr_sandbox::Bubblewrap;

use crate::common::{
    Collected, Sandbox, bwrap, eventually, policy, process_with, shell, start, unique,
};

#[expect(clippy::disallowed_methods, reason = "stands for a runner that is another process")]
fn this_program() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

#[test]
#[ignore = "not a test: the runner that `a_killed_runner_leaves_nothing` kills"]
fn holds_a_sandbox_open() {
    let sandbox = Sandbox::open();
    sandbox.sh("echo done > step; rm README");
    let word = unique(43210);
    let service = start(&sandbox, &format!("setsid sleep {word} & sleep {word}"));
    println!("holding {} {}", service.identity().0, sandbox.folder.path().display());
    sandbox.sh(&format!("setsid sleep {word} & sleep {word}"));
}

#[test]
fn a_killed_runner_leaves_nothing() {
    let mut runner = this_program()
        .args(["--ignored", "--exact", "runner::holds_a_sandbox_open", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let word = format!("43210{:08}", runner.id());
    let mut lines = BufReader::new(runner.stdout.take().unwrap()).lines();
    let line = lines.find_map(|line| line.ok().filter(|line| line.contains("holding "))).unwrap();
    let mut words = line.split_once("holding ").unwrap().1.split(' ');
    let (init, folder) = (words.next().unwrap(), words.next().unwrap().to_owned());
    eventually("the running command", || (count_with(&word) >= 4).then_some(()));
    runner.kill().unwrap();
    runner.wait().unwrap();
    eventually("the end of everything", || process_with(&word).is_none().then_some(()));
    let init = format!("/proc/{init}");
    eventually("the end of the first process", || (!Path::new(&init).exists()).then_some(()));
    // A later runner goes on with the tree as it was.
    let executor = Bubblewrap::new(bwrap()).open(policy(Path::new(&folder))).unwrap();
    let (sink, cancel) = (Arc::new(Collected::default()), CancelToken::default());
    let outcome = executor.run(&shell("ls; cat step"), sink, &cancel).unwrap();
    assert_eq!(outcome.tail, "step\ndone\n");
    drop(executor);
    std::fs::remove_dir_all(folder).unwrap();
}

fn count_with(word: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            line.starts_with(b"sleep\0") && String::from_utf8_lossy(&line).contains(word)
        })
        .count()
}

/// Runs tests again, started by these words.
fn run_again(words: &[&str], names: &[&str], owner: u32) {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(folder.path(), Some(owner), Some(owner)).unwrap();
    let program = folder.path().join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    #[expect(clippy::disallowed_methods, reason = "stands for a runner that is another user's")]
    let output = Command::new(words[0])
        .args(&words[1..])
        .arg(&program)
        .args(names)
        .env("TMPDIR", folder.path())
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("test result: ok") && !said.contains("running 0 tests"), "{said}");
}

/// All that an unprivileged user may expect: no control groups, so no limits by them.
#[test]
fn sandboxes_hold_without_root() {
    if rustix::process::geteuid().is_root() {
        let words = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        let names = [
            "commands::",
            "forwarder::",
            "isolation::",
            "layers::",
            "services::",
            "snapshots::",
            "limits::a_timeout",
            "limits::children_left",
            "limits::file_sizes",
        ];
        run_again(&words, &names, 65_534);
    }
}

/// A root whose user namespace holds no other user.
#[test]
fn sandboxes_hold_for_a_containers_root() {
    if rustix::process::geteuid().is_root() {
        let words = ["/usr/bin/unshare", "--user", "--map-root-user"];
        run_again(&words, &["isolation::", "limits::", "snapshots::"], 0);
    }
}

#[test]
#[ignore = "not a test: run by `a_host_without_namespaces_is_told` where there are none"]
fn opening_fails_clearly() {
    let folder = tempfile::tempdir().unwrap();
    let result = Bubblewrap::new(bwrap()).open(policy(folder.path()));
    let error = result.err().unwrap().to_string();
    assert!(error.contains("does not allow new namespaces"), "{error}");
}

#[test]
fn a_host_without_namespaces_is_told() {
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all \
                  --inh-caps=-all --no-new-privs \"$@\" --ignored --exact";
    let words = ["/usr/bin/unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"];
    run_again(&words, &["runner::opening_fails_clearly"], 0);
}
