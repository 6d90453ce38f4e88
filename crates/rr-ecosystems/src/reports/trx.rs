//! Reads `.trx` files, Visual Studio's test results, which `dotnet test --logger trx` writes.
//!
//! One file per test project. A file says itself how it ended (`outcome` of its summary) and how
//! many tests it has; both are held against its results.

use std::collections::HashMap;

use roxmltree::{Document, Node};
use rr_core::{CaseOutcome, Exit, TestCase, TestRun};

use super::ReportInput;

/// Longest message kept, in characters.
const MESSAGE: usize = 4000;

/// Reads a test step whose report format is `Trx`.
pub(crate) fn read(input: &ReportInput<'_>) -> TestRun {
    let runner = input.step.test.as_ref().map_or_else(String::new, |test| test.runner.clone());
    let mut run = TestRun { runner, complete: true, ..TestRun::default() };
    if input.files.is_empty() {
        refute(&mut run, "the runner left no result file".to_owned());
    }
    for (path, bytes) in input.files {
        let name = path.rsplit('/').next().unwrap_or(path);
        let text = String::from_utf8_lossy(bytes);
        match Document::parse(text.trim_start_matches('\u{feff}')) {
            Ok(document) => file(name, &document, &mut run),
            Err(error) => refute(&mut run, format!("`{name}` cannot be read: {error}")),
        }
    }
    run.complete &= input.outcome.exit != Exit::TimedOut;
    run
}

fn refute(run: &mut TestRun, doubt: String) {
    run.complete = false;
    run.doubts.push(doubt);
}

fn file(name: &str, document: &Document<'_>, run: &mut TestRun) {
    let of = |tag: &'static str| {
        document.descendants().filter(move |node| node.tag_name().name() == tag)
    };
    let classes: HashMap<&str, &str> = of("UnitTest")
        .filter_map(|test| {
            let method = test.children().find(|node| node.tag_name().name() == "TestMethod")?;
            Some((test.attribute("id")?, method.attribute("className")?))
        })
        .collect();
    let cases: Vec<TestCase> = of("UnitTestResult").map(|node| case(node, &classes)).collect();
    let Some(summary) = of("ResultSummary").next() else {
        return refute(run, format!("`{name}` has no summary: the run did not come to its end"));
    };
    if !matches!(summary.attribute("outcome"), Some("Completed" | "Passed" | "Failed")) {
        let outcome = summary.attribute("outcome").unwrap_or("nothing");
        refute(run, format!("`{name}` says `{outcome}` of the run"));
    }
    let total = of("Counters").next().and_then(|node| node.attribute("total")?.parse().ok());
    if total.is_some_and(|total: usize| total > cases.len()) {
        let held = cases.len();
        refute(run, format!("`{name}` names {} tests, but holds {held}", total.unwrap_or(0)));
    }
    run.cases.extend(cases);
}

fn case(node: Node<'_, '_>, classes: &HashMap<&str, &str>) -> TestCase {
    let title = node.attribute("testName").unwrap_or("(no name)");
    let class = node.attribute("testId").and_then(|id| classes.get(id)).copied().unwrap_or("");
    let id = if class.is_empty() || title.starts_with(class) {
        title.to_owned()
    } else {
        format!("{class}.{title}")
    };
    let outcome = match node.attribute("outcome") {
        Some("Passed" | "PassedButRunAborted" | "Warning") => CaseOutcome::Passed,
        Some("Failed") => CaseOutcome::Failed,
        Some("NotExecuted" | "Inconclusive" | "NotRunnable" | "Disconnected") => {
            CaseOutcome::Skipped
        }
        _ => CaseOutcome::Errored,
    };
    let text = |tag: &str| {
        let found = node.descendants().find(|n| n.tag_name().name() == tag)?;
        found.text().map(str::trim).map(str::to_owned)
    };
    let message = [text("Message"), text("StackTrace")].into_iter().flatten().collect::<Vec<_>>();
    TestCase {
        id,
        outcome,
        seconds: node.attribute("duration").and_then(seconds),
        cause: None,
        message: message.join("\n").chars().take(MESSAGE).collect(),
    }
}

/// `00:00:01.5000000`
fn seconds(text: &str) -> Option<f64> {
    let mut parts = text.rsplit(':').map(|part| part.parse::<f64>().ok());
    let seconds = parts.next()??;
    let minutes = parts.next().flatten().unwrap_or(0.0);
    let hours = parts.next().flatten().unwrap_or(0.0);
    Some(hours.mul_add(3600.0, minutes.mul_add(60.0, seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::console::sample;

    const FILE: &str = r#"<?xml version="1.0"?><TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
<Results>
<UnitTestResult testId="a" testName="Adds" duration="00:00:01.5000000" outcome="Passed"/>
<UnitTestResult testId="b" testName="My.Sums.Halves(n: 3)" duration="00:00:00.1" outcome="Failed"><Output><ErrorInfo><Message>Assert.Equal() Failure</Message><StackTrace>at Sums.cs:12</StackTrace></ErrorInfo></Output></UnitTestResult>
<UnitTestResult testId="c" testName="Later" outcome="NotExecuted"/>
</Results>
<TestDefinitions><UnitTest id="a" name="Adds"><TestMethod className="My.Sums" name="Adds"/></UnitTest><UnitTest id="b"><TestMethod className="My.Sums"/></UnitTest></TestDefinitions>
<ResultSummary outcome="OUTCOME"><Counters total="TOTAL" executed="2"/></ResultSummary></TestRun>"#;

    fn run(outcome: &str, total: &str) -> TestRun {
        let text = FILE.replace("OUTCOME", outcome).replace("TOTAL", total);
        sample("dotnet-test", 1, "", &[("a.trx", &text)], read)
    }

    #[test]
    fn results_are_named_by_class_and_counted() {
        let run = run("Failed", "3");
        assert!(run.complete, "{run:?}");
        let ids: Vec<&str> = run.cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids, ["My.Sums.Adds", "My.Sums.Halves(n: 3)", "Later"]);
        let counts = run.counts();
        assert_eq!((counts.passed, counts.failed, counts.skipped), (1, 1, 1));
        assert_eq!(run.cases[0].seconds, Some(1.5));
        assert!(run.cases[1].message.contains("Sums.cs:12"));
    }

    #[test]
    fn a_file_that_broke_off_or_holds_less_than_it_names_proves_nothing() {
        assert!(!run("Aborted", "3").complete);
        assert!(!run("Failed", "5").complete);
        assert!(!sample("dotnet-test", 0, "Passed! - Failed: 0, Passed: 100", &[], read).complete);
    }
}
