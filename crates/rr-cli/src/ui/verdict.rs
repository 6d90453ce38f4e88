//! The verdict on one screen.

use std::fmt::Write as _;

use rr_core::report::RunReport;
use rr_core::{CaseOutcome, RepoSource, Rung, TestCase};

use super::style::Style;
use super::text::{clean, clip};

/// Most failing tests that are shown.
const FAILING: usize = 8;

/// Most notes that are shown.
const NOTES: usize = 5;

/// Prints the verdict.
pub(crate) fn verdict(report: &RunReport) -> anyhow::Result<()> {
    super::line(render(report, Style::of_stdout()).trim_end())
}

fn render(report: &RunReport, style: Style) -> String {
    let mut out = String::new();
    head(&mut out, report, style);
    ladder(&mut out, report, style);
    tests(&mut out, report, style);
    services(&mut out, report);
    failures(&mut out, report, style);
    remedies(&mut out, report);
    super::models::consultations(&mut out, report);
    notes(&mut out, report, style);
    foot(&mut out, report, style);
    out
}

fn head(out: &mut String, report: &RunReport, style: Style) {
    let rung = report.verdict.rung.map_or("nothing proved", Rung::as_str);
    let mark = if report.verdict.green { style.green("GREEN") } else { style.red("NOT GREEN") };
    put(out, &format!("\n{mark}  rung {}  {}", style.bold(rung), report.source));
    let commit: String = report.commit.chars().take(17).collect();
    put(
        out,
        &style.dim(&format!(
            "{}  commit {commit}  run {}",
            clean(&report.verdict.summary),
            report.run_id
        )),
    );
}

fn ladder(out: &mut String, report: &RunReport, style: Style) {
    for record in report.rungs.iter().filter(|r| r.rung <= report.verdict.asked) {
        let mark = if record.proved { style.green("✔") } else { style.red("✘") };
        let evidence = record.evidence.first().map_or("", String::as_str);
        let more = match record.evidence.len() {
            0 | 1 => String::new(),
            count => style.dim(&format!("  (+{})", count - 1)),
        };
        let text = clip(evidence, 90);
        put(out, &format!("  {mark} {:<10} {text}{more}", record.rung.as_str()));
    }
}

fn tests(out: &mut String, report: &RunReport, style: Style) {
    let counts = report.tests.counts;
    if counts.discovered == 0 {
        return;
    }
    put(
        out,
        &format!(
            "\n  tests ({}): {} passed, {} failed, {} errored, {} skipped of {}",
            report.tests.runner,
            counts.passed,
            counts.failed,
            counts.errored,
            counts.skipped,
            counts.discovered
        ),
    );
    if !report.tests.flaky.is_empty() {
        let all = report.tests.flaky.join(", ");
        put(out, &format!("    {} {}", style.yellow("flaky:"), clip(&all, 110)));
    }
    let bad = |case: &&TestCase| matches!(case.outcome, CaseOutcome::Failed | CaseOutcome::Errored);
    let failing: Vec<&TestCase> = report.tests.cases.iter().filter(bad).collect();
    for case in failing.iter().take(FAILING) {
        let cause = case.cause.map_or("", |cause| cause.as_str());
        put(out, &format!("    {} {} [{cause}]", style.red("✘"), clip(&case.id, 90)));
        if let Some(line) = telling(&case.message) {
            put(out, &style.dim(&format!("        {}", clip(line, 100))));
        }
    }
    if failing.len() > FAILING {
        put(
            out,
            &style.dim(&format!(
                "    … {} more: repo-runner tests --failed",
                failing.len() - FAILING
            )),
        );
    }
    for doubt in report.tests.doubts.iter().take(4) {
        put(out, &format!("    {} {}", style.yellow("doubt:"), clip(doubt, 110)));
    }
}

