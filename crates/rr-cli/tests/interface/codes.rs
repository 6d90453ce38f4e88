//! Every documented exit code is met by provoking what it stands for. 0, 1, 2 and 130 are met
//! beside the behaviour they belong to, in the other files here.

use std::fs;
use std::process::Stdio;

use crate::common::{Scratch, fixture};
use crate::trees::shell_tree;

fn told(scratch: &Scratch, arguments: &[&str]) -> (Option<i32>, String) {
    let output = scratch.run(arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_environment_that_cannot_give_what_is_needed_is_3() {
    let scratch = Scratch::new();
    // Nobody listens on the port for which the kernel keeps no service.
    let (code, errors) = told(&scratch, &["run", "https://127.0.0.1:1/owner/name.git"]);
    assert_eq!(code, Some(3), "{errors}");
    assert!(errors.contains("error: git clone failed") && errors.contains("hint:"), "{errors}");
}

#[test]
fn a_spent_repair_budget_is_4_and_so_is_a_spent_time_limit() {
    let scratch = Scratch::new();
    // A failure for which a remedy is known, and none allowed.
    let tree = shell_tree(&scratch, "echo 'bind: Address already in use'; exit 1");
    let output = scratch.run(&["run", &tree, "--budget", "0"]);
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(4), "{screen}");
    assert!(screen.contains("the repair budget is spent"), "{screen}");

    let tree = shell_tree(&scratch, "sleep 600");
    let output = scratch.run(&["run", &tree, "--timeout", "3s"]);
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(4), "{screen}");
    assert!(screen.contains("[timeout]"), "{screen}");
}

#[test]
fn files_of_ours_that_cannot_be_used_are_70_and_told_once() {
    let scratch = Scratch::new();
    fs::write(scratch.home(), "no folder").unwrap();
    let (code, errors) = told(&scratch, &["list"]);
    assert_eq!(code, Some(70), "{errors}");
    assert!(errors.contains(scratch.home().to_str().unwrap()), "{errors}");
    assert_eq!(errors.matches("Not a directory").count(), 1, "{errors}");

    fs::remove_file(scratch.home()).unwrap();
    assert_eq!(told(&scratch, &["list"]).0, Some(0));
    fs::write(scratch.home().join("repo-runner.db"), "no database").unwrap();
    let (code, errors) = told(&scratch, &["run", &fixture("shell-plain")]);
    assert_eq!(code, Some(70), "{errors}");
    assert!(errors.contains("repo-runner.db") && errors.contains("not a database"), "{errors}");
}

#[test]
fn a_report_that_was_damaged_is_70_and_names_its_file() {
    let scratch = Scratch::new();
    let run = ["run", &fixture("shell-plain"), "--until", "analyzed", "--output", "json"];
    let report = scratch.report(&run);
    let folder = scratch.home().join("runs").join(report["run_id"].as_str().unwrap());
    fs::write(folder.join("report.json"), "{\"half\":").unwrap();
    let (code, errors) = told(&scratch, &["show", "latest"]);
    assert_eq!(code, Some(70), "{errors}");
    assert!(errors.contains("report.json"), "{errors}");
}

#[test]
fn output_that_nobody_takes_is_70() {
    let scratch = Scratch::new();
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    for command in ["list", "schema"] {
        let mut list = scratch.command(&[command]);
        let output = list.stdout(full()).stderr(Stdio::piped()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(70), "{errors}");
        assert!(errors.contains("standard output") && errors.contains("No space"), "{errors}");
    }
}
