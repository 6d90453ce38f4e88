//! The documentation tests of one crate, from rustdoc's standard output alone.
//!
//! rustdoc captures what the documented code prints and shows it only behind `failures:`, so the
//! lines between `running N tests` and the empty line are rustdoc's own.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{CaseOutcome, TestCase};

use super::Read;
use super::records::Record;

/// `test src/lib.rs - add (line 2) - compile fail ... ok`
static RESULT: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant expression, tried by the tests")]
    Regex::new(r"^test (.+ \(line \d+\)(?: - [a-z ]+)?) \.\.\. (ok|FAILED|failed|ignored)\b")
        .unwrap()
});

/// Reads one crate's record.
pub(super) fn read(record: &Record) -> Read {
    let mut read = Read { ended: true, ..Read::default() };
    let mut lines = record.out.lines();
    let mut promised = 0;
    while let Some(line) = lines.next() {
        let Some(count) = running(line) else {
            if line == "failures:" {
                skip_failures(&mut lines);
            }
            continue;
        };
        promised += count;
        for line in lines.by_ref().take_while(|line| !line.is_empty()) {
            read.cases.extend(case(record, line));
        }
    }
    let label = format!("{} doc tests", record.program);
    let found = read.cases.len();
    if found != promised {
        read.ended = false;
        read.doubts.push(format!("{label}: {found} outcomes of {promised} tests"));
    }
    let failed = read.cases.iter().any(|case| case.outcome == CaseOutcome::Failed);
    match record.status {
        Some(0) if failed => read.doubts.push(format!("{label}: exit status 0 with failed tests")),
        Some(0) => {}
        Some(_) if failed => {}
        _ => {
            read.ended = false;
            read.doubts.push(format!("{label}: {} although no test failed", record.ending()));
            read.cases.push(TestCase {
                id: format!("{label} [exit]"),
                outcome: CaseOutcome::Errored,
                seconds: None,
                cause: None,
                message: super::binary::tail(&record.out).to_owned(),
            });
        }
    }
    read
}

/// The section ends with its summary: `test result: FAILED. 1 passed; …`.
fn skip_failures<'a>(lines: &mut impl Iterator<Item = &'a str>) {
    let _ = lines.find(|line| line.starts_with("test result: FAILED. "));
}

/// `running 11 tests`
fn running(line: &str) -> Option<usize> {
    let rest = line.strip_prefix("running ")?;
    rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test"))?.parse().ok()
}

fn case(record: &Record, line: &str) -> Option<TestCase> {
    let found = RESULT.captures(line)?;
    let name = &found[1];
    let outcome = match &found[2] {
        "ok" => CaseOutcome::Passed,
        "ignored" => CaseOutcome::Skipped,
        _ => CaseOutcome::Failed,
    };
    let message = if outcome == CaseOutcome::Failed {
        record
            .out
            .split_once(&format!("---- {name} stdout ----\n"))
            .map(|(_, rest)| rest.split("\n---- ").next().unwrap_or(rest))
            .map(|text| text.chars().take(2000).collect())
            .unwrap_or_default()
    } else {
        String::new()
    };
    let package = if record.package.is_empty() { &record.program } else { &record.package };
    Some(TestCase {
        id: format!("{package}/doc: {name}"),
        outcome,
        seconds: None,
        cause: None,
        message,
    })
}