fn services(out: &mut String, report: &RunReport) {
    for service in &report.services {
        let memory = match service.memory {
            0 => String::new(),
            bytes => format!(", {} MiB", bytes >> 20),
        };
        let detail = &service.probe.detail;
        put(out, &format!("\n  service {}: {}{memory}", service.name, clip(detail, 90)));
    }
}

fn failures(out: &mut String, report: &RunReport, style: Style) {
    for failure in &report.failures {
        let text = clip(&failure.explanation, 100);
        put(
            out,
            &format!("\n  {} `{}` [{}] {text}", style.red("failed"), failure.step, failure.cause),
        );
        if !failure.evidence_line.is_empty() {
            put(out, &style.dim(&format!("      {}", clip(&failure.evidence_line, 110))));
        }
    }
}

fn remedies(out: &mut String, report: &RunReport) {
    let helped: Vec<&str> =
        report.remedies.iter().filter(|r| r.helped).map(|r| r.title.as_str()).collect();
    if !helped.is_empty() {
        put(out, &format!("\n  repaired: {}", helped.join("; ")));
    }
}

/// What was left out, not had, or done otherwise than asked.
fn notes(out: &mut String, report: &RunReport, style: Style) {
    let notes = &report.plan.notes;
    if notes.is_empty() {
        return;
    }
    put(out, "");
    for note in notes.iter().take(NOTES) {
        put(out, &style.dim(&format!("  note: {}", clip(note, 130))));
    }
    if notes.len() > NOTES {
        let more = format!("  … {} more: repo-runner plan", notes.len() - NOTES);
        put(out, &style.dim(&more));
    }
}

fn foot(out: &mut String, report: &RunReport, style: Style) {
    let t = report.timings;
    let environment = if report.prepared.reused {
        let age = report.prepared.age_seconds.unwrap_or_default();
        format!("prepared environment reused ({age} s old)")
    } else if report.prepared.reason.is_empty() {
        String::new()
    } else {
        format!("environment prepared anew ({})", report.prepared.reason)
    };
    put(
        out,
        &style.dim(&format!(
            "\n  {:.1} s, {:.1} s of it ours; sandbox: {:?} by {}; {environment}",
            t.total, t.ours, report.enforcement.level, report.enforcement.backend
        )),
    );
    put(out, &format!("  next: {}", next(report)));
}

/// The exact next command.
fn next(report: &RunReport) -> String {
    let id = &report.run_id;
    let failing = report.tests.counts.failed + report.tests.counts.errored;
    if let Some(failure) = report.failures.first() {
        let step: String = failure
            .step
            .as_str()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' })
            .collect();
        format!("repo-runner logs {id} --step {step}")
    } else if failing > 0 {
        format!("repo-runner tests {id} --failed")
    } else if report.services.iter().any(|service| !service.url.is_empty()) {
        format!("repo-runner run {} --until running --keep    # and use it", named(report))
    } else if report.verdict.asked >= Rung::Tested {
        format!("repo-runner recipe {id}    # the commands, without repo-runner")
    } else {
        format!("repo-runner run {}", named(report))
    }
}

/// The source as the user would name it again.
fn named(report: &RunReport) -> String {
    let reference = match &report.source {
        RepoSource::Git { reference, .. } | RepoSource::Folder { reference, .. } => {
            reference.as_deref()
        }
        RepoSource::Archive { .. } | RepoSource::Package { .. } => None,
    };
    let reference = reference.map(|name| format!(" --ref {}", quoted(name))).unwrap_or_default();
    format!("{}{reference}", quoted(&report.source.to_string()))
}

/// The word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+,%=~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The line of a message that says most: the last that speaks of an error, else the first.
fn telling(message: &str) -> Option<&str> {
    let lines = || message.lines().map(str::trim).filter(|line| !line.is_empty());
    lines()
        .rfind(|line| line.contains("Error") || line.starts_with("E "))
        .or_else(|| lines().next())
}

fn put(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _infallible = writeln!(out, "{text}");
}
