//! Commands as tests: one case per command, by its exit status.
//!
//! Reads the records of `assets/recorder/make/targets.sh` (one per make target); without any, the
//! step's own command is the case. Finer outcomes are taken from lines such as `PASS: name` only
//! where the names are those of files that lay there before and the exit status agrees ([`lines`]).
//! Must not know which commands there are.

mod lines;

use std::collections::{BTreeMap, HashSet};

use rr_core::{CaseOutcome, CauseClass, Exit, TestCase, TestRun};

use super::ReportInput;
use super::recorder::NONCE_VARIABLE;

/// Longest message kept, in bytes: the end of the output.
const MESSAGE: usize = 3000;

/// One command that ran.
#[derive(Debug, Default)]
struct Record {
    id: String,
    nonces: Vec<String>,
    out: String,
    masked: Vec<String>,
    status: Option<i32>,
    note: String,
}

/// Reads a test step whose report format is `ExitStatus`.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let mut run = judge(input);
    if input.outcome.exit == Exit::TimedOut {
        // What did not come to its end was cut off by the time limit.
        for case in run.cases.iter_mut().filter(|case| case.outcome == CaseOutcome::Errored) {
            case.cause.get_or_insert(CauseClass::Timeout);
        }
    }
    run
}

fn judge(input: &ReportInput<'_>) -> TestRun {
    let runner = input.step.test.as_ref().map_or_else(String::new, |test| test.runner.clone());
    let mut run = TestRun { runner, complete: true, ..TestRun::default() };
    let records = collect(input.files);
    if records.is_empty() {
        if input.files.is_empty() {
            whole_step(input, &mut run);
        } else {
            run.complete = false;
            run.doubts.push("no command left a record".to_owned());
        }
        doubt_mere_failure(&mut run);
        return run;
    }
    let nonce = input.step.env.get(NONCE_VARIABLE).map_or("", String::as_str);
    let names = names(input.files);
    for record in records {
        if record.nonces.iter().any(|found| found != nonce) {
            run.complete = false;
            run.doubts.push(format!("a record of `{}` is not the runner's own", record.id));
            continue;
        }
        add(&record, &names, &mut run);
    }
    doubt_mere_failure(&mut run);
    run
}

/// An exit status that says failure does not say that a test ran: a build may have broken before.
/// Where nothing else is known, nothing is proved.
fn doubt_mere_failure(run: &mut TestRun) {
    let failed = |case: &TestCase| case.outcome == CaseOutcome::Failed;
    if !run.cases.is_empty() && run.cases.iter().all(failed) {
        run.complete = false;
        run.doubts.push("only an exit status speaks, and it says failure".to_owned());
    }
}

/// The step's own command as the only test.
fn whole_step(input: &ReportInput<'_>, run: &mut TestRun) {
    let output = String::from_utf8_lossy(input.output);
    let command = input.step.command.to_string();
    let record = Record {
        id: own_line(&command).chars().take(120).collect(),
        note: if lines::nothing_done(&output) { "nothing".to_owned() } else { String::new() },
        out: output.into_owned(),
        status: match input.outcome.exit {
            Exit::Code(status) => Some(status),
            _ => None,
        },
        ..Record::default()
    };
    add(&record, &HashSet::new(), run);
}

/// The line that says what is run: the first that does not only prepare the shell.
fn own_line(command: &str) -> &str {
    let prepares = |line: &&str| line.starts_with("set ") || line.starts_with("export ");
    command.lines().find(|line| !prepares(line)).or(command.lines().next()).unwrap_or_default()
}

fn add(record: &Record, names: &HashSet<String>, run: &mut TestRun) {
    let failed = record.status != Some(0) || !record.masked.is_empty();
    if !failed && record.note == "built" {
        return;
    }
    if !failed && record.note == "nothing" {
        run.doubts.push(format!("`{}` had nothing to do", record.id));
        return;
    }
    if record.status.is_none() {
        run.complete = false;
        run.doubts.push(format!("`{}` did not come to its end", record.id));
    } else if let Some(cases) = lines::cases(&record.out, names, failed) {
        run.cases.extend(cases);
        return;
    }
    if !failed && let Some(line) = lines::speaks_of_failures(&record.out) {
        run.doubts.push(format!("`{}` ended with status 0, but says `{line}`", record.id));
    }
    if !record.masked.is_empty() {
        let status = record.masked.join(", ");
        run.doubts.push(format!("`{}` hides a failure: exit status {status}", record.id));
    }
    run.cases.push(TestCase {
        id: record.id.clone(),
        outcome: match record.status {
            None => CaseOutcome::Errored,
            Some(_) if failed => CaseOutcome::Failed,
            Some(_) => CaseOutcome::Passed,
        },
        seconds: None,
        cause: None,
        message: if failed { tail(&record.out) } else { String::new() },
    });
}

fn tail(text: &str) -> String {
    let from = text.len().saturating_sub(MESSAGE);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[from..].trim().to_owned()
}

/// The names that tests may have: files that lay there before anything ran, with and without
/// their extensions.
fn names(files: &[(String, Vec<u8>)]) -> HashSet<String> {
    let Some((_, bytes)) = files.iter().find(|(path, _)| path.rsplit('/').next() == Some("names"))
    else {
        return HashSet::new();
    };
    let text = String::from_utf8_lossy(bytes);
    text.lines().flat_map(|name| [name.to_owned(), lines::stem(name).to_owned()]).collect()
}

fn collect(files: &[(String, Vec<u8>)]) -> Vec<Record> {
    let mut records: BTreeMap<&str, Record> = BTreeMap::new();
    for (path, bytes) in files {
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some((stem, part)) = name.rsplit_once('.') else { continue };
        if !stem.starts_with("command-") {
            continue;
        }
        let record = records.entry(stem).or_default();
        let text = String::from_utf8_lossy(bytes);
        match part {
            "begin" => {
                record.id = field(&text, "id");
                record.nonces.push(field(&text, "nonce"));
            }
            "end" => {
                record.status = field(&text, "status").parse().ok();
                record.note = field(&text, "note");
                record.nonces.push(field(&text, "nonce"));
            }
            "out" => record.out = text.into_owned(),
            "masked" => record.masked = text.lines().map(str::to_owned).collect(),
            _ => {}
        }
    }
    records.into_values().filter(|record| !record.id.is_empty()).collect()
}

fn field(text: &str, name: &str) -> String {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests;
