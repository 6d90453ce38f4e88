//! `analyze --explain`, `--package`, `init` and `--config`, as their users see them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Scratch, copy, fixture};

fn work(scratch: &Scratch, name: &str) -> PathBuf {
    let folder = scratch.folder().join(name);
    copy(Path::new(&fixture(name)), &folder);
    folder
}

fn said(scratch: &Scratch, arguments: &[&str]) -> String {
    let output = scratch.run(arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_explanation_gives_every_reason() {
    let scratch = Scratch::new();
    let folder = work(&scratch, "python-flask");
    let text = said(&scratch, &["analyze", &folder.to_string_lossy(), "--explain"]);
    for part in ["WHAT IT IS", "VERSIONS", "INSTALL", "START", "TEST", "ENTRY POINTS", "because "] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn one_part_is_looked_at_alone() {
    let scratch = Scratch::new();
    let folder = work(&scratch, "python-monorepo");
    let folder = folder.to_string_lossy();
    let whole = scratch.report(&["analyze", &folder, "--output", "json"]);
    let part = scratch.report(&["analyze", &folder, "--package", "backend", "--output", "json"]);
    let paths = |report: &serde_json::Value| -> Vec<String> {
        let units = report["units"].as_array().unwrap();
        units.iter().map(|unit| unit["path"].as_str().unwrap().to_owned()).collect()
    };
    assert!(paths(&whole).len() > 1);
    assert_eq!(paths(&part), ["backend"]);
    let plan = scratch.report(&["plan", &folder, "--package", "backend", "--output", "json"]);
    let steps = plan["steps"].as_array().unwrap();
    assert!(!steps.is_empty() && steps.iter().all(|step| step["unit"] == "backend"));
}

#[test]
fn init_writes_what_changes_nothing_and_never_over_a_file() {
    let scratch = Scratch::new();
    let folder = work(&scratch, "python-flask");
    let path = folder.to_string_lossy().into_owned();
    let commands = |scratch: &Scratch| -> Vec<String> {
        let plan = scratch.report(&["plan", &path, "--output", "json"]);
        let steps = plan["steps"].as_array().unwrap();
        steps.iter().map(|step| format!("{} {}", step["command"], step["cwd"])).collect()
    };
    let before = commands(&scratch);
    assert!(said(&scratch, &["init", &path]).contains("repo-runner.toml"));
    let file = folder.join("repo-runner.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("test.replace"), "{text}");
    assert_eq!(commands(&scratch), before);
    let again = scratch.run(&["init", &path]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("--force"));
}

#[test]
fn a_configuration_of_the_users_own_rules() {
    let scratch = Scratch::new();
    let folder = work(&scratch, "shell-plain");
    let config = scratch.folder().join("mine.toml");
    fs::write(&config, "test.replace = [\"sh ./mine.sh\"]\n").unwrap();
    let (folder, config) = (folder.to_string_lossy(), config.to_string_lossy());
    let plan = said(&scratch, &["plan", &folder, "--config", &config]);
    assert!(plan.contains("sh ./mine.sh") && plan.contains("mine.toml:1 (override)"), "{plan}");
    fs::write(&*config, "tests = 1\n").unwrap();
    let refused = scratch.run(&["plan", &folder, "--config", &config]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("line 1") && said.contains("`test`"), "{said}");
}
