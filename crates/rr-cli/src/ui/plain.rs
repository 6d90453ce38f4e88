//! Progress without a terminal: one line per event that people care about, or all as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use rr_core::{Observer, Phase, PhaseOutcome, RunEvent, StepId};

use super::Display;
use super::text::clean;

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
            super::note(&clean(&text));
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
    steps: BTreeMap<StepId, Phase>,
}

impl Headings {
    /// The text of an event, with the heading that it needs.
    pub(crate) fn tell(&mut self, event: &RunEvent, text: Option<String>) -> Option<String> {
        let owner = self.owner(event);
        if let RunEvent::PhaseStarted { phase } = event {
            // These go on beside others: their heading comes with what they found.
            let beside =
                matches!(phase, Phase::AnalyzeProject | Phase::ChooseIndexer | Phase::IndexFiles);
            if beside || !self.seen.insert(*phase) {
                return None;
            }
            self.shown = owner;
            return text;
        }
        let text = text?;
        let needed = owner.filter(|_| self.shown != owner);
        self.shown = owner;
        Some(match needed {
            Some(phase) => {
                self.seen.insert(phase);
                format!("{}\n{text}", heading(phase))
            }
            None => text,
        })
    }

    /// The phase that an event belongs to, whatever else was begun meanwhile.
    fn owner(&mut self, event: &RunEvent) -> Option<Phase> {
        match event {
            RunEvent::PhaseStarted { phase } => {
                self.current = Some(*phase);
                self.current
            }
            RunEvent::Found { phase, .. } => Some(*phase),
            RunEvent::StepStarted { step, phase, .. } => {
                self.steps.insert(step.clone(), *phase);
                Some(*phase)
            }
            // A service's step ends with what the health probe found.
            RunEvent::StepEnded { step, .. } => {
                self.steps.get(step).copied().filter(|p| *p != Phase::Execute).or(self.current)
            }
            _ => self.current,
        }
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
        RunEvent::Found { text, .. } => format!("        {text}"),
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
            let detail = if detail.is_empty() { "done" } else { detail };
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

    fn told(events: &[RunEvent]) -> Vec<String> {
        let mut headings = Headings::default();
        events.iter().filter_map(|e| headings.tell(e, describe(e, false))).collect()
    }

    fn begun(phase: Phase) -> RunEvent {
        RunEvent::PhaseStarted { phase }
    }

    fn step(name: &str, phase: Phase) -> (RunEvent, RunEvent) {
        let id = StepId::new(name);
        let (step, title, command) = (id.clone(), name.to_owned(), String::new());
        let start = RunEvent::StepStarted { step, phase, title, command, attempt: 1 };
        (start, RunEvent::StepEnded { step: id, ok: true, detail: "d".into(), seconds: 1.0 })
    }

    #[test]
    fn a_heading_is_repeated_only_before_a_line_of_its_own() {
        let note = || RunEvent::Note { text: "x".to_owned() };
        let (deps, run) = (Phase::ManageDependencies, Phase::Execute);
        let lines = told(&[begun(deps), begun(run), begun(deps), note(), begun(deps), note()]);
        let again = "[ 4/12] Manage dependencies\n        x";
        let first = ["[ 4/12] Manage dependencies", "[ 8/12] Execute"];
        assert_eq!(lines, [first[0], first[1], again, "        x"]);
    }

    #[test]
    fn what_ends_beside_another_phase_is_told_under_its_own() {
        let (start, end) = step("obtain", Phase::ManageDependencies);
        let index = Phase::IndexFiles;
        let found = RunEvent::Found { phase: index, text: "9 files".to_owned() };
        let lines = told(&[begun(Phase::ManageDependencies), start, begun(index), end, found]);
        let ended = "        ok: d (1.0 s)";
        let indexed = "[ 7/12] Process files and index\n        9 files";
        assert_eq!(lines, ["[ 4/12] Manage dependencies", "        obtain", ended, indexed]);
    }
}
