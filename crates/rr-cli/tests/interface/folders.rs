//! Working folders that hold what must not be read: devices, pipes, sockets, links out of the tree.

#![expect(clippy::disallowed_methods, reason = "test code")]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::common::Scratch;
use crate::trees::shell_tree;

#[test]
fn what_is_no_file_is_never_opened_and_what_leads_out_leads_nowhere_and_both_are_said() {
    let scratch = Scratch::new();
    let secret = scratch.folder().join("outside.txt");
    fs::write(&secret, "not of this tree\n").unwrap();
    // The suite sees neither the pipe nor what the link leads to on the host.
    let tree =
        shell_tree(&scratch, "test ! -e pipe && test ! -e socket && test -L out && ! cat out");
    // Opening a pipe that nobody writes to would wait for ever.
    let folder = std::path::Path::new(&tree);
    let made = Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap();
    assert!(made.success());
    let _socket = UnixListener::bind(folder.join("socket")).unwrap();
    symlink(&secret, folder.join("out")).unwrap();
    let report = scratch.report(&["run", &tree, "--output", "json"]);
    assert_eq!(report["verdict"]["rung"], "tested", "{}", report["failures"]);
    assert_eq!(report["tests"]["passed"], 1, "{}", report["tests"]);
    let notes = report["plan"]["notes"].to_string();
    assert!(notes.contains("2 devices, pipes or sockets left out"), "{notes}");
    assert!(notes.contains("lead nowhere in the copy: out"), "{notes}");
    let shown = scratch.run(&["show"]);
    let screen = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(screen.contains("note: links that lead out of the folder"), "{screen}");
}

#[test]
fn a_device_where_a_manifest_belongs_is_not_read() {
    let scratch = Scratch::new();
    let tree = shell_tree(&scratch, "true");
    let manifest = std::path::Path::new(&tree).join("package.json");
    // As root a device of its own; as anybody else a link to one.
    let made = Command::new("mknod").arg(&manifest).args(["c", "1", "5"]).output().unwrap();
    if !made.status.success() {
        symlink("/dev/zero", &manifest).unwrap();
    }
    let report = scratch.report(&["run", &tree, "--until", "analyzed", "--output", "json"]);
    assert_eq!(report["verdict"]["rung"], "analyzed", "{}", report["failures"]);
    let notes = report["plan"]["notes"].to_string();
    assert!(notes.contains("left out") || notes.contains("lead nowhere"), "{notes}");
}
