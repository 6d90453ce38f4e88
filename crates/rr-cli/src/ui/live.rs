//! Progress on a terminal: what is finished scrolls by, what goes on stands in the last lines.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rr_core::{Observer, RunEvent};

use super::Display;
use super::plain::{Headings, describe};
use super::progress::Ongoing;
use super::style::Style;
use super::text::{clean, wrap};

/// Ten drawings a second look alive and cost nothing.
const TICK: Duration = Duration::from_millis(100);

/// The live display.
pub(crate) struct LiveDisplay {
    state: Arc<Mutex<State>>,
    ticker: Mutex<Option<JoinHandle<()>>>,
}

struct State {
    style: Style,
    ongoing: Ongoing,
    headings: Headings,
    drawn: usize,
    ended: bool,
}

impl LiveDisplay {
    pub(crate) fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            style: Style::of_stderr(),
            ongoing: Ongoing::began(Instant::now()),
            headings: Headings::default(),
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
                state.ongoing.tick();
                state.redraw(None);
            }
        });
        Self { state, ticker: Mutex::new(Some(ticker)) }
    }
}

impl Observer for LiveDisplay {
    fn on_event(&self, event: &RunEvent) {
        let mut state = lock(&self.state);
        state.ongoing.take(event, Instant::now());
        if matches!(event, RunEvent::Output { .. }) {
            return;
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
            let erased = state.erased();
            print(&erased);
        }
        if let Some(ticker) = lock(&self.ticker).take() {
            // A ticker that panicked has nothing left to show.
            let _shown = ticker.join();
        }
    }
}

impl State {
    /// Wrapped to the terminal and coloured line by line: headings stand out, whatever comes
    /// under them.
    fn paint(&self, event: &RunEvent, text: &str) -> String {
        let wrapped = wrap(&clean(text), width());
        let painted = wrapped.lines().map(|line| {
            if line.starts_with('[') { self.style.bold(line) } else { self.paint_line(event, line) }
        });
        painted.collect::<Vec<_>>().join("\n")
    }

    fn paint_line(&self, event: &RunEvent, line: &str) -> String {
        let style = self.style;
        match event {
            RunEvent::StepEnded { ok: true, .. } => style.green(line),
            RunEvent::StepEnded { ok: false, .. } | RunEvent::PhaseEnded { .. } => style.red(line),
            RunEvent::Diagnosed { .. } | RunEvent::RemedyApplied { .. } => style.yellow(line),
            RunEvent::Decided { .. } | RunEvent::Found { .. } => style.dim(line),
            _ => line.to_owned(),
        }
    }

    /// Prints what is finished above the lines of what goes on, in one write: no flicker.
    fn redraw(&mut self, finished: Option<&str>) {
        let mut out = self.erased();
        if let Some(text) = finished {
            out.push_str(text);
            out.push('\n');
        }
        if !self.ended {
            let lines = self.ongoing.lines(Instant::now(), width(), self.style);
            self.drawn = lines.len();
            lines.iter().for_each(|line| {
                out.push_str(line);
                out.push('\n');
            });
        }
        print(&out);
    }

    /// Up to the first drawn line, then clear to the end of the screen.
    fn erased(&mut self) -> String {
        match std::mem::take(&mut self.drawn) {
            0 => String::new(),
            drawn => format!("\x1b[{drawn}A\r\x1b[J"),
        }
    }
}

fn width() -> usize {
    terminal_size::terminal_size_of(std::io::stderr())
        .or_else(terminal_size::terminal_size)
        .map_or(80, |(width, _)| usize::from(width.0))
}

fn print(text: &str) {
    let mut out = std::io::stderr().lock();
    // Where standard error is closed there is nobody to show anything to.
    let _nobody = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
