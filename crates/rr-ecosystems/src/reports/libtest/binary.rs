//! One test binary: its harness's log against its list.

use std::collections::{BTreeMap, HashMap};

use rr_core::{CaseOutcome, TestCase};

use super::Read;
use super::records::Record;
use super::signs::Announced;

/// Longest message kept of a failure, in bytes.
const MESSAGE_CAP: usize = 4096;

/// Reads one test binary's record.
pub(super) fn read(record: &Record, announced: &Announced) -> Read {
    let prefix = prefix(record, announced);
    if record.harness == "none" {
        return by_exit_status(record, &prefix);
    }
    let list = listed(record.list.as_deref().unwrap_or_default());
    let reported = if record.harness == "mimic" {
        printed(&record.out, &list)
    } else {
        logged(record.log.as_deref().unwrap_or_default(), &list)
    };
    let again = logged(&record.again, &list);
    let mut read = Read { ended: true, ..Read::default() };
    let (mut repeated, mut unfinished, mut lost) = (0, 0, 0);
    for name in &list {
        let mut outcomes = reported.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        if outcomes.is_empty() {
            unfinished += 1;
            lost += usize::from(!record.alone.contains(name));
            outcomes = again.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        }
        repeated += usize::from(outcomes.len() > 1);
        read.cases.push(case(record, &prefix, name, outcomes));
    }
    let label = prefix.trim_end_matches("::");
    if repeated > 0 {
        read.ended = false;
        read.doubts.push(format!("{label}: {repeated} tests were reported more than once"));
    }
    if unfinished > 0 {
        read.ended &= lost == 0;
        let more = if lost == 0 { "; each was run again alone" } else { "" };
        read.doubts
            .push(format!("{label}: {} with {unfinished} tests unfinished{more}", record.ending()));
    }
    check_ending(record, label, unfinished, &mut read);
    read
}

/// Checks exit status and printed summary against the cases.
fn check_ending(record: &Record, label: &str, unfinished: usize, read: &mut Read) {
    let cases = read.cases.clone();
    let count = |o| cases.iter().filter(|case| case.outcome == o).count();
    let bad = count(CaseOutcome::Failed) + count(CaseOutcome::Errored);
    if record.list.as_deref().is_none_or(str::is_empty)
        && !record.out.contains("running 0 tests")
        && record.harness == "libtest"
    {
        read.ended = false;
        read.doubts.push(format!("{label}: the harness did not list its tests"));
    }
    match record.status {
        Some(0) if bad > unfinished => {
            read.doubts.push(format!("{label}: exit status 0 with {bad} failed tests"));
        }
        Some(status) if status != 0 && bad == 0 => {
            read.doubts.push(format!("{label}: exit status {status} although no test failed"));
            read.cases.push(TestCase {
                id: format!("{label} [exit]"),
                outcome: CaseOutcome::Errored,
                seconds: None,
                cause: None,
                message: format!("{}\n{}", record.ending(), tail(&record.out)),
            });
        }
        _ => {}
    }
    let summary = format!(
        "{} passed; {} failed; {} ignored",
        count(CaseOutcome::Passed),
        count(CaseOutcome::Failed),
        count(CaseOutcome::Skipped)
    );
    if unfinished == 0 && !record.out.contains(&summary) {
        read.ended = false;
        read.doubts.push(format!("{label}: the harness printed no summary of `{summary}`"));
    }
}

/// `package/src/lib.rs::`, or the binary's name where cargo did not say its source.
fn prefix(record: &Record, announced: &Announced) -> String {
    let source = announced.source_of(&record.program).unwrap_or(record.name());
    if record.package.is_empty() {
        format!("{source}::")
    } else {
        format!("{}/{source}::", record.package)
    }
}

fn case(record: &Record, prefix: &str, name: &str, outcomes: &[CaseOutcome]) -> TestCase {
    let outcome = worst(outcomes);
    let message = match outcome {
        CaseOutcome::Failed => message_of(&record.out, name),
        CaseOutcome::Errored if record.alone.iter().any(|alone| alone == name) => {
            "it ends the test process, alone too".to_owned()
        }
        CaseOutcome::Errored => {
            format!("the test binary went before this test: {}", record.ending())
        }
        _ => String::new(),
    };
    TestCase { id: format!("{prefix}{name}"), outcome, seconds: None, cause: None, message }
}

/// The outcome of a test that was reported so: none at all, or several that disagree, are errors.
fn worst(outcomes: &[CaseOutcome]) -> CaseOutcome {
    match outcomes {
        [] => CaseOutcome::Errored,
        [first, rest @ ..] if rest.iter().all(|outcome| outcome == first) => *first,
        all if all.contains(&CaseOutcome::Failed) => CaseOutcome::Failed,
        _ => CaseOutcome::Errored,
    }
}

