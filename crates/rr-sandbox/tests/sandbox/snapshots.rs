//! Snapshots, going back, and environments that another run uses.

use std::path::Path;

use rr_core::ExecError;
use rr_sandbox::Bubblewrap;

use crate::common::{Sandbox, bwrap, policy, start};

fn both() -> [(Sandbox, &'static str); 2] {
    let copied = Bubblewrap::new(bwrap()).without_overlay();
    [(Sandbox::open(), "overlay"), (Sandbox::on(&copied, |_| {}), "copy")]
}

#[test]
fn going_back_restores_what_was_changed_added_and_removed() {
    for (sandbox, kind) in both() {
        sandbox.sh("mkdir d; echo 1 > d/f; echo old > ~/h");
        let first = sandbox.executor.snapshot().unwrap();
        sandbox.sh("echo 2 > d/f; rm README; touch new; rm -r ~/h; mv d e");
        let second = sandbox.executor.snapshot().unwrap();
        assert_ne!(first, second, "{kind}");
        sandbox.sh("rm -rf e");
        sandbox.executor.rollback(second).unwrap();
        assert_eq!(sandbox.sh("ls; cat e/f").tail, "e\nnew\n2\n", "{kind}");
        sandbox.executor.rollback(first).unwrap();
        let outcome = sandbox.sh("ls; cat d/f ~/h");
        assert_eq!(outcome.tail, "README\nd\n1\nold\n", "{kind}");
        let left = sandbox.executor.read_file(Path::new("/workspace/d/f"), 10).unwrap();
        assert_eq!(left, b"1\n", "{kind}");
        assert!(sandbox.executor.rollback(99).is_err(), "{kind}");
    }
}

#[test]
fn going_back_twice_to_the_same_snapshot_works() {
    for (sandbox, kind) in both() {
        sandbox.sh("echo 1 > f");
        let snapshot = sandbox.executor.snapshot().unwrap();
        for _ in 0..2 {
            sandbox.sh("echo 2 > f; touch g");
            sandbox.executor.rollback(snapshot).unwrap();
            assert_eq!(sandbox.sh("cat f; ls").tail, "1\nREADME\nf\n", "{kind}");
        }
    }
}

#[test]
fn a_snapshot_is_refused_while_a_service_runs() {
    let sandbox = Sandbox::open();
    let process = start(&sandbox, "sleep 100");
    let result = sandbox.executor.snapshot();
    assert!(matches!(result, Err(ExecError::Unsupported { .. })), "{result:?}");
    process.stop();
    sandbox.executor.snapshot().unwrap();
}

#[test]
fn frozen_folders_can_be_renamed() {
    let sandbox = Sandbox::open();
    sandbox.sh("mkdir -p node_modules/a/b; echo 1 > node_modules/a/b/c");
    sandbox.executor.snapshot().unwrap();
    let script = "import os; os.rename('node_modules/a', 'node_modules/.a-x1')";
    let outcome = sandbox.sh(&format!("python3 -c \"{script}\" && cat node_modules/.a-x1/b/c"));
    let items = sandbox.executor.enforcement().items;
    let tree = items.iter().find(|item| item.name == "writable tree").unwrap();
    // Overlays in user namespaces cannot record renames; the report says so.
    let expected = if tree.detail.contains("cannot be renamed") { "cross-device" } else { "1\n" };
    assert!(outcome.tail.contains(expected), "{}", outcome.tail);
}

#[test]
fn a_later_process_finds_the_tree_as_it_was_left() {
    for (sandbox, kind) in both() {
        sandbox.sh("echo 1 > f");
        let snapshot = sandbox.executor.snapshot().unwrap();
        sandbox.sh("echo 2 > f");
        sandbox.executor.close();
        let backend = Bubblewrap::new(bwrap());
        let again = rr_core::SandboxBackend::open(&backend, policy(sandbox.folder.path())).unwrap();
        let again = Sandbox { folder: sandbox.folder, executor: again };
        assert_eq!(again.sh("cat f README").tail, "2\nhello\n", "{kind}");
        again.executor.rollback(snapshot).unwrap();
        assert_eq!(again.sh("cat f").tail, "1\n", "{kind}");
    }
}

#[test]
fn an_exported_environment_serves_another_run() {
    for (sandbox, kind) in both() {
        let store = tempfile::tempdir_in(sandbox.folder.path().parent().unwrap()).unwrap();
        let prepared = store.path().join("prepared");
        sandbox.sh("mkdir -p /env/venv/bin; echo lib > /env/venv/bin/x; rm README; touch built");
        sandbox.executor.snapshot().unwrap();
        sandbox.sh("echo more >> /env/venv/bin/x; mkdir /env/venv/later; rm built; mkdir built; touch built/y");
        sandbox.executor.export_prepared(&prepared).unwrap();
        // The exporting run goes on above what it exported.
        let expected = "lib\nmore\nlater\nbuilt\ny\n";
        let look = "cat /env/venv/bin/x; ls -d /env/venv/later | xargs basename; ls; ls built";
        assert_eq!(sandbox.sh(look).tail, expected, "{kind}");
        sandbox.sh("echo private > /env/venv/bin/x");
        let other = Sandbox::with(|policy| policy.snapshots = vec![prepared.clone()]);
        assert_eq!(other.sh(look).tail, expected, "{kind}");
        let outcome = other.sh("echo ours >> /env/venv/bin/x; tail -1 /env/venv/bin/x");
        assert_eq!(outcome.tail, "ours\n", "{kind}");
        let third = Sandbox::with(|policy| policy.snapshots = vec![prepared.clone()]);
        assert_eq!(third.sh(look).tail, expected, "{kind}");
    }
}

#[test]
fn an_exported_environment_serves_a_run_that_copies() {
    let sandbox = Sandbox::open();
    let store = tempfile::tempdir_in(sandbox.folder.path().parent().unwrap()).unwrap();
    let prepared = store.path().join("prepared");
    sandbox.sh("rm README; echo 1 > /env/x");
    sandbox.executor.export_prepared(&prepared).unwrap();
    let backend = Bubblewrap::new(bwrap()).without_overlay();
    let other = Sandbox::on(&backend, |policy| policy.snapshots = vec![prepared.clone()]);
    assert_eq!(other.sh("ls; cat /env/x").tail, "1\n");
}
