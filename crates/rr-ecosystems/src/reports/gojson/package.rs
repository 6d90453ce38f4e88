//! One package's tests, put together from its events.

use std::collections::BTreeMap;

use rr_core::{CaseOutcome, TestCase, TestRun};

use super::event::Event;

/// Longest message kept of a failure, in bytes.
const MESSAGE_CAP: usize = 4096;

/// A package under test.
#[derive(Default)]
pub(super) struct Package<'a> {
    order: Vec<&'a str>,
    tests: BTreeMap<&'a str, Test<'a>>,
    /// The package's own outcome: `pass`, `fail`, `skip`.
    outcome: Option<&'a str>,
    /// `PASS` or `FAIL`: the binary's own last word.
    word: Option<&'a str>,
    /// Output of no test.
    output: String,
    failed_build: Option<&'a str>,
    /// Top-level tests that the binary lists; known only where it did not end by its own word.
    listed: Vec<&'a str>,
}

/// One test.
#[derive(Default)]
struct Test<'a> {
    /// `pass`, `fail`, `skip`, once for each time it was reported.
    outcomes: Vec<&'a str>,
    /// Whether its framing line was seen: `--- PASS: TestAdd (0.00s)`.
    framed: bool,
    seconds: Option<f64>,
    output: String,
}

impl<'a> Package<'a> {
    /// Takes one event of this package.
    pub(super) fn take(&mut self, event: &'a Event) {
        let output = event.output.as_deref();
        let Some(name) = event.test.as_deref() else {
            self.take_own(event, output);
            return;
        };
        if !self.tests.contains_key(name) {
            self.order.push(name);
        }
        let test = self.tests.entry(name).or_default();
        match event.action.as_str() {
            "output" => {
                let text = output.unwrap_or_default();
                test.framed |= framing(text, name);
                push_capped(&mut test.output, text);
            }
            action @ ("pass" | "fail" | "skip") => {
                test.outcomes.push(action);
                test.seconds = event.elapsed;
            }
            _ => {}
        }
    }

    /// Takes one event of a test that was run again: only tests count, the package's own end is
    /// what the first run said.
    pub(super) fn take_again(&mut self, event: &'a Event) {
        if event.test.is_some() {
            self.take(event);
        }
    }

    /// Takes one event of a listing: the names stand in its output, one a line.
    pub(super) fn list(&mut self, event: &'a Event) {
        let line = event.output.as_deref().unwrap_or_default().trim_end();
        let is_test = ["Test", "Example", "Fuzz"].iter().any(|prefix| line.starts_with(prefix));
        if event.action == "output" && is_test && !line.contains(char::is_whitespace) {
            self.listed.push(line);
        }
    }

    fn take_own(&mut self, event: &'a Event, output: Option<&'a str>) {
        match event.action.as_str() {
            "output" => {
                let text = output.unwrap_or_default();
                match text.trim_end() {
                    word @ ("PASS" | "FAIL") => self.word = Some(word),
                    _ => push_capped(&mut self.output, text),
                }
            }
            action @ ("pass" | "fail" | "skip") => {
                self.outcome = Some(action);
                self.failed_build = event.failed_build.as_deref();
            }
            _ => {}
        }
    }

    /// Adds this package's cases and what speaks against them.
    pub(super) fn into_run(
        self,
        name: &str,
        builds: &BTreeMap<String, String>,
        log: &str,
        run: &mut TestRun,
    ) {
        if let Some(what) =
            ["[build failed]", "[setup failed]"].into_iter().find(|what| self.output.contains(what))
        {
            let message = self.build_message(name, builds, log);
            run.doubts.push(format!("`{name}` {what}: its tests are not known"));
            run.cases.push(errored(format!("{name} {what}"), message));
            return;
        }
        let before = run.cases.len();
        let cases: Vec<TestCase> = self.order.iter().map(|test| self.case(name, test)).collect();
        run.cases.extend(cases);
        self.add_unreached(name, run);
        self.check_end(name, before, run);
    }