/// A program without a harness that lists tests counts as one test, whatever it prints.
fn by_exit_status(record: &Record, prefix: &str) -> Read {
    let outcome = match record.status {
        Some(0) => CaseOutcome::Passed,
        Some(1..=128) => CaseOutcome::Failed,
        _ => CaseOutcome::Errored,
    };
    let message = match outcome {
        CaseOutcome::Passed => String::new(),
        _ => format!("{}\n{}", record.ending(), tail(&record.out)),
    };
    Read {
        cases: vec![TestCase {
            id: prefix.trim_end_matches("::").to_owned(),
            outcome,
            seconds: None,
            cause: None,
            message,
        }],
        ended: record.status.is_some(),
        doubts: Vec::new(),
    }
}

/// The names a harness lists: `tests::adds: test`, `bench_it: benchmark`.
fn listed(list: &str) -> Vec<String> {
    list.lines()
        .filter_map(|line| line.strip_suffix(": test").or_else(|| line.strip_suffix(": benchmark")))
        .map(str::to_owned)
        .collect()
}

/// libtest's log file. A reason may stand between outcome and name, over several lines:
/// `ok tests::adds`, `ignored: too slow tests::big`, `failed: panic did not … tests::panics`.
fn logged<'a>(log: &str, list: &'a [String]) -> BTreeMap<&'a str, Vec<CaseOutcome>> {
    let names: HashMap<&str, &'a str> =
        list.iter().map(|name| (last_word(name), name.as_str())).collect();
    let mut found: BTreeMap<&'a str, Vec<CaseOutcome>> = BTreeMap::new();
    let mut open = None;
    for line in log.lines() {
        open = beginning(line).or(open);
        let Some(outcome) = open else { continue };
        if let Some(name) = names.get(last_word(line)).filter(|name| ends_with_name(line, name)) {
            found.entry(name).or_default().push(outcome);
            open = None;
        }
    }
    found
}

fn beginning(line: &str) -> Option<CaseOutcome> {
    let word = line.split([' ', ':']).next()?;
    match word {
        "ok" => Some(CaseOutcome::Passed),
        "failed" => Some(CaseOutcome::Failed),
        "ignored" => Some(CaseOutcome::Skipped),
        _ => None,
    }
}

fn last_word(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or(text)
}

fn ends_with_name(line: &str, name: &str) -> bool {
    line.strip_suffix(name).is_some_and(|rest| rest.ends_with(' '))
}

/// libtest-mimic's lines; names it did not list are not believed:
/// `test [kind] name    ... ok`.
fn printed<'a>(out: &str, list: &'a [String]) -> BTreeMap<&'a str, Vec<CaseOutcome>> {
    let names: HashMap<&str, &'a str> = list.iter().map(|n| (n.as_str(), n.as_str())).collect();
    let mut found: BTreeMap<&'a str, Vec<CaseOutcome>> = BTreeMap::new();
    for line in out.lines().take_while(|line| *line != "failures:") {
        let Some((name, verdict)) = line.strip_prefix("test ").and_then(|l| l.rsplit_once(" ... "))
        else {
            continue;
        };
        let outcome = match verdict.split(',').next() {
            Some("ok") => CaseOutcome::Passed,
            Some("FAILED") => CaseOutcome::Failed,
            Some("ignored") => CaseOutcome::Skipped,
            _ => continue,
        };
        if let Some(name) = names.get(name.trim()) {
            found.entry(name).or_default().push(outcome);
        }
    }
    found
}

/// What a failed test said: the section `---- name stdout ----` of its binary's output.
fn message_of(out: &str, name: &str) -> String {
    let Some((_, rest)) = out
        .split_once(&format!("---- {name} stdout ----\n"))
        .or_else(|| out.split_once(&format!("---- {name} ----\n")))
    else {
        return String::new();
    };
    let end = rest.find("\n---- ").or_else(|| rest.find("\nfailures:\n")).unwrap_or(rest.len());
    cap(rest[..end].trim()).to_owned()
}

/// The last lines of an output.
pub(super) fn tail(out: &str) -> &str {
    let out = out.trim();
    let mut start = out.len().saturating_sub(MESSAGE_CAP / 2);
    while !out.is_char_boundary(start) {
        start += 1;
    }
    &out[start..]
}

fn cap(text: &str) -> &str {
    let mut end = text.len().min(MESSAGE_CAP);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
