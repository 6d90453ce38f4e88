//! The runner itself: killed, or not root.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{Sandbox, eventually, process_with, start};

#[expect(clippy::disallowed_methods, reason = "stands for a runner that is another process")]
fn this_program() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

#[test]
#[ignore = "not a test: the runner that `a_killed_runner_leaves_nothing` kills"]
fn holds_a_sandbox_open() {
    let sandbox = Sandbox::open();
    let service = start(&sandbox, "setsid sleep 43210 & sleep 43210");
    println!("holding {} {}", service.identity().0, sandbox.folder.path().display());
    sandbox.sh("setsid sleep 43210 & sleep 43210");
}

#[test]
fn a_killed_runner_leaves_nothing() {
    let mut runner = this_program()
        .args(["--ignored", "--exact", "runner::holds_a_sandbox_open", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(runner.stdout.take().unwrap()).lines();
    let line = lines.find_map(|line| line.ok().filter(|line| line.contains("holding "))).unwrap();
    let mut words = line.split_once("holding ").unwrap().1.split(' ');
    let (init, folder) = (words.next().unwrap(), words.next().unwrap().to_owned());
    eventually("the running command", || (count_with("43210") >= 4).then_some(()));
    runner.kill().unwrap();
    runner.wait().unwrap();
    eventually("the end of everything", || process_with("43210").is_none().then_some(()));
    let init = format!("/proc/{init}");
    eventually("the end of the first process", || (!Path::new(&init).exists()).then_some(()));
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

/// Runs all other tests again as an unprivileged user. Left out: what needs control groups, which
/// that user may not make here.
#[test]
fn everything_else_holds_without_root() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(folder.path(), Some(65_534), Some(65_534)).unwrap();
    let program = folder.path().join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    #[expect(clippy::disallowed_methods, reason = "stands for a runner that is another user's")]
    let output = Command::new("/usr/bin/setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(&program)
        .args(["--skip", "runner::", "--skip", "limits::memory_that_runs_out_is_told"])
        .args(["--skip", "limits::a_fork_bomb_is_stopped"])
        .env("TMPDIR", folder.path())
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("test result: ok"), "{said}");
}
