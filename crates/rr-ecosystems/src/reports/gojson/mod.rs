//! `go test -json`, read from the events that `assets/recorder/go/run-tests.sh` keeps.
//!
//! Since Go 1.20 a test binary marks its own framing lines, so what a test prints becomes an
//! `output` event and never an outcome. One case is left: a binary that exits with status 0 in the
//! middle of a test gets that test a `pass` event. A pass is therefore believed only behind the
//! framing line `--- PASS: name`, and a package's end only behind `PASS` or `FAIL`.

mod event;
mod package;

use std::collections::BTreeMap;

use rr_core::{CaseOutcome, TestCase, TestRun};

use super::ReportInput;
use event::Event;
use package::Package;

/// Reads a test step whose report format is `GoJson`.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let mut run = TestRun {
        runner: input.step.test.as_ref().map_or_else(String::new, |test| test.runner.clone()),
        complete: true,
        ..TestRun::default()
    };
    let log = String::from_utf8_lossy(input.output);
    for module in modules(input.files) {
        if !module.exited {
            run.complete = false;
            run.doubts.push("`go test` did not end by itself".to_owned());
        }
        let builds = module.build_outputs();
        for (name, package) in module.packages() {
            package.into_run(name, &builds, &log, &mut run);
        }
    }
    if run.cases.is_empty() {
        run.cases.extend(refused(&log));
        run.complete = false;
    }
    run
}

/// What an event is of.
enum Part {
    First,
    Again,
    Listed,
}

/// The files of one call of `go test`.
#[derive(Default)]
struct Module {
    events: Vec<Event>,
    /// Events of tests that were run again.
    more: Vec<Event>,
    listed: Vec<Event>,
    exited: bool,
}

impl Module {
    /// The packages in the order in which they began.
    fn packages(&self) -> Vec<(&str, Package<'_>)> {
        let mut order: Vec<(&str, Package<'_>)> = Vec::new();
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        let first = self.events.iter().map(|event| (event, Part::First));
        let more = self.more.iter().map(|event| (event, Part::Again));
        let listed = self.listed.iter().map(|event| (event, Part::Listed));
        for (event, part) in first.chain(more).chain(listed) {
            let Some(name) = event.package.as_deref() else { continue };
            let at = *index.entry(name).or_insert_with(|| {
                order.push((name, Package::default()));
                order.len() - 1
            });
            match part {
                Part::First => order[at].1.take(event),
                Part::Again => order[at].1.take_again(event),
                Part::Listed => order[at].1.list(event),
            }
        }
        order
    }

    /// What the compiler said, by import path.
    fn build_outputs(&self) -> BTreeMap<String, String> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for event in self.events.iter().filter(|e| e.action == "build-output") {
            if let (Some(path), Some(output)) = (&event.import_path, &event.output) {
                found.entry(path.clone()).or_default().push_str(output);
            }
        }
        found
    }
}

fn modules(files: &[(String, Vec<u8>)]) -> Vec<Module> {
    let mut found: BTreeMap<String, Module> = BTreeMap::new();
    for (path, bytes) in files {
        let file = path.rsplit('/').next().unwrap_or(path);
        let Some(stem) = file.strip_suffix(".json") else { continue };
        if let Some(name) = stem.strip_prefix("go-test-") {
            found.entry(name.to_owned()).or_default().events = event::parse(bytes);
        } else if let Some(name) = stem.strip_prefix("go-list-") {
            found.entry(name.to_owned()).or_default().listed = event::parse(bytes);
        } else if let Some(name) = stem.strip_prefix("go-more-") {
            found.entry(name.to_owned()).or_default().more = event::parse(bytes);
        } else if let Some(name) = stem.strip_prefix("go-exit-") {
            found.entry(name.to_owned()).or_default().exited = true;
        }
    }
    found.into_values().collect()
}

/// Where `go test` itself refused to begin: `go: go.mod requires go >= 1.99 (running go 1.26.8)`.
fn refused(log: &str) -> Option<TestCase> {
    let line = log.lines().find(|line| {
        line.starts_with("go: ") && !line.starts_with("go: downloading ")
            || line.starts_with("go.mod:")
            || line.contains("build constraints exclude all Go files")
    })?;
    Some(TestCase {
        id: "go test".to_owned(),
        outcome: CaseOutcome::Errored,
        seconds: None,
        cause: None,
        message: line.to_owned(),
    })
}

#[cfg(test)]
mod tests;
