//! Reads the Test Anything Protocol: one outcome per assertion, subtests followed.
//!
//! The stream says by its plan (`1..7`) how many points it has; without a plan, with fewer points
//! or with `Bail out!` it is incomplete. Must not look at anything a runner prints in comments.

use std::collections::HashMap;

use rr_core::{CaseOutcome, Exit, TestCase, TestRun};

use super::ReportInput;

/// The points by which node-tap and ava say that there was nothing to run. They are no tests.
const NOTHING_TO_RUN: &[&str] =
    &["no tests specified", "Couldn't find any files to test", "Couldn’t find any files to test"];

/// Longest diagnostic kept for one point, in lines.
const MESSAGE_LINES: usize = 60;

/// Reads the outcomes of a test step that wrote TAP: its files, or its log where the report is
/// `-`.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let spec = input.step.test.as_ref();
    let mut run = TestRun {
        runner: spec.map_or_else(String::new, |test| test.runner.clone()),
        complete: true,
        ..TestRun::default()
    };
    let from_log = spec.is_some_and(|test| test.report == "-");
    if from_log {
        Stream::default().read(&String::from_utf8_lossy(input.output), &mut run);
    } else if input.files.is_empty() {
        run.complete = false;
        run.doubts.push("no test runner wrote its report".to_owned());
    }
    for (path, bytes) in input.files.iter().filter(|_| !from_log) {
        let first = run.cases.len();
        Stream::default().read(&String::from_utf8_lossy(bytes), &mut run);
        // prove's files are named like its scripts, and scripts repeat each other's titles.
        if let Some(script) = path.strip_prefix("tap/").filter(|_| run.runner == "prove") {
            for case in &mut run.cases[first..] {
                case.id = format!("{script} > {}", case.id);
            }
        }
    }
    run.complete &= input.outcome.exit != Exit::TimedOut;
    run
}

/// One open level of subtests.
#[derive(Default)]
struct Level {
    indent: usize,
    names: usize,
    failing: bool,
}

/// One stream on its way.
#[derive(Default)]
struct Stream {
    cases: Vec<TestCase>,
    deeper: Vec<Level>,
    titles: Vec<(usize, String)>,
    ids: HashMap<String, usize>,
    points: u64,
    planned: Option<u64>,
    bailed: Option<String>,
    last_is_case: bool,
    empty: bool,
}

impl Stream {
    fn read(mut self, text: &str, run: &mut TestRun) {
        let mut block: Option<usize> = None;
        for line in text.lines() {
            let indent = line.len() - line.trim_start_matches(' ').len();
            let body = line[indent..].trim_end();
            if let Some(end) = block {
                if indent == end && body == "..." {
                    block = None;
                } else {
                    self.diagnostic(body);
                }
            } else if body == "---" {
                block = Some(indent);
            } else {
                self.line(indent, body);
            }
        }
        self.finish(run);
    }

    fn line(&mut self, indent: usize, body: &str) {
        if let Some(rest) = body.strip_prefix("Bail out!") {
            self.bailed = Some(rest.trim().to_owned());
        } else if let Some(name) = body.strip_prefix("# Subtest: ") {
            self.titles.retain(|(depth, _)| *depth < indent);
            self.titles.push((indent, name.trim().to_owned()));
        } else if let Some(plan) = plan_of(body).filter(|_| indent == 0) {
            self.planned = Some(self.planned.unwrap_or(0) + plan);
        } else if let Some(point) = point_of(body) {
            if indent == 0 && !point.ok && NOTHING_TO_RUN.contains(&point.name) {
                self.empty = true;
            } else {
                self.point(indent, &point);
            }
        }
    }

    fn point(&mut self, indent: usize, point: &Point<'_>) {
        self.points += u64::from(indent == 0);
        let mut inner = None;
        while self.deeper.last().is_some_and(|level| level.indent > indent) {
            inner = self.deeper.pop();
        }
        if self.deeper.last().is_none_or(|level| level.indent < indent) {
            self.deeper.push(Level { indent, ..Level::default() });
        }
        let failed = !point.ok && !point.todo;
        if let Some(level) = self.deeper.last_mut() {
            level.names += 1;
            level.failing |= failed;
        }
        self.last_is_case = false;
        // The point of a subtest sums up what was counted already.
        let sums_up = inner.is_some_and(|inner| inner.names > 0 && (inner.failing || point.ok));
        if sums_up {
            self.titles.retain(|(depth, _)| *depth < indent);
            return;
        }
        let outcome = match (point.ok, point.skip || point.todo) {
            (_, true) => CaseOutcome::Skipped,
            (true, false) => CaseOutcome::Passed,
            (false, false) => CaseOutcome::Failed,
        };
        self.case(indent, point, outcome);
    }

    fn case(&mut self, indent: usize, point: &Point<'_>, outcome: CaseOutcome) {
        let mut path: Vec<&str> = self
            .titles
            .iter()
            .filter(|(depth, _)| *depth < indent)
            .map(|(_, name)| name.as_str())
            .collect();
        path.push(if point.name.is_empty() { "(unnamed)" } else { point.name });
        let id = path.join(" > ");
        let count = self.ids.entry(id.clone()).or_insert(0);
        *count += 1;
        let id = if *count == 1 { id } else { format!("{id} ({count})") };
        self.cases.push(TestCase {
            id,
            outcome,
            seconds: None,
            cause: None,
            message: String::new(),
        });
        self.last_is_case = true;
    }

