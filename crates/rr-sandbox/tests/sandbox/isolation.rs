//! What a command cannot reach, and what the host refuses to follow.

use std::path::Path;

use crate::common::{Sandbox, shell};
use rr_core::{EnforcementLevel, ExecError, Exit};

#[test]
fn the_hosts_secrets_and_homes_are_not_there() {
    let sandbox = Sandbox::open();
    for path in ["/etc/shadow", "/etc/sudoers", "/root/.bashrc", "/etc/ssh/sshd_config"] {
        let outcome = sandbox.sh(&format!("cat {path}"));
        assert!(!outcome.exit.success(), "{path} was read: {}", outcome.tail);
    }
    let host = sandbox.folder.path().display().to_string();
    assert!(!sandbox.sh(&format!("ls {host}")).exit.success());
    assert_eq!(sandbox.sh("ls -A /root /home").tail, "/home:\nrunner\n\n/root:\n");
}

#[test]
fn nothing_outside_the_tree_can_be_written() {
    let sandbox = Sandbox::open();
    for path in ["/usr/x", "/etc/x", "/x", "/tools/x", "/caches/x", "/proc/sys/kernel/hostname"] {
        let outcome = sandbox.sh(&format!("echo 1 > {path}"));
        assert!(!outcome.exit.success(), "{path} was written");
    }
    for path in ["/workspace/x", "/env/x", "/home/runner/x", "/reports/x", "/tmp/x", "/dev/shm/x"] {
        let outcome = sandbox.sh(&format!("echo 1 > {path}"));
        assert!(outcome.exit.success(), "{path}: {}", outcome.tail);
    }
}

#[test]
fn commands_have_no_privileges() {
    let sandbox = Sandbox::open();
    let outcome = sandbox.sh("id -u; grep -E '^(CapEff|CapPrm|NoNewPrivs)' /proc/self/status");
    assert!(!outcome.tail.starts_with("0\n"), "{}", outcome.tail);
    assert!(outcome.tail.contains("CapEff:\t0000000000000000"), "{}", outcome.tail);
    assert!(outcome.tail.contains("CapPrm:\t0000000000000000"), "{}", outcome.tail);
    assert!(outcome.tail.contains("NoNewPrivs:\t1"), "{}", outcome.tail);
}

#[test]
fn a_command_as_root_has_few_capabilities() {
    let sandbox = Sandbox::open();
    let mut spec =
        shell("id -u; touch f && chown 5 f; mount -t tmpfs x /mnt; echo $?; cat /etc/shadow");
    spec.as_root = true;
    let outcome = sandbox.run(&spec);
    assert!(outcome.tail.starts_with("0\n"), "{}", outcome.tail);
    assert!(!outcome.tail.contains("\n0\n"), "mounting worked: {}", outcome.tail);
    assert!(outcome.tail.contains("/etc/shadow: No such file"), "{}", outcome.tail);
}

#[test]
fn the_kernels_settings_are_out_of_roots_reach() {
    let sandbox = Sandbox::open();
    let mut spec = shell(
        "cd /proc/sys; for f in kernel/hostname vm/swappiness net/ipv4/ip_forward; do \
                          cat $f > /tmp/v && cp /tmp/v $f && echo wrote $f; done; \
                          cat /proc/keys && echo told; echo b > /proc/sysrq-trigger && echo wrote; \
                          mount -t proc p /mnt; mknod /tmp/n c 1 3 && echo made",
    );
    spec.as_root = true;
    let outcome = sandbox.run(&spec);
    for done in ["wrote", "made", "told"] {
        assert!(!outcome.tail.contains(done), "{}", outcome.tail);
    }
}

#[test]
fn what_root_made_can_be_changed_by_later_commands() {
    let sandbox = Sandbox::open();
    let mut spec =
        shell("mkdir -p made/deep; echo 1 > made/deep/f; ln -s /etc/passwd made/l; touch ~/h");
    spec.as_root = true;
    assert!(sandbox.run(&spec).exit.success());
    let outcome = sandbox.sh("echo 2 > made/deep/f && rm -r made ~/h");
    assert!(outcome.exit.success(), "{}", outcome.tail);
}

#[test]
fn a_preloaded_library_is_not_seen_by_privileged_parts() {
    let sandbox = Sandbox::open();
    let mut spec = shell("true");
    spec.env.insert("LD_PRELOAD".into(), "/workspace/evil.so".into());
    let outcome = sandbox.run(&spec);
    // The loader complains in each program that sees the variable: the command and nobody before.
    assert_eq!(outcome.tail.matches("evil.so").count(), 1, "{}", outcome.tail);
}

