//! Options of `run` that reach into the steps: variables, trust, and how much is printed.

use std::fs;

use crate::common::{Scratch, fixture};
use crate::trees::shell_tree;

#[test]
fn variables_of_a_file_reach_the_steps_and_those_of_the_command_line_win() {
    let scratch = Scratch::new();
    let tree = shell_tree(&scratch, "test \"$FIRST/$SECOND/$THIRD\" = 'one two/2/3'");
    let file = scratch.folder().join("variables");
    fs::write(&file, "# a note\nexport FIRST=\"one two\"\nSECOND=0\n\nTHIRD='3'\n").unwrap();
    let file = file.to_str().unwrap();
    let given = ["run", &tree, "--env-file", file, "--env", "SECOND=2", "--output", "json"];
    let report = scratch.report(&given);
    assert_eq!(report["tests"]["passed"], 1, "{}", report["failures"]);
    let report = scratch.report(&["run", &tree, "--env-file", file, "--output", "json"]);
    assert_eq!(report["tests"]["failed"], 1, "{}", report["tests"]);

    let refused = scratch.run(&["run", &tree, "--env-file", "/no/such/file"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("/no/such/file"), "{refused:?}");
}

#[test]
fn trust_opens_the_host_and_credentials_and_nothing_less_does() {
    let scratch = Scratch::new();
    let user = scratch.folder().join("user");
    fs::create_dir(&user).unwrap();
    let settings = "registry=https://npm.example.org/\n//npm.example.org/:_authToken=s3cret\n";
    fs::write(user.join(".npmrc"), settings).unwrap();
    let tree = shell_tree(&scratch, "sed 's/s3cret/the\\x20key/' ~/.npmrc");
    let log = |more: &[&str]| {
        let arguments = [&["run", tree.as_str(), "--output", "json"], more].concat();
        let output = scratch.command(&arguments).env("HOME", &user).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let id = report["run_id"].as_str().unwrap().to_owned();
        let log = scratch.run(&["logs", &id, "--step", "test"]);
        (report, String::from_utf8_lossy(&log.stdout).into_owned())
    };
    let (report, text) = log(&[]);
    assert!(text.contains("npm.example.org") && !text.contains("the key"), "{text}");
    assert_eq!(report["enforcement"]["backend"], "bubblewrap");
    let (report, text) = log(&["--trust"]);
    assert!(text.contains("the key"), "{text}");
    assert_eq!(report["enforcement"]["backend"], "bubblewrap", "trust alone opens no sandbox");
    let (report, _) = log(&["--trust", "--executor", "host"]);
    assert_eq!(report["verdict"]["rung"], "tested", "{}", report["failures"]);
    assert_eq!(report["enforcement"]["level"], "none", "{}", report["enforcement"]);
}

#[test]
fn quiet_prints_the_verdict_and_verbose_every_line_of_every_step() {
    let scratch = Scratch::new();
    let tree = shell_tree(&scratch, "printf 'a line of the suite\\n'");
    let said = |more: &[&str]| {
        let output = scratch.run(&[&["run", tree.as_str()], more].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    };
    let (out, errors) = said(&["--verbose"]);
    assert!(out.contains("GREEN") && !out.contains("a line of the suite"), "{out}");
    assert!(errors.contains("a line of the suite") && errors.contains("[11/12]"), "{errors}");
    let (out, errors) = said(&[]);
    assert!(out.contains("GREEN") && errors.contains("[11/12]"), "{errors}");
    assert!(!errors.contains("a line of the suite"), "{errors}");
    let (out, errors) = said(&["--quiet"]);
    assert!(out.contains("GREEN") && errors.is_empty(), "{errors}");
    let both = scratch.run(&["run", &fixture("shell-plain"), "--quiet", "--verbose"]);
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn a_suite_that_refuses_root_runs_because_nothing_runs_as_root_by_itself() {
    let scratch = Scratch::new();
    let suite = fixture("broken-shell-root");
    let run = ["run", suite.as_str(), "--output", "json", "--budget", "0"];
    let report = scratch.report(&run);
    assert_eq!(report["verdict"]["rung"], "tested", "{}", report["failures"]);
    // Only root can show what it would be without: the host executor changes no user.
    if report["environment"]["root"] == true {
        let report = scratch.report(&[&run[..], &["--trust", "--executor", "host"]].concat());
        assert_ne!(report["verdict"]["rung"], "tested", "{}", report["tests"]);
        assert_eq!(report["failures"][0]["cause"], "needs-privilege", "{}", report["failures"]);
    }
}