    fn diagnostic(&mut self, line: &str) {
        if !self.last_is_case {
            return;
        }
        if let Some(case) = self.cases.last_mut()
            && matches!(case.outcome, CaseOutcome::Failed)
            && case.message.lines().count() < MESSAGE_LINES
        {
            case.message.push_str(line);
            case.message.push('\n');
        }
    }

    fn finish(self, run: &mut TestRun) {
        if let Some(reason) = &self.bailed {
            run.complete = false;
            run.doubts.push(format!("the suite bailed out: {reason}"));
        }
        match self.planned {
            _ if self.empty => run.doubts.push("the runner found no test files".to_owned()),
            None => {
                run.complete = false;
                run.doubts.push("the stream ends without its plan".to_owned());
            }
            Some(planned) if planned != self.points => {
                run.complete = false;
                run.doubts.push(format!("{planned} points were planned, but {} came", self.points));
            }
            Some(_) => {}
        }
        run.cases.extend(self.cases);
    }
}

/// A test point's line, taken apart.
struct Point<'a> {
    ok: bool,
    name: &'a str,
    skip: bool,
    todo: bool,
}

/// `ok 3 - adds numbers # SKIP no network`.
fn point_of(body: &str) -> Option<Point<'_>> {
    let (ok, rest) = match body.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, body.strip_prefix("ok")?),
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let rest = rest.trim_start();
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = rest[digits..].trim_start().trim_start_matches("- ");
    let (name, directive) = split_directive(rest);
    let directive = directive.to_ascii_lowercase();
    Some(Point {
        ok,
        name: name.trim(),
        skip: directive.starts_with("skip"),
        todo: directive.starts_with("todo"),
    })
}

/// The name and what follows its last ` # `.
fn split_directive(text: &str) -> (&str, &str) {
    match text.rsplit_once(" # ").or_else(|| text.rsplit_once(" #")) {
        Some((name, directive)) => (name, directive.trim()),
        None => match text.strip_prefix("# ") {
            Some(directive) => ("", directive),
            None => (text, ""),
        },
    }
}

fn plan_of(body: &str) -> Option<u64> {
    let count = body.strip_prefix("1..")?;
    count.split([' ', '#']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> TestRun {
        let mut run = TestRun { complete: true, ..TestRun::default() };
        Stream::default().read(text, &mut run);
        run
    }

    #[test]
    fn points_count_and_directives_skip() {
        let run = read_text(
            "TAP version 13\nok 1 - a\nnot ok 2 - b\n  ---\n  message: boo\n  ok 9 - not a point\n  ...\n\
             ok 3 - c # SKIP later\nnot ok 4 - d # TODO\nok 5 - e # time=3ms\nok 6 - a\n1..6\n# tests 6\n",
        );
        let counts = run.counts();
        assert!(run.complete, "{:?}", run.doubts);
        assert_eq!((counts.passed, counts.failed, counts.skipped), (3, 1, 2));
        assert!(run.cases[1].message.contains("boo"));
        assert_eq!(run.cases[5].id, "a (2)");
    }

    #[test]
    fn subtests_are_counted_once() {
        let run = read_text(
            "# Subtest: t/a.js\n    # Subtest: one\n        ok 1 - x\n        not ok 2 - y\n        1..2\n\
             \x20   not ok 1 - one\n    1..1\nnot ok 1 - t/a.js\n# Subtest: t/b.js\n    ok 1 - z\n    1..1\n\
             not ok 2 - t/b.js\n1..2\n",
        );
        let ids: Vec<_> = run.cases.iter().map(|c| (c.id.as_str(), c.outcome)).collect();
        assert_eq!(
            ids,
            [
                ("t/a.js > one > x", CaseOutcome::Passed),
                ("t/a.js > one > y", CaseOutcome::Failed),
                ("t/b.js > z", CaseOutcome::Passed),
                // Its assertions passed, but the file as a whole did not.
                ("t/b.js", CaseOutcome::Failed),
            ]
        );
    }

    #[test]
    fn a_point_that_says_there_are_no_tests_is_none() {
        for stream in [
            "TAP version 13\nnot ok 1 - no tests specified\n  ---\n  at: x\n  ...\n1..1\n# failed 1 test\n",
            "TAP version 13\nnot ok 1 - Couldn’t find any files to test\n1..0\n",
        ] {
            let run = read_text(stream);
            assert!(run.cases.is_empty(), "{:?}", run.cases);
            assert_eq!(run.doubts, ["the runner found no test files"]);
        }
    }

    #[test]
    fn a_cut_stream_is_incomplete() {
        assert!(!read_text("ok 1 - a\nok 2 - b\n").complete);
        assert!(!read_text("1..3\nok 1 - a\nok 2 - b\n").complete);
        assert!(!read_text("1..2\nok 1 - a\nBail out! no database\n").complete);
        assert!(read_text("1..0 # no tests\n").cases.is_empty());
    }
}
