//! Progress without a terminal: one line per event that people care about, or all as JSON.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use rr_core::{Observer, Phase, PhaseOutcome, RunEvent};

use super::Display;

/// One line per event.
pub(crate) struct PlainLines {
    verbose: bool,
    headings: Mutex<Headings>,
}

impl PlainLines {
    pub(crate) fn new(verbose: bool) -> Self {
        Self { verbose, headings: Mutex::default() }
    }
}

impl Observer for PlainLines {
    fn on_event(&self, event: &RunEvent) {
        let mut headings = self.headings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = headings.tell(event, describe(event, self.verbose)) {
            super::note(&text);
        }
    }
}

/// Which phase the lines stand under. Phases overlap and are entered again; a heading is repeated
/// only where a line of that phase follows lines of another.
#[derive(Debug, Default)]
pub(crate) struct Headings {
    seen: BTreeSet<Phase>,
    shown: Option<Phase>,
    current: Option<Phase>,
}

impl Headings {
    /// The text of an event, with the heading that it needs.
    pub(crate) fn tell(&mut self, event: &RunEvent, text: Option<String>) -> Option<String> {
        if let RunEvent::PhaseStarted { phase } = event {
            self.current = Some(*phase);
            if !self.seen.insert(*phase) {
                return None;
            }
            self.shown = self.current;
            return text;
        }
        let text = text?;
        let repeated = self.current.filter(|_| self.shown != self.current);
        self.shown = self.current;
        Some(match repeated {
            Some(phase) => format!("{}\n{text}", heading(phase)),
            None => text,
        })
    }
}

fn heading(phase: Phase) -> String {
    format!("[{:>2}/12] {phase}", phase.number())
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
        RunEvent::PhaseStarted { phase } => heading(*phase),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_repeated_only_before_a_line_of_its_own() {
        let mut headings = Headings::default();
        let mut tell = |event: RunEvent| headings.tell(&event, describe(&event, false));
        let start = |phase| RunEvent::PhaseStarted { phase };
        let note = || RunEvent::Note { text: "x".to_owned() };
        assert!(tell(start(Phase::ManageDependencies)).is_some());
        assert!(tell(start(Phase::IndexFiles)).is_some());
        assert_eq!(tell(start(Phase::ManageDependencies)), None);
        assert_eq!(tell(start(Phase::IndexFiles)), None);
        assert_eq!(tell(note()).as_deref(), Some("        x"));
        assert_eq!(tell(start(Phase::ManageDependencies)), None);
        let text = tell(note()).unwrap_or_default();
        assert!(text.starts_with("[ 4/12] "), "{text}");
    }
}
