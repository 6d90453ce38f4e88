//! `cargo test`, read from the records that our runner wrappers leave, one set per test binary.
//!
//! Outcomes come from the harness's own log file, checked against the tests it listed before any
//! of them ran, so that nothing a test prints can pass for an outcome. Must not know how the
//! records were brought here. The wrappers are `assets/recorder/cargo/*.sh`.

mod binary;
mod doctest;
mod records;
mod signs;

use rr_core::TestRun;

use super::ReportInput;

/// Reads a test step whose report format is `LibtestLogs`.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let records = records::collect(input.files);
    let output = String::from_utf8_lossy(input.output);
    let announced = signs::announced(&output);
    let mut run = TestRun {
        runner: input.step.test.as_ref().map_or_else(String::new, |test| test.runner.clone()),
        complete: true,
        ..TestRun::default()
    };
    let mut failing = 0;
    for record in &records {
        let read = match record.kind {
            records::Kind::Binary => binary::read(record, &announced),
            records::Kind::Doctests => doctest::read(record),
        };
        failing += usize::from(record.status != Some(0));
        run.complete &= read.ended;
        run.doubts.extend(read.doubts);
        run.cases.extend(read.cases);
    }
    signs::check(&mut run, input.outcome, &output, &announced, &records, failing);
    number_repeats(&mut run);
    run
}

/// What one record brought.
#[derive(Debug, Default)]
struct Read {
    /// Its tests.
    cases: Vec<rr_core::TestCase>,
    /// Whether its harness came to its own end.
    ended: bool,
    /// Signs that weaken it.
    doubts: Vec<String>,
}

/// Ids must be unique; two binaries of one name and no known source can bring the same.
fn number_repeats(run: &mut TestRun) {
    let mut seen = std::collections::HashMap::<String, u32>::new();
    for case in &mut run.cases {
        let count = seen.entry(case.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            case.id = format!("{} #{count}", case.id);
        }
    }
}

#[cfg(test)]
mod tests;
