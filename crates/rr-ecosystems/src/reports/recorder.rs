//! Reads the line format of the recorders that ride in test processes (`assets/recorder/`).
//!
//! What the code under test writes is not believed: a file counts only where its start and end
//! carry the step's nonce, its records are numbered without a gap, and its end agrees with its
//! cases. It must not know how tests are run.

use std::collections::{BTreeMap, HashMap};

use rr_core::{CaseOutcome, CauseClass, Exit, TestCase, TestRun};
use serde::Deserialize;

use super::ReportInput;

/// The variable by which the runner gives a test step a secret of its own. It must stand in the
/// step's environment both when the step runs and when its report is read.
pub const NONCE_VARIABLE: &str = "REPO_RUNNER_NONCE";

/// Files of the Python recorder, to lie below `@{tools}`: `(path, bytes)`.
pub const PYTHON_FILES: &[(&str, &[u8])] = &[
    (
        "recorder/python/sitecustomize.py",
        include_bytes!("../../assets/recorder/python/sitecustomize.py"),
    ),
    (
        "recorder/python/repo_runner_writer.py",
        include_bytes!("../../assets/recorder/python/repo_runner_writer.py"),
    ),
    (
        "recorder/python/repo_runner_recorder.py",
        include_bytes!("../../assets/recorder/python/repo_runner_recorder.py"),
    ),
    (
        "recorder/python/repo_runner_unittest.py",
        include_bytes!("../../assets/recorder/python/repo_runner_unittest.py"),
    ),
];

/// Reads the outcomes of a test step that ran under a recorder.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let nonce = input.step.env.get(NONCE_VARIABLE).map_or("", String::as_str);
    let mut merged = Merged::default();
    for (path, bytes) in input.files {
        merged.add(read_file(path, &String::from_utf8_lossy(bytes), nonce));
    }
    let mut run = merged.finish(input.outcome.exit == Exit::TimedOut);
    if run.runner.is_empty() {
        run.runner = input.step.test.as_ref().map_or_else(String::new, |test| test.runner.clone());
    }
    run
}

/// One line of the format.
#[derive(Deserialize)]
struct Record {
    e: String,
    #[serde(rename = "n#", default)]
    number: u64,
    #[serde(default)]
    runner: String,
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    n: u64,
    #[serde(default)]
    id: String,
    #[serde(default)]
    o: String,
    #[serde(default)]
    s: f64,
    #[serde(default)]
    m: String,
    #[serde(default)]
    counts: BTreeMap<String, u64>,
}

/// What one suite of one process recorded.
#[derive(Default)]
struct Section {
    runner: String,
    found: u64,
    cases: Vec<TestCase>,
    open: Vec<String>,
    ended: bool,
}

/// What one file holds.
#[derive(Default)]
struct FileRecord {
    sections: Vec<Section>,
    doubts: Vec<String>,
    sound: bool,
}

fn read_file(path: &str, text: &str, nonce: &str) -> FileRecord {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut file = FileRecord { sound: true, ..FileRecord::default() };
    let mut expected = 0;
    for line in text.lines() {
        let Ok(record) = serde_json::from_str::<Record>(line) else {
            file.spoil(format!("`{name}` holds a line that the recorder did not write"));
            continue;
        };
        expected += 1;
        if record.number != expected {
            file.spoil(format!("`{name}` has records out of order"));
            expected = record.number;
        }
        if matches!(record.e.as_str(), "start" | "end") && record.nonce != nonce {
            let foreign = format!("`{name}` was not written by the recorder and is not believed");
            return FileRecord { doubts: vec![foreign], ..FileRecord::default() };
        }
        file.take(name, record);
    }
    file
}

impl FileRecord {
    fn spoil(&mut self, doubt: String) {
        self.sound = false;
        if !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
    }

    fn take(&mut self, name: &str, record: Record) {
        if record.e == "start" {
            self.sections.push(Section { runner: record.runner, ..Section::default() });
            return;
        }
        let Some(section) = self.sections.last_mut().filter(|section| !section.ended) else {
            self.spoil(format!("`{name}` holds records outside any suite"));
            return;
        };
        match record.e.as_str() {
            "found" => section.found = section.found.max(record.n),
            "begin" => section.open.push(record.id),
            "case" => section.case(record),
            "doubt" => self.doubts.push(record.m),
            "end" => {
                section.ended = true;
                if section.counts() != record.counts {
                    self.spoil(format!("`{name}` ends with counts that differ from its cases"));
                }
            }
            _ => self.spoil(format!("`{name}` holds records of an unknown kind")),
        }
    }
}

impl Section {
    fn case(&mut self, record: Record) {
        if let Some(at) = self.open.iter().position(|id| *id == record.id) {
            self.open.swap_remove(at);
        }
        let case = TestCase {
            outcome: outcome_of(&record.o),
            seconds: Some(record.s),
            cause: None,
            message: record.m,
            id: record.id,
        };
        match self.cases.iter_mut().rev().take(64).find(|known| known.id == case.id) {
            Some(known) => *known = case,
            None => self.cases.push(case),
        }
    }