#[test]
fn other_processes_are_not_visible() {
    let sandbox = Sandbox::open();
    let outcome =
        sandbox.sh("ls /proc | grep -c '^[0-9]'; cat /proc/1/environ; ps -e 2>/dev/null | wc -l");
    let count: u32 = outcome.tail.lines().next().unwrap().parse().unwrap();
    assert!(count < 8, "{}", outcome.tail);
}

#[test]
fn links_out_of_the_tree_are_refused() {
    let sandbox = Sandbox::open();
    sandbox.sh("ln -s /etc/passwd link; ln -s /etc folder; mkfifo pipe; mkdir sub; echo x > sub/f");
    for path in ["/workspace/link", "/workspace/folder/passwd", "/workspace/pipe", "/workspace/sub"]
    {
        let result = sandbox.executor.read_file(Path::new(path), 1 << 20);
        assert!(matches!(result, Err(ExecError::Path { .. })), "{path}: {result:?}");
    }
    for path in ["/etc/passwd", "/workspace/../etc/passwd", "relative"] {
        let result = sandbox.executor.read_file(Path::new(path), 1 << 20);
        assert!(matches!(result, Err(ExecError::Path { .. })), "{path}: {result:?}");
    }
    let result = sandbox.executor.write_file(Path::new("/workspace/folder/x"), b"x", false);
    assert!(result.is_err(), "wrote through a link");
    let read = sandbox.executor.read_file(Path::new("/workspace/sub/f"), 2).unwrap();
    assert_eq!(read, b"x\n");
    assert!(sandbox.executor.read_file(Path::new("/workspace/sub/f"), 1).is_err(), "over the cap");
}

#[test]
fn files_are_written_listed_and_read_through_the_executor() {
    let sandbox = Sandbox::open();
    let executor = &sandbox.executor;
    executor
        .write_file(Path::new("/workspace/a/b/run.sh"), b"#!/bin/sh\necho ran\n", true)
        .unwrap();
    executor.write_file(Path::new("/reports/one/junit.xml"), b"<x/>", false).unwrap();
    let outcome =
        sandbox.sh("./a/b/run.sh && echo more >> a/b/run.sh && touch a/b/new /reports/one/x");
    assert_eq!(outcome.tail, "ran\n");
    let found = executor.glob(Path::new("/reports"), "**/*.xml").unwrap();
    assert_eq!(found, [Path::new("/reports/one/junit.xml")]);
    let found = executor.glob(Path::new("/workspace"), "a/*/run.*").unwrap();
    assert_eq!(found, [Path::new("/workspace/a/b/run.sh")]);
    assert!(executor.glob(Path::new("/workspace"), "a/*.sh").unwrap().is_empty());
    executor.clear_reports().unwrap();
    assert!(executor.glob(Path::new("/reports"), "**").unwrap().is_empty());
    assert!(sandbox.sh("touch /reports/again").exit.success());
}

#[test]
fn the_report_says_what_is_enforced() {
    let sandbox = Sandbox::open();
    let enforcement = sandbox.executor.enforcement();
    let item = |name: &str| enforcement.items.iter().find(|item| item.name == name).unwrap();
    assert!(item("unprivileged user").enforced);
    assert!(!item("seccomp filter").enforced);
    let mounts = &item("mount namespace").detail;
    assert!(!mounts.contains("anew for each command"), "{mounts}");
    let limited = item("memory limit").enforced && item("process limit").enforced;
    assert_eq!(enforcement.level == EnforcementLevel::Sandboxed, limited);
    let unlimited = Sandbox::with(|policy| policy.limits.memory = None);
    assert_eq!(unlimited.executor.enforcement().level, EnforcementLevel::Partial);
}

#[test]
fn a_closed_sandbox_starts_nothing() {
    let sandbox = Sandbox::open();
    assert_eq!(sandbox.sh("true").exit, Exit::Code(0));
    sandbox.executor.close();
    let result = sandbox.executor.run(
        &shell("true"),
        std::sync::Arc::new(crate::common::Collected::default()),
        &rr_core::CancelToken::default(),
    );
    assert!(result.is_err());
    assert!(sandbox.executor.read_file(Path::new("/workspace/README"), 10).is_err());
}
