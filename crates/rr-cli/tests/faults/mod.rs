//! Injects the faults of `fixtures/faults/` into healthy fixtures, one at a time, and sees that the
//! run either repairs each to the healthy verdict or reports it with its right cause class.

mod edit;
mod fault;
mod run;
mod table;

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::{Expect, copy, differences, found_causes, remove_run};
use fault::{End, Fault};
pub(crate) use table::print as print_table;

/// One trial per fault, named `fault/…`.
pub(crate) fn trials() -> Vec<Trial> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder("faults"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    let trial = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let title = format!("fault/{name}");
        match std::fs::read_to_string(&path).map(|text| toml::from_str::<Fault>(&text)) {
            Ok(Ok(fault)) => {
                let slow = fault.slow.is_some();
                Trial::test(title, move || check(&name, &fault)).with_ignored_flag(slow)
            }
            Ok(Err(error)) => Trial::test(title, move || Err(error.to_string().into())),
            Err(error) => Trial::test(title, move || Err(error.into())),
        }
    };
    files.into_iter().map(trial).collect()
}

fn check(name: &str, fault: &Fault) -> Result<(), Failed> {
    let base = folder("repos").join(&fault.base);
    let mut healthy: Expect = toml::from_str(&std::fs::read_to_string(base.join("expect.toml"))?)?;
    healthy.tests = fault.tests.clone().or(healthy.tests);
    let scratch = tempfile::tempdir()?;
    let repository = scratch.path().join(&fault.base);
    copy(&base, &repository)?;
    for edit in &fault.edits {
        edit.apply(&repository).map_err(|error| format!("cannot inject the fault: {error}"))?;
    }
    healthy.arguments.extend(fault.arguments.iter().cloned());
    let ran = run::run(&repository, &healthy, &fault.environment)?;
    let wrong = differences(&healthy, &ran.report);
    let end = judge(fault, &wrong, &ran.report);
    table::add(name, fault, end);
    if end == fault.expect {
        return remove_run(&ran.report);
    }
    let mut lines =
        vec![fault.description.clone(), format!("wanted: {:?}, is: {end:?}", fault.expect)];
    lines.extend(wrong);
    Err(ran.told(&lines).into())
}

/// What came of a fault.
fn judge(fault: &Fault, wrong: &[String], report: &Value) -> End {
    let said = fault.says.iter().all(|text| says(report, text));
    if wrong.is_empty() {
        return if said { End::Repaired } else { End::Missed };
    }
    let Some(cause) = &fault.cause else { return End::Missed };
    let told = found_causes(report).contains(cause);
    // A failure that is ours to fix and leaves a green verdict would be a lie.
    let honest = cause != "environment" || report["verdict"]["green"] == false;
    if told && said && honest { End::Reported } else { End::Missed }
}

/// Whether the verdict, a failure that remains, or a test speaks of something.
fn says(report: &Value, text: &str) -> bool {
    let failures = report["failures"].as_array().into_iter().flatten();
    let cases = report["tests"]["cases"].as_array().into_iter().flatten();
    let verdict = std::iter::once(&report["verdict"]);
    failures.chain(cases).chain(verdict).any(|part| part.to_string().contains(text))
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}
