//! Chooses the reader of a report and holds its result against the other signs.

use rr_core::{CaseOutcome, Outcome, ReportFormat, Step, TestRun};

use super::cross_check::cross_check;
use crate::analysis::classify_case;

/// What a reader is given.
#[derive(Clone, Copy)]
pub struct ReportInput<'a> {
    /// The test step as it was run.
    pub step: &'a Step,
    /// How its process ended.
    pub outcome: &'a Outcome,
    /// The files that the step's report pattern matched, with their bytes.
    pub files: &'a [(String, Vec<u8>)],
    /// The step's whole log, standard output and error interleaved, capped.
    pub output: &'a [u8],
}

/// Longest message kept for one case, in bytes.
const MESSAGE_LIMIT: usize = 4096;

/// Reads the outcomes of a test step, checks them against its exit, and gives failing cases the
/// cause that their message tells; a cause that no rule knows stays open.
#[must_use]
pub fn read(input: &ReportInput<'_>) -> TestRun {
    let format = input.step.test.as_ref().map(|test| test.format);
    let mut run = match format {
        None => incomplete(input, "the step names no report".to_owned()),
        Some(ReportFormat::Recorder) => super::recorder::read(input),
        Some(ReportFormat::GoJson) => super::gojson::read(input),
        Some(ReportFormat::LibtestLogs) => super::libtest::read(input),
        Some(ReportFormat::JunitXml) => super::junit::read(input),
        Some(ReportFormat::AutomakeTrs) => super::trs::read(input),
        Some(ReportFormat::JestJson) => super::jest::read(input),
        Some(ReportFormat::MochaJson) => super::mocha::read(input),
        Some(ReportFormat::Tap) => super::tap::read(input),
        Some(ReportFormat::Trx) => super::trx::read(input),
        Some(ReportFormat::Console) => super::console::read(input),
        Some(ReportFormat::ExitStatus) => super::exit_status::read(input),
    };
    cross_check(input, &mut run);
    for case in &mut run.cases {
        truncate(&mut case.message);
        let failing = matches!(case.outcome, CaseOutcome::Failed | CaseOutcome::Errored);
        if failing && case.cause.is_none() {
            case.cause = classify_case(&case.message);
        }
    }
    run
}

fn incomplete(input: &ReportInput<'_>, doubt: String) -> TestRun {
    let runner = input.step.test.as_ref().map_or(String::new(), |test| test.runner.clone());
    TestRun { runner, doubts: vec![doubt], ..TestRun::default() }
}

fn truncate(message: &mut String) {
    if message.len() > MESSAGE_LIMIT {
        let mut end = MESSAGE_LIMIT;
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
    }
}
