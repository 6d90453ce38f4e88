//! What cargo itself says about a test step, held against the records.

use std::collections::HashMap;

use rr_core::{CaseOutcome, Exit, Outcome, TestCase, TestRun};

use super::records::{Kind, Record};

/// The test programs that cargo said it would run.
#[derive(Debug, Default)]
pub(super) struct Announced {
    /// File name of the binary, to its source: `tests/it.rs`.
    sources: HashMap<String, String>,
    /// Crates whose documentation tests were begun.
    doctests: Vec<String>,
}

impl Announced {
    /// The source file of a test binary.
    pub(super) fn source_of(&self, program: &str) -> Option<&str> {
        let file = program.rsplit('/').next()?;
        self.sources.get(file).map(String::as_str)
    }
}

/// Reads cargo's announcements:
/// `     Running unittests src/lib.rs (target/debug/deps/tiny-b8411d1b6389d6df)`,
/// `   Doc-tests tiny`.
pub(super) fn announced(output: &str) -> Announced {
    let mut found = Announced::default();
    for line in output.lines() {
        // A test that prints without a newline leaves its text before cargo's line.
        if let Some((_, rest)) = line.split_once("     Running ")
            && let Some((source, program)) = rest.rsplit_once(" (")
            && let Some(program) = program.strip_suffix(')')
        {
            let source = source.strip_prefix("unittests ").unwrap_or(source);
            let file = program.rsplit('/').next().unwrap_or(program);
            found.sources.insert(file.to_owned(), source.to_owned());
        } else if let Some((_, name)) = line.split_once("   Doc-tests ") {
            found.doctests.push(name.trim().to_owned());
        }
    }
    found
}

/// Holds the exit status and the announcements against the records.
pub(super) fn check(
    run: &mut TestRun,
    outcome: &Outcome,
    output: &str,
    announced: &Announced,
    records: &[Record],
    failing: usize,
) {
    if records.is_empty() {
        run.complete = false;
        run.doubts.push(format!("no test binary ran: {}", outcome.exit));
        run.cases.extend(compile_errors(output));
        return;
    }
    let of = |kind| records.iter().filter(|record| record.kind == kind).count();
    let missing = announced.sources.len().saturating_sub(of(Kind::Binary));
    if missing > 0 {
        run.complete = false;
        run.doubts.push(format!("cargo ran {missing} test binaries that left no record"));
    }
    let missing = announced.doctests.len().saturating_sub(of(Kind::Doctests));
    if missing > 0 {
        run.complete = false;
        run.doubts.push(format!("the documentation tests of {missing} crates left no record"));
    }
    // A target that does not compile keeps every test binary from running, or (with
    // `--no-fail-fast` in several packages) some of them.
    if failing == 0 && matches!(outcome.exit, Exit::Code(code) if code != 0) {
        run.complete = false;
        run.cases.extend(compile_errors(output));
    }
}

/// Targets that did not compile, each an errored case:
/// ``error: could not compile `tiny` (test "it") due to 1 previous error``.
fn compile_errors(output: &str) -> Vec<TestCase> {
    let mut found: Vec<TestCase> = Vec::new();
    for line in output.lines() {
        let Some(rest) = line.strip_prefix("error: could not compile ") else { continue };
        let target = rest.split(" due to ").next().unwrap_or(rest).replace('`', "");
        let id = format!("{target} [compile]");
        if found.iter().all(|case| case.id != id) {
            found.push(TestCase {
                id,
                outcome: CaseOutcome::Errored,
                seconds: None,
                cause: None,
                message: first_error(output),
            });
        }
    }
    found
}

/// The first compiler error with the lines behind it.
fn first_error(output: &str) -> String {
    let mut lines = output.lines().skip_while(|line| !line.starts_with("error"));
    lines.by_ref().take(20).collect::<Vec<_>>().join("\n")
}
