//! What runners without a machine format print, read line by line.
//!
//! Every runner has a [`Dialect`]: how it prints one outcome, and the totals by which it says that
//! it ended. Code under test may print the same words: where totals and named outcomes differ, the
//! result counts as incomplete, and a runner that prints no total must say otherwise that it ended.

mod dart;
mod dialects;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use regex::{Captures, Regex};
use rr_core::{CaseOutcome, Exit, TestCase, TestRun};

use super::ReportInput;

/// How one runner prints.
struct Dialect {
    /// The runner's names.
    runners: &'static [&'static str],
    /// One named outcome per line, in the order in which they are tried; group 1 is the name.
    lines: &'static [(&'static str, CaseOutcome)],
    /// Totals, with the groups `total`, `passed`, `failed`, `errored` and `skipped` where they are
    /// told. `total` counts what was found, `examples` what was found with what was skipped.
    totals: &'static [&'static str],
    /// How it says that it ended, where it prints no totals.
    ended: &'static [&'static str],
    /// Whether it names every test. Otherwise those it only counts are numbered.
    names_all: bool,
}

/// Numbers that a runner gives of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    passed: u64,
    failed: u64,
    errored: u64,
    skipped: u64,
}

/// Reads a test step whose report is what its runner printed.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let runner = input.step.test.as_ref().map_or_else(String::new, |test| test.runner.clone());
    let text = without_colours(&String::from_utf8_lossy(input.output));
    let mut run = TestRun { runner, ..TestRun::default() };
    if run.runner == "dart-test" {
        dart::read(&text, &mut run);
    } else {
        match dialects::DIALECTS.iter().find(|d| d.runners.contains(&run.runner.as_str())) {
            Some(dialect) => dialect.read(&text, &mut run),
            None => run.doubts.push(format!("nothing is known of what `{}` prints", run.runner)),
        }
    }
    run.complete &= input.outcome.exit != Exit::TimedOut;
    run
}

impl Dialect {
    fn read(&self, text: &str, run: &mut TestRun) {
        run.cases = self.cases(text);
        let totals = self.totals(text);
        if totals.is_empty() {
            run.complete = self.ended.iter().any(|pattern| matches(pattern, text));
            if !run.complete {
                run.doubts.push(format!("`{}` did not say that it ended", run.runner));
            }
            return;
        }
        run.complete = true;
        let told = totals.iter().fold(Totals::default(), |sum, one| sum.plus(*one));
        if self.names_all {
            let counts = run.counts();
            let named = Totals {
                passed: counts.passed,
                failed: counts.failed,
                errored: counts.errored,
                skipped: counts.skipped,
            };
            if named != told {
                run.complete = false;
                run.doubts.push(format!("`{}` tells {told:?}, but names {named:?}", run.runner));
            }
            return;
        }
        self.number(told, run);
        let counts = run.counts();
        if counts.passed > told.passed || counts.failed > told.failed {
            run.complete = false;
            run.doubts.push(format!("`{}` names more tests than it counts", run.runner));
        }
    }

    fn cases(&self, text: &str) -> Vec<TestCase> {
        let patterns: Vec<(Regex, CaseOutcome)> = self
            .lines
            .iter()
            .filter_map(|(pattern, outcome)| Some((Regex::new(pattern).ok()?, *outcome)))
            .collect();
        let mut seen: HashMap<String, u32> = HashMap::new();
        text.lines()
            .filter_map(|line| {
                let (found, outcome) = patterns
                    .iter()
                    .find_map(|(pattern, outcome)| Some((pattern.captures(line)?, *outcome)))?;
                let name = found.get(1).map_or(line, |group| group.as_str());
                let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
                let count = seen.entry(name.clone()).or_default();
                *count += 1;
                let id = if *count > 1 { format!("{name} #{count}") } else { name };
                let message = match outcome {
                    CaseOutcome::Passed => String::new(),
                    _ => line.trim().to_owned(),
                };
                Some(TestCase { id, outcome, seconds: None, cause: None, message })
            })
            .collect()
    }

    fn totals(&self, text: &str) -> Vec<Totals> {
        let patterns = self.totals.iter().filter_map(|pattern| Regex::new(pattern).ok());
        let mut found: Vec<(usize, Totals)> = Vec::new();
        for pattern in patterns {
            for captures in pattern.captures_iter(text) {
                let at = captures.get(0).map_or(0, |whole| whole.start());
                if found.iter().all(|(known, _)| *known != at) {
                    found.push((at, Totals::of(&captures)));
                }
            }
        }
        found.into_iter().map(|(_, totals)| totals).collect()
    }

    /// Tests that the runner counts without naming them.
    fn number(&self, told: Totals, run: &mut TestRun) {
        let counts = run.counts();
        let named = run.cases.len();
        let mut add = |outcome: CaseOutcome, told: u64, named: u64, word: &str| {
            for number in named..told.min(named + 100_000) {
                run.cases.push(TestCase {
                    id: format!("{word} test {} of {told}", number + 1),
                    outcome,
                    seconds: None,
                    cause: None,
                    message: String::new(),
                });
            }
        };
        add(CaseOutcome::Passed, told.passed, counts.passed, "passed");
        add(CaseOutcome::Failed, told.failed, counts.failed, "failed");
        add(CaseOutcome::Errored, told.errored, counts.errored, "broken");
        add(CaseOutcome::Skipped, told.skipped, counts.skipped, "skipped");
        if run.cases.len() > named {
            run.doubts.push(format!("`{}` counts tests without naming all of them", run.runner));
        }
    }
}

impl Totals {
    fn of(captures: &Captures<'_>) -> Self {
        let number =
            |name: &str| captures.name(name).and_then(|group| group.as_str().parse::<u64>().ok());
        let failed = number("failed").unwrap_or(0);
        let errored = number("errored").unwrap_or(0);
        let skipped = number("skipped").unwrap_or(0);
        let passed = number("passed").unwrap_or_else(|| {
            let total = number("total").unwrap_or(0);
            total.saturating_sub(failed + errored + skipped)
        });
        Self { passed, failed, errored, skipped }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            errored: self.errored + other.errored,
            skipped: self.skipped + other.skipped,
        }
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

/// The text without terminal escapes.
fn without_colours(text: &str) -> String {
    match Regex::new("\u{1b}\\[[0-9;?]*[A-Za-z]") {
        Ok(escapes) => escapes.replace_all(text, "").replace('\r', ""),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
pub(super) use tests::sample;
