//! What goes on right now, in a few lines: each step at work with its last output line, and how
//! far the twelve phases are. Knows no terminal but its width.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rr_core::{Phase, PhaseOutcome, RunEvent, StepId};

use super::style::Style;
use super::text::clip;

const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// Most steps that are shown at once.
const STEPS: usize = 3;

/// What goes on.
pub(crate) struct Ongoing {
    began: Instant,
    frame: usize,
    phase: Option<Phase>,
    phases: BTreeMap<Phase, Mark>,
    steps: Vec<Work>,
    /// The last line of output that belongs to no step at work, such as a clone's.
    last_line: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Active,
    Done,
    Failed,
}

/// A step at work.
struct Work {
    step: StepId,
    title: String,
    since: Instant,
    last_line: String,
}

impl Ongoing {
    pub(crate) fn began(now: Instant) -> Self {
        Self {
            began: now,
            frame: 0,
            phase: None,
            phases: BTreeMap::new(),
            steps: Vec::new(),
            last_line: String::new(),
        }
    }

    /// Turns the spinner.
    pub(crate) fn tick(&mut self) {
        self.frame += 1;
    }

    pub(crate) fn take(&mut self, event: &RunEvent, now: Instant) {
        match event {
            RunEvent::PhaseStarted { phase } => {
                self.phase = Some(*phase);
                self.phases.insert(*phase, Mark::Active);
                self.last_line.clear();
            }
            RunEvent::PhaseEnded { phase, outcome, .. } => {
                let failed = *outcome == PhaseOutcome::Failed;
                self.phases.insert(*phase, if failed { Mark::Failed } else { Mark::Done });
            }
            RunEvent::StepStarted { step, title, .. } => {
                self.steps.retain(|work| &work.step != step);
                let (step, title) = (step.clone(), title.clone());
                self.steps.push(Work { step, title, since: now, last_line: String::new() });
            }
            RunEvent::StepEnded { step, .. } => self.steps.retain(|work| &work.step != step),
            RunEvent::Output { step, line } if !line.trim().is_empty() => {
                let work = self.steps.iter_mut().find(|work| &work.step == step);
                work.map_or(&mut self.last_line, |work| &mut work.last_line).clone_from(line);
            }
            RunEvent::RunEnded { .. } => self.phase = None,
            _ => {}
        }
    }

    /// The lines, at most `width - 1` wide: a full line would wrap.
    pub(crate) fn lines(&self, now: Instant, width: usize, style: Style) -> Vec<String> {
        let Some(phase) = self.phase else { return Vec::new() };
        let width = width.saturating_sub(1);
        let spinner = SPINNER[self.frame % SPINNER.len()];
        let mut lines = Vec::new();
        let newest = self.steps.len().saturating_sub(STEPS);
        for work in &self.steps[newest..] {
            let time = clock(now.saturating_duration_since(work.since));
            lines.push(style.bold(&clip(&format!("{spinner} {}  {time}", work.title), width)));
            lines.extend(output(&work.last_line, width, style));
        }
        if self.steps.is_empty() {
            lines.push(style.bold(&clip(&format!("{spinner} {phase}"), width)));
            lines.extend(output(&self.last_line, width, style));
        }
        let time = clock(now.saturating_duration_since(self.began));
        let text = format!("  {}  {}/12 {phase}, run {time}", self.strip(), phase.number());
        lines.push(style.dim(&clip(&text, width)));
        lines
    }

    /// One character for each of the twelve phases.
    fn strip(&self) -> String {
        let mark = |phase: Phase| match self.phases.get(&phase) {
            None => '·',
            Some(Mark::Active) => '▸',
            Some(Mark::Done) => '✔',
            Some(Mark::Failed) => '✘',
        };
        Phase::ALL.into_iter().map(mark).collect()
    }
}

fn output(line: &str, width: usize, style: Style) -> Option<String> {
    let line = line.trim();
    (!line.is_empty()).then(|| style.dim(&clip(&format!("    {line}"), width)))
}

/// Minutes and seconds: `2:05`.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(step: &str, phase: Phase) -> RunEvent {
        let (step, title) = (StepId::new(step), format!("do {step}"));
        RunEvent::StepStarted { step, phase, title, command: String::new(), attempt: 1 }
    }

    #[test]
    fn steps_at_work_keep_their_own_lines_while_phases_overlap() {
        let now = Instant::now();
        let mut ongoing = Ongoing::began(now);
        let (deps, index) = (Phase::ManageDependencies, Phase::IndexFiles);
        let output = |step: &str, line: &str| RunEvent::Output {
            step: StepId::new(step),
            line: line.to_owned(),
        };
        for event in [
            RunEvent::PhaseStarted { phase: deps },
            begin("a", deps),
            RunEvent::PhaseStarted { phase: index },
            begin("b", index),
            output("a", "\u{1b}[2Jof a"),
            output("b", "of b"),
        ] {
            ongoing.take(&event, now);
        }
        let plain = Style::plain();
        let later = now + Duration::from_secs(65);
        let lines = ongoing.lines(later, 60, plain);
        assert_eq!(
            lines,
            [
                "⠋ do a  1:05",
                "    of a",
                "⠋ do b  1:05",
                "    of b",
                "  ···▸··▸·····  7/12 Process files and index, run 1:05",
            ]
        );
        let ended = RunEvent::StepEnded {
            step: StepId::new("a"),
            ok: true,
            detail: String::new(),
            seconds: 1.0,
        };
        ongoing.take(&ended, later);
        ongoing.take(
            &RunEvent::PhaseEnded {
                phase: deps,
                outcome: PhaseOutcome::Succeeded,
                detail: String::new(),
            },
            later,
        );
        let lines = ongoing.lines(later, 60, plain);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[2].contains("···✔··▸·····"), "{lines:?}");
        assert!(ongoing.lines(later, 20, plain).iter().all(|line| line.chars().count() < 20));
    }
}
