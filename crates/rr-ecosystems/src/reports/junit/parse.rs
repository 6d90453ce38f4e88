//! One JUnit file.

use roxmltree::{Document, Node, ParsingOptions};
use rr_core::{CaseOutcome, TestCase};

/// Longest message kept, in bytes; the reader of reports cuts again.
const MESSAGE: usize = 4096;

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) cases: Vec<TestCase>,
    /// How its own counts differ from its cases: `names 5 tests, but holds 3`.
    pub(super) disagreement: Option<String>,
}

/// Reads one file.
///
/// # Errors
/// Why it is no JUnit file.
pub(super) fn file(text: &str) -> Result<File, String> {
    let cleaned = without_control(text);
    // Document types are allowed because some writers declare one; entities stay bounded by the
    // parser, and nothing outside the file is ever read.
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(&cleaned, options).map_err(|e| e.to_string())?;
    let root = document.root_element();
    if !matches!(root.tag_name().name(), "testsuites" | "testsuite") {
        return Err(format!("its root is `{}`", root.tag_name().name()));
    }
    let mut file = File::default();
    for suite in root.descendants().filter(|node| node.has_tag_name("testsuite")) {
        let own: Vec<Node<'_, '_>> =
            suite.children().filter(|node| node.has_tag_name("testcase")).collect();
        file.cases.extend(own.iter().map(|case| read_case(suite, *case)));
        let nested = suite.children().any(|node| node.has_tag_name("testsuite"));
        let declared =
            suite.attribute("tests").and_then(|count| count.trim().parse::<usize>().ok());
        if let Some(declared) = declared
            && !nested
            && declared > own.len()
        {
            let held = own.len();
            file.disagreement = Some(format!("names {declared} tests, but holds {held}"));
        }
        file.cases.extend(suite_error(suite, own.len()));
    }
    Ok(file)
}

/// A suite that broke before any test: `<testsuite errors="1"><error …/></testsuite>`.
fn suite_error(suite: Node<'_, '_>, cases: usize) -> Option<TestCase> {
    let error = suite
        .children()
        .find(|node| cases == 0 && (node.has_tag_name("error") || node.has_tag_name("failure")))?;
    Some(TestCase {
        id: suite.attribute("name").unwrap_or("(suite)").to_owned(),
        outcome: CaseOutcome::Errored,
        seconds: None,
        cause: None,
        message: message_of(error),
    })
}

fn read_case(suite: Node<'_, '_>, case: Node<'_, '_>) -> TestCase {
    let (outcome, message) = outcome_of(case);
    TestCase {
        id: id_of(suite, case),
        outcome,
        seconds: case.attribute("time").and_then(seconds),
        cause: None,
        message,
    }
}

/// `class.name`; the name alone where the writer repeats it as the class (ctest).
fn id_of(suite: Node<'_, '_>, case: Node<'_, '_>) -> String {
    let name = case.attribute("name").unwrap_or("(no name)");
    let class = case.attribute("classname").or_else(|| suite.attribute("name")).unwrap_or("");
    if class.is_empty() || class == name { name.to_owned() } else { format!("{class}.{name}") }
}

fn outcome_of(case: Node<'_, '_>) -> (CaseOutcome, String) {
    let child = |name: &str| case.children().find(|node| node.has_tag_name(name));
    if let Some(error) = child("error") {
        return (CaseOutcome::Errored, message_of(error));
    }
    if let Some(failure) = child("failure") {
        return (CaseOutcome::Failed, with_output(case, message_of(failure)));
    }
    let skipped = child("skipped").or_else(|| child("disabled"));
    if let Some(skipped) = skipped {
        let message = message_of(skipped);
        return (skip_outcome(case, &message), message);
    }
    match case.attribute("status") {
        Some("fail" | "failed") => (CaseOutcome::Failed, with_output(case, String::new())),
        Some("notrun" | "error" | "errored") => (CaseOutcome::Errored, String::new()),
        Some("disabled" | "skipped") => (CaseOutcome::Skipped, String::new()),
        _ => (CaseOutcome::Passed, String::new()),
    }
}

/// ctest writes tests that it could not run as skipped, with one of its own reasons:
/// `Unable to find executable: …`, `Unable to find required file: …`, `Fixture dependency failed`.
fn skip_outcome(case: Node<'_, '_>, message: &str) -> CaseOutcome {
    const BROKEN: &[&str] = &["Unable to find ", "Fixture dependency failed", "Bad command"];
    let broken = case.attribute("status") == Some("notrun")
        && BROKEN.iter().any(|reason| message.starts_with(reason));
    if broken { CaseOutcome::Errored } else { CaseOutcome::Skipped }
}

fn message_of(node: Node<'_, '_>) -> String {
    let attribute = node.attribute("message").unwrap_or("").trim();
    let text = node.text().unwrap_or("").trim();
    let joined = match (attribute, text) {
        ("", text) => text.to_owned(),
        (attribute, "") => attribute.to_owned(),
        (attribute, text) if text.contains(attribute) => text.to_owned(),
        (attribute, text) => format!("{attribute}\n{text}"),
    };
    cut(joined)
}

/// ctest and others give the reason only in the test's output.
fn with_output(case: Node<'_, '_>, message: String) -> String {
    if message.len() > 40 {
        return message;
    }
    let output = case
        .children()
        .find(|node| node.has_tag_name("system-out"))
        .and_then(|node| node.text().map(str::trim))
        .unwrap_or("");
    let start = output.len().saturating_sub(MESSAGE / 2);
    let start = (start..output.len()).find(|at| output.is_char_boundary(*at)).unwrap_or(0);
    cut(format!("{message}\n{}", &output[start..]).trim().to_owned())
}

fn cut(mut message: String) -> String {
    if message.len() > MESSAGE {
        let end = (0..=MESSAGE).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
        message.truncate(end);
    }
    message
}

/// `1,234.5` (Surefire, with thousands) and `0.01`.
fn seconds(text: &str) -> Option<f64> {
    text.replace(',', "").trim().parse().ok().filter(|seconds: &f64| seconds.is_finite())
}

/// XML 1.0 admits no control characters, but tests print them and writers copy them.
fn without_control(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => c,
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
            c => c,
        })
        .collect()
}
