//! Progress without a terminal: one line per event that people care about, or all as JSON.

use std::io::Write as _;

use rr_core::{Observer, PhaseOutcome, RunEvent};

use super::Display;

/// One line per event.
pub(crate) struct PlainLines {
    verbose: bool,
}

impl PlainLines {
    pub(crate) fn new(verbose: bool) -> Self {
        Self { verbose }
    }
}

impl Observer for PlainLines {
    fn on_event(&self, event: &RunEvent) {
        if let Some(text) = describe(event, self.verbose) {
            super::note(&text);
        }
    }
}

impl Display for PlainLines {
    fn finish(&self) {}
}

/// Every event as a line of JSON on standard output.
pub(crate) struct JsonLines;

impl Observer for JsonLines {
    fn on_event(&self, event: &RunEvent) {
        if let Ok(text) = serde_json::to_string(event) {
            // A reader that went away ends the run by SIGPIPE's error on the report, not here.
            let _gone = writeln!(std::io::stdout().lock(), "{text}");
        }
    }
}

impl Display for JsonLines {
    fn finish(&self) {}
}

/// An event in words; `None` where it is not worth a line.
pub(crate) fn describe(event: &RunEvent, verbose: bool) -> Option<String> {
    Some(match event {
        RunEvent::RunStarted { run_id, source } => format!("run {run_id}: {source}"),
        RunEvent::PhaseStarted { phase } => format!("[{:>2}/12] {phase}", phase.number()),
        RunEvent::PhaseEnded { outcome: PhaseOutcome::Failed, phase, detail } => {
            format!("        {phase} failed: {detail}")
        }
        RunEvent::StepStarted { title, command, attempt, .. } => {
            let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
            if verbose && !command.is_empty() {
                format!("        {title}{again}\n        $ {command}")
            } else {
                format!("        {title}{again}")
            }
        }
        RunEvent::StepEnded { ok, detail, seconds, .. } => {
            let mark = if *ok { "ok" } else { "failed" };
            format!("        {mark}: {detail} ({seconds:.1} s)")
        }
        RunEvent::Output { step, line } if verbose => format!("{step} | {line}"),
        // A remedy's choice shows as the diagnosis and the remedy.
        RunEvent::Decided { decision } if decision.topic != "rank-remedies" => {
            format!("        {}: {} ({})", decision.question, decision.choice, decision.rationale)
        }
        RunEvent::Diagnosed { signature, explanation, evidence_line, .. } => {
            format!("        diagnosis: {explanation} [{signature}]\n          {evidence_line}")
        }
        RunEvent::RemedyApplied { title, number, budget, .. } => {
            format!("        remedy {number} of {budget}: {title}")
        }
        RunEvent::RemedyRolledBack { title, .. } => format!("        taken back: {title}"),
        RunEvent::ServiceUp { name, url, port } => {
            format!("        {name} answers on port {port}: {url}")
        }
        RunEvent::TestsFinished { runner, counts } => format!(
            "        {runner}: {} passed, {} failed, {} errored, {} skipped of {}",
            counts.passed, counts.failed, counts.errored, counts.skipped, counts.discovered
        ),
        RunEvent::Note { text } => format!("        {text}"),
        _ => return None,
    })
}
