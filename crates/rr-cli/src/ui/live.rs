//! Progress on a terminal: what is finished scrolls by, what goes on stands in the last lines.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rr_core::{Observer, Phase, RunEvent};

use super::Display;
use super::plain::{Headings, describe};
use super::style::Style;

/// Ten drawings a second look alive and cost nothing.
const TICK: Duration = Duration::from_millis(100);
const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// The live display.
pub(crate) struct LiveDisplay {
    state: Arc<Mutex<State>>,
    ticker: Mutex<Option<JoinHandle<()>>>,
}

struct State {
    style: Style,
    began: Instant,
    phase: Option<(Phase, Instant)>,
    step: Option<(String, Instant)>,
    last_line: String,
    headings: Headings,
    frame: usize,
    drawn: usize,
    ended: bool,
}

impl LiveDisplay {
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        let state = Arc::new(Mutex::new(State {
            style: Style::of_stderr(),
            began: now,
            phase: None,
            step: None,
            last_line: String::new(),
            headings: Headings::default(),
            frame: 0,
            drawn: 0,
            ended: false,
        }));
        let shared = state.clone();
        let ticker = std::thread::spawn(move || {
            loop {
                std::thread::sleep(TICK);
                let mut state = lock(&shared);
                if state.ended {
                    return;
                }
                state.frame += 1;
                state.redraw(None);
            }
        });
        Self { state, ticker: Mutex::new(Some(ticker)) }
    }
}

impl Observer for LiveDisplay {
    fn on_event(&self, event: &RunEvent) {
        let mut state = lock(&self.state);
        let now = Instant::now();
        match event {
            RunEvent::PhaseStarted { phase } => {
                state.phase = Some((*phase, now));
                state.step = None;
                state.last_line.clear();
            }
            RunEvent::StepStarted { title, .. } => {
                state.step = Some((title.clone(), now));
                state.last_line.clear();
            }
            RunEvent::StepEnded { .. } => state.step = None,
            RunEvent::Output { line, .. } => {
                if !line.trim().is_empty() {
                    state.last_line.clone_from(line);
                }
                return;
            }
            _ => {}
        }
        let text = describe(event, false);
        let text = state.headings.tell(event, text).map(|text| state.paint(event, &text));
        state.redraw(text.as_deref());
    }
}

impl Display for LiveDisplay {
    fn finish(&self) {
        {
            let mut state = lock(&self.state);
            state.ended = true;
            state.erase();
        }
        if let Some(ticker) = lock(&self.ticker).take() {
            // A ticker that panicked has nothing left to show.
            let _shown = ticker.join();
        }
    }
}

impl State {
    fn paint(&self, event: &RunEvent, text: &str) -> String {
        let style = self.style;
        match event {
            RunEvent::PhaseStarted { .. } => style.bold(text),
            RunEvent::StepEnded { ok: true, .. } => style.green(text),
            RunEvent::StepEnded { ok: false, .. } | RunEvent::PhaseEnded { .. } => style.red(text),
            RunEvent::Diagnosed { .. } | RunEvent::RemedyApplied { .. } => style.yellow(text),
            RunEvent::Decided { .. } => style.dim(text),
            _ => text.to_owned(),
        }
    }

    /// Prints what is finished above the lines of what goes on.
    fn redraw(&mut self, finished: Option<&str>) {
        self.erase();
        let mut out = String::new();
        if let Some(text) = finished {
            out.push_str(text);
            out.push('\n');
        }
        let lines = self.lines();
        self.drawn = lines.len();
        for line in &lines {
            out.push_str(line);
            out.push('\n');
        }
        print(&out);
    }

    fn lines(&self) -> Vec<String> {
        let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
        let Some((phase, _)) = self.phase.filter(|_| !self.ended) else { return Vec::new() };
        let (what, since) = match &self.step {
            Some((title, since)) => (title.clone(), *since),
            None => (phase.title().to_owned(), self.began),
        };
        let spinner = SPINNER[self.frame % SPINNER.len()];
        let head = format!(
            "{spinner} {what}  {}  (run {})",
            clock(since.elapsed()),
            clock(self.began.elapsed())
        );
        let mut lines = vec![self.style.bold(&cut(&head, width))];
        if !self.last_line.is_empty() {
            lines.push(self.style.dim(&cut(&format!("  {}", self.last_line.trim()), width)));
        }
        lines
    }

    fn erase(&mut self) {
        if self.drawn > 0 {
            // Up to the first drawn line, then clear to the end of the screen.
            print(&format!("\x1b[{}A\r\x1b[J", self.drawn));
            self.drawn = 0;
        }
    }
}

fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// At most `width - 1` characters, control characters left out: a step's output must not steer
/// the terminal.
fn cut(text: &str, width: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(width.saturating_sub(1)).collect()
}

fn print(text: &str) {
    let mut out = std::io::stderr().lock();
    // Where standard error is closed there is nobody to show anything to.
    let _nobody = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