    fn case(&self, package: &str, name: &str) -> TestCase {
        let test = &self.tests[name];
        let (outcome, why) = test.outcome();
        let message = match outcome {
            CaseOutcome::Passed => String::new(),
            _ => format!("{why}{}", cap(&test.output)),
        };
        TestCase {
            id: format!("{package}.{name}"),
            outcome,
            seconds: test.seconds,
            cause: None,
            message,
        }
    }

    /// Tests that the binary would have run, had it lived.
    fn add_unreached(&self, package: &str, run: &mut TestRun) {
        for name in self.listed.iter().filter(|name| !self.tests.contains_key(*name)) {
            let message = "the test binary ended before this test began".to_owned();
            run.cases.push(errored(format!("{package}.{name}"), message));
        }
    }

    fn check_end(&self, package: &str, before: usize, run: &mut TestRun) {
        let cases = &run.cases[before..];
        let bad = cases
            .iter()
            .filter(|case| matches!(case.outcome, CaseOutcome::Failed | CaseOutcome::Errored))
            .count();
        let no_files = self.output.contains("[no test files]");
        if self.word.is_none() && !no_files {
            let all = !self.listed.is_empty()
                && self.listed.iter().all(|name| self.tests.contains_key(name));
            run.complete &= all;
            let more = if all { "; what it left was run again" } else { "" };
            run.doubts
                .push(format!("`{package}`: its test binary did not end by its own word{more}"));
            if bad == 0 {
                let message = format!("it ran no test to the end\n{}", cap(&self.output));
                run.cases.push(errored(format!("{package} [no tests ran]"), message));
            }
        } else if self.outcome == Some("fail") && bad == 0 {
            let message = cap(&self.output).to_owned();
            run.cases.push(errored(format!("{package} [exit]"), message));
        } else if self.outcome == Some("pass") && (bad > 0 || self.word == Some("FAIL")) {
            run.doubts.push(format!("`{package}`: reported as passed with {bad} failed tests"));
        }
    }

    /// What the compiler said about a package: in events since Go 1.24, before that in the log
    /// behind `# path`.
    fn build_message(&self, name: &str, builds: &BTreeMap<String, String>, log: &str) -> String {
        if let Some(text) = self.failed_build.and_then(|path| builds.get(path)) {
            return cap(text).to_owned();
        }
        let marker = format!("# {name}");
        let section: Vec<&str> = log
            .lines()
            .skip_while(|line| !line.starts_with(&marker))
            .take_while(|line| !line.starts_with("FAIL"))
            .take(40)
            .collect();
        let text = if section.is_empty() { self.output.clone() } else { section.join("\n") };
        cap(&text).to_owned()
    }
}

impl Test<'_> {
    fn outcome(&self) -> (CaseOutcome, &'static str) {
        match self.outcomes.as_slice() {
            [] => (CaseOutcome::Errored, "it never ended\n"),
            ["pass"] if !self.framed => (CaseOutcome::Errored, "its process ended before it did\n"),
            all if all.contains(&"fail") => (CaseOutcome::Failed, ""),
            all if all.iter().all(|outcome| *outcome == "skip") => (CaseOutcome::Skipped, ""),
            _ => (CaseOutcome::Passed, ""),
        }
    }
}

/// `    --- PASS: TestAdd/sub_one (0.00s)`
fn framing(text: &str, name: &str) -> bool {
    text.trim_start()
        .strip_prefix("--- PASS: ")
        .and_then(|rest| rest.strip_prefix(name))
        .is_some_and(|rest| rest.starts_with(" ("))
}

fn errored(id: String, message: String) -> TestCase {
    TestCase { id, outcome: CaseOutcome::Errored, seconds: None, cause: None, message }
}

/// Keeps the start of an output and as much again of what follows.
fn push_capped(kept: &mut String, text: &str) {
    if kept.len() < 2 * MESSAGE_CAP {
        kept.push_str(text);
    }
}

fn cap(text: &str) -> &str {
    let mut end = text.len().min(MESSAGE_CAP);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
