//! The command's interface: what it prints where, its exit codes, and what it never touches.

#![expect(clippy::unwrap_used, reason = "test code")]

mod codes;
#[path = "../common/mod.rs"]
mod common;
mod fixes;
mod folders;
mod hostile;
mod interrupt;
mod keep;
mod look;
mod model_server;
mod models;
mod options;
mod ports;
mod registry;
mod running;
mod schemas;
mod trees;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{Scratch, copy, fixture};
use serde_json::Value;

#[test]
fn json_output_is_one_report_and_nothing_else() {
    let scratch = Scratch::new();
    let output = scratch.run(&["run", &fixture("shell-plain"), "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"]["rung"], "tested");
    assert_eq!(report["phases"].as_array().unwrap().len(), 12);
    assert_eq!(report["tests"]["passed"], 1);
    assert_eq!(report["enforcement"]["backend"], "bubblewrap");
    let folder = scratch.home().join("runs").join(report["run_id"].as_str().unwrap());
    for file in [
        "run_state.json",
        "agent_state_EnvDetectorAgent.json",
        "agent_state_HealthAgent.json",
        "manager_state_PortManager.json",
        "junit.xml",
        "recipe.sh",
        "repo-runner.lock",
    ] {
        assert!(folder.join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn jsonl_output_is_one_event_a_line_and_the_report_last() {
    let scratch = Scratch::new();
    let output = scratch.run(&["run", &fixture("shell-plain"), "--output", "jsonl"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines[0]["event"], "run-started");
    let (report, events) = lines.split_last().unwrap();
    assert_eq!(events.last().unwrap()["event"], "run-ended");
    assert_eq!(report["verdict"]["green"], true);
}

#[test]
fn bad_input_is_refused_with_the_value_and_a_way_out() {
    let scratch = Scratch::new();
    for (arguments, texts) in [
        (vec!["run", "/no/such/folder"], vec!["/no/such/folder"]),
        (vec!["run", "--", "--upload-pack=touch /tmp/x"], vec!["--upload-pack"]),
        (vec!["run", "ext::sh -c id"], vec!["ext::"]),
        (vec!["run", "pypi:"], vec!["pypi:"]),
        (vec!["run", ".", "--until", "flying"], vec!["flying", "tested"]),
        (vec!["run", ".", "--env", "NOVALUE"], vec!["NOVALUE", "KEY=VALUE"]),
        (vec!["list", "--cache-limit", "7 apples"], vec!["7 apples", "unit of size"]),
        (vec!["run", ".", "--timeout", "5d"], vec!["5d", "90s"]),
        (vec!["run", ".", "--executor", "host"], vec!["--trust"]),
        (vec!["show", "rnosuchrun"], vec!["rnosuchrun", "list"]),
    ] {
        let output = scratch.run(&arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        for text in texts {
            assert!(errors.contains(text), "{arguments:?} does not say `{text}`: {errors}");
        }
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn nothing_above_the_asked_rung_is_claimed() {
    let scratch = Scratch::new();
    for rung in ["analyzed", "installed", "running"] {
        let arguments = ["run", &fixture("shell-plain"), "--until", rung, "--output", "json"];
        let report = scratch.report(&arguments);
        assert_eq!(report["verdict"]["rung"], rung);
        assert_eq!(report["verdict"]["green"], true, "{rung}");
        for record in report["rungs"].as_array().unwrap() {
            let tried = record["evidence"][0] != "not asked for";
            assert_eq!(record["proved"], tried, "{rung}: {record}");
        }
    }
}

#[test]
fn a_source_that_cannot_be_fetched_is_told_in_the_users_terms() {
    let scratch = Scratch::new();
    let folder = scratch.folder().join("app");
    copy(Path::new(&fixture("shell-plain")), &folder);
    for arguments in [
        &["init", "-q", "-b", "trunk"][..],
        &["add", "-A"],
        &["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "one"],
    ] {
        git(&folder, arguments);
    }
    let output = scratch.run(&["run", folder.to_str().unwrap(), "--ref", "nowhere"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    let told = errors.lines().find(|line| line.contains("error:")).unwrap();
    assert!(told.contains("`nowhere`") && !told.contains("fetch-source"), "{errors}");
    assert!(errors.contains("hint:") && errors.contains("trunk"), "{errors}");
    fs::File::create(folder.join("huge.bin")).unwrap().set_len(10 << 30).unwrap();
    let output = scratch.run(&["run", folder.to_str().unwrap()]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("huge.bin") && errors.contains("4 GiB"), "{errors}");
    git(&folder, &["checkout", "-q", "-b", "other"]);
    fs::remove_file(folder.join("huge.bin")).unwrap();
    let run = ["run", folder.to_str().unwrap(), "--ref", "other", "--until", "analyzed"];
    let screen = String::from_utf8(scratch.run(&run).stdout).unwrap();
    assert!(screen.contains("--ref other"), "the next command names another tree: {screen}");
}

#[test]
fn a_package_that_is_not_there_is_answered_with_those_that_are() {
    let scratch = Scratch::new();
    let output = scratch.run(&["plan", &fixture("shell-plain"), "--package", "nowhere"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_ne!(output.status.code(), Some(0));
    assert!(errors.contains("nowhere"), "{errors}");
}

#[test]
fn the_users_tree_is_never_modified() {
    let scratch = Scratch::new();
    let tree = scratch.folder().join("tree");
    common::copy(fixture("shell-plain").as_ref(), &tree);
    fs::write(tree.join("Makefile"), ".PHONY: test\ntest:\n\t./tests/run.sh && touch made\n")
        .unwrap();
    let before = contents(&tree);
    let output = scratch.run(&["run", tree.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(contents(&tree), before);
}

#[test]
fn a_failing_repository_has_its_own_exit_code_and_names_the_next_command() {
    let scratch = Scratch::new();
    let tree = scratch.folder().join("tree");
    common::copy(fixture("shell-plain").as_ref(), &tree);
    fs::write(tree.join("greet.sh"), "#!/bin/sh\necho --help; exit 7\n").unwrap();
    let output = scratch.run(&["run", tree.to_str().unwrap()]);
    let screen = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{screen}");
    assert!(screen.contains("NOT GREEN") && screen.contains("next: repo-runner logs"), "{screen}");
}

#[test]
fn runs_can_be_listed_shown_searched_and_removed() {
    let scratch = Scratch::new();
    let report = scratch.report(&["run", &fixture("shell-plain"), "--output", "json"]);
    let id = report["run_id"].as_str().unwrap();
    let text = |arguments: &[&str]| {
        let output = scratch.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(text(&["list"]).contains(id));
    assert!(text(&["show", id]).contains("GREEN"));
    assert!(text(&["logs", "latest"]).contains("ok"));
    assert!(text(&["tests", id, "--junit"]).contains("<testsuite"));
    assert!(text(&["search", id, "hello"]).contains("greet.sh"));
    assert!(text(&["recipe", id]).starts_with("#!/usr/bin/env bash"));
    text(&["clean", id, "--environments"]);
    assert!(!scratch.home().join("runs").join(id).exists());
}

#[test]
fn every_fixture_is_named_after_its_kind() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/repos");
    let names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let lying = names.iter().filter(|name| name.starts_with("lying-")).count();
    assert!(names.len() >= 40 && lying >= 20, "{} fixtures, {lying} of them lie", names.len());
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn kept_environments_give_way_when_there_is_no_room() {
    let scratch = Scratch::new();
    let kept = || fs::read_dir(scratch.home().join("environments")).unwrap().count();
    for name in ["js-tape", "js-cli"] {
        let report = scratch.report(&["run", &fixture(name), "--output", "json"]);
        assert_eq!(report["verdict"]["green"], true, "{name}");
    }
    assert_eq!(kept(), 2);
    let rest = ["--output", "json", "--fresh", "--cache-limit", "1K"];
    let report = scratch.report(&[&["run", &fixture("js-cli")], &rest[..]].concat());
    assert_eq!(report["verdict"]["green"], true);
    assert_eq!(kept(), 1, "its own stays, though it is larger");
}

#[expect(clippy::disallowed_methods, reason = "a repository is made as its users make it")]
fn git(folder: &Path, arguments: &[&str]) {
    let done = std::process::Command::new("git").args(arguments).current_dir(folder).status();
    assert!(done.unwrap().success(), "git {arguments:?}");
}

#[test]
fn a_folder_is_analysed_where_it_stands_as_a_run_would_find_it() {
    let scratch = Scratch::new();
    let folder = scratch.folder().join("app");
    copy(Path::new(&fixture("python-flask")), &folder);
    fs::write(folder.join(".gitignore"), "generated/\n").unwrap();
    fs::create_dir(folder.join("generated")).unwrap();
    fs::write(folder.join("generated/package.json"), r#"{"name": "ignored"}"#).unwrap();
    for arguments in [&["init", "-q"][..], &["add", "-A"]] {
        git(&folder, arguments);
    }
    let source = folder.to_string_lossy().into_owned();
    let looked = scratch.report(&["analyze", &source, "--output", "json"]);
    assert!(!scratch.home().join("runs").read_dir().unwrap().any(|_| true), "a run was made");
    let plan = scratch.report(&["plan", &source, "--output", "json"]);
    let run = scratch.report(&["run", &source, "--until", "analyzed", "--output", "json"]);
    assert_eq!(looked["units"], run["analysis"]["units"]);
    assert_eq!(looked["facts"], run["analysis"]["facts"]);
    assert_eq!(looked["languages"], run["analysis"]["languages"]);
    assert_eq!(plan["steps"], run["plan"]["steps"]);
    assert!(!looked.to_string().contains("generated/package.json"));
}

#[test]
fn a_recipe_is_exported_compared_and_never_written_over_what_is_not_ours() {
    let scratch = Scratch::new();
    let out = scratch.folder().join("out");
    let folder = out.to_string_lossy().into_owned();
    let source = fixture("shell-plain");
    let export = |more: &[&str]| {
        let arguments = [&["export", "dockerfile", &source], more].concat();
        scratch.run(&arguments)
    };
    let printed = export(&[]);
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(text.contains("Proved: nothing was run") && text.contains("\nFROM "), "{text}");
    assert_eq!(export(&["--out", &folder, "--check"]).status.code(), Some(1));
    assert_eq!(export(&["--out", &folder]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(out.join("Dockerfile")).unwrap(), text);
    assert!(out.join(".dockerignore").is_file());
    assert_eq!(export(&["--out", &folder, "--check"]).status.code(), Some(0));

    fs::write(out.join("Dockerfile"), "FROM scratch\n").unwrap();
    let refused = export(&["--out", &folder]);
    assert_ne!(refused.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--force"), "{refused:?}");
    assert_eq!(fs::read_to_string(out.join("Dockerfile")).unwrap(), "FROM scratch\n");
    assert_eq!(export(&["--out", &folder, "--force"]).status.code(), Some(0));

    let unknown = scratch.run(&["export", "floppy"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("devcontainer"), "{unknown:?}");
}