    fn counts(&self) -> BTreeMap<String, u64> {
        let mut last: HashMap<&str, CaseOutcome> = HashMap::new();
        for case in &self.cases {
            last.insert(&case.id, case.outcome);
        }
        let mut counts = BTreeMap::new();
        for outcome in last.values() {
            *counts.entry(name_of(*outcome).to_owned()).or_insert(0) += 1;
        }
        counts
    }
}

fn outcome_of(name: &str) -> CaseOutcome {
    match name {
        "passed" => CaseOutcome::Passed,
        "failed" => CaseOutcome::Failed,
        "skipped" => CaseOutcome::Skipped,
        _ => CaseOutcome::Errored,
    }
}

fn name_of(outcome: CaseOutcome) -> &'static str {
    match outcome {
        CaseOutcome::Passed => "passed",
        CaseOutcome::Failed => "failed",
        CaseOutcome::Skipped => "skipped",
        CaseOutcome::Errored => "errored",
    }
}

/// All files of a step, put together.
#[derive(Default)]
struct Merged {
    sections: Vec<Section>,
    doubts: Vec<String>,
    unsound: bool,
}

impl Merged {
    fn add(&mut self, file: FileRecord) {
        self.unsound |= !file.sound && !file.sections.is_empty();
        self.sections.extend(file.sections);
        self.doubts.extend(file.doubts);
    }

    fn finish(self, timed_out: bool) -> TestRun {
        let mut run = TestRun { doubts: self.doubts, ..TestRun::default() };
        if self.sections.is_empty() {
            run.doubts.push("no test runner recorded any outcome".to_owned());
            return run;
        }
        run.complete = !self.unsound && !timed_out;
        let one_of_many = outlived(&self.sections);
        let mut known: HashMap<String, usize> = HashMap::new();
        for mut section in self.sections {
            if run.runner.is_empty() {
                run.runner.clone_from(&section.runner);
            }
            if one_of_many && !section.ended {
                section.open.push(place_of(&section));
            } else {
                run.complete &= section.ended;
            }
            doubt_section(&section, timed_out, &mut run);
            let unfinished = section.open.iter().map(|id| never_ended(id, timed_out));
            for case in section.cases.into_iter().chain(unfinished) {
                merge(&mut run.cases, &mut known, case);
            }
        }
        run
    }
}

/// Runners that give each file of tests a process of its own under a runner above them: where a
/// few of many processes end early and the others go on, what is above them ran to its end. The
/// files that did not are errored cases, as a file that cannot be loaded is elsewhere.
fn outlived(sections: &[Section]) -> bool {
    const ONE_PROCESS_PER_FILE: &[&str] = &["tape"];
    let apart = sections.iter().all(|s| ONE_PROCESS_PER_FILE.contains(&s.runner.as_str()));
    let early = sections.iter().filter(|section| !section.ended).count();
    apart && early > 0 && early * 4 <= sections.len()
}

/// The file that a section's cases name, for the case that stands for its early end.
fn place_of(section: &Section) -> String {
    let first = section.cases.first().map_or("", |case| case.id.as_str());
    format!("{} (the whole file)", first.split(" > ").next().unwrap_or(""))
}

fn doubt_section(section: &Section, timed_out: bool, run: &mut TestRun) {
    if !section.ended {
        let what = if timed_out { "time limit" } else { "its process ended" };
        let place = section.open.last().map_or_else(String::new, |id| format!(" in `{id}`"));
        run.doubts.push(format!("the suite did not come to its end: {what}{place}"));
        return;
    }
    let ran = section.cases.len() as u64;
    // A failed class or module fixture of unittest rightly leaves its tests out.
    let fixture_failed = section.runner == "unittest"
        && section.cases.iter().any(|case| case.outcome == CaseOutcome::Errored);
    if section.found > ran && !fixture_failed {
        run.complete = false;
        run.doubts.push(format!("{} tests were found, but only {ran} ran", section.found));
    }
}

fn never_ended(id: &str, timed_out: bool) -> TestCase {
    TestCase {
        id: id.to_owned(),
        outcome: CaseOutcome::Errored,
        seconds: None,
        cause: timed_out.then_some(CauseClass::Timeout),
        message: "began, but never ended".to_owned(),
    }
}

/// The same test in two suites is one case, and its worst outcome counts: a command that runs a
/// suite again until it passes proves nothing.
fn merge(cases: &mut Vec<TestCase>, known: &mut HashMap<String, usize>, case: TestCase) {
    match known.get(&case.id).copied() {
        None => {
            known.insert(case.id.clone(), cases.len());
            cases.push(case);
        }
        Some(at) if badness(case.outcome) > badness(cases[at].outcome) => cases[at] = case,
        Some(_) => {}
    }
}

fn badness(outcome: CaseOutcome) -> u8 {
    match outcome {
        CaseOutcome::Skipped => 0,
        CaseOutcome::Passed => 1,
        CaseOutcome::Failed => 2,
        CaseOutcome::Errored => 3,
    }
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
