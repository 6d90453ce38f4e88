//! JUnit XML: what Surefire, Gradle, ctest, Meson, bats and many others write.
//!
//! Must not know where the files lie or how they got there. A file is believed as far as its own
//! counts agree with its cases; what the runner prints about itself ([`signs`]) can only weaken it.

mod parse;
mod signs;

use std::collections::HashMap;

use rr_core::{TestCase, TestRun};

use super::ReportInput;

/// Reads a test step whose report format is `JunitXml`.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let runner = input.step.test.as_ref().map_or_else(String::new, |test| test.runner.clone());
    let mut run = TestRun { runner, complete: true, ..TestRun::default() };
    if input.files.is_empty() {
        refute(&mut run, "the runner left no JUnit file".to_owned());
    }
    for (path, bytes) in input.files {
        let name = path.rsplit('/').next().unwrap_or(path);
        match parse::file(&String::from_utf8_lossy(bytes)) {
            Ok(file) => {
                if let Some(doubt) = file.disagreement {
                    refute(&mut run, format!("`{name}` {doubt}"));
                }
                run.cases.extend(file.cases);
            }
            Err(reason) => refute(&mut run, format!("`{name}` cannot be read: {reason}")),
        }
    }
    number_repeats(&mut run.cases);
    signs::check(&mut run, &String::from_utf8_lossy(input.output));
    run
}

fn refute(run: &mut TestRun, doubt: String) {
    run.complete = false;
    run.doubts.push(doubt);
}

/// Ids must be unique; parameterised tests often share a name.
fn number_repeats(cases: &mut [TestCase]) {
    let mut seen = HashMap::<String, u32>::new();
    for case in cases {
        let count = seen.entry(case.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            case.id = format!("{} #{count}", case.id);
        }
    }
}

#[cfg(test)]
mod tests;
