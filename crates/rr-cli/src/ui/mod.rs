//! What people see. Standard output carries results, standard error carries progress.

mod explain;
mod live;
mod models;
mod plain;
mod progress;
mod screens;
mod style;
mod text;
mod verdict;

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use rr_core::{Observer, RunEvent};

use crate::args::{OutputArguments, OutputFormat};

pub(crate) use models::{models, trials};
pub(crate) use screens::{analysis, cases, doctor, explanation, fixes, hits, plan, runs};
pub(crate) use verdict::verdict;

/// An observer that ends its display when told.
pub(crate) trait Display: Observer {
    /// Takes down what was only shown while the run went on.
    fn finish(&self);
}

/// A display as [`Observer`] and [`Display`].
pub(crate) type SharedDisplay = Arc<dyn Display>;

/// The display for a run: live on a terminal, plain lines elsewhere, events or nothing for
/// programs.
pub(crate) fn observer(output: OutputArguments) -> SharedDisplay {
    match output.output {
        OutputFormat::Jsonl => Arc::new(plain::JsonLines),
        _ if output.quiet => Arc::new(Silent),
        OutputFormat::Json | OutputFormat::Human => people(output.verbose),
    }
}

/// The display for commands that only look: nothing unless asked for.
pub(crate) fn quiet_observer(output: OutputArguments) -> SharedDisplay {
    if output.verbose { people(true) } else { Arc::new(Silent) }
}

/// The display for commands whose only output is a file.
pub(crate) fn silent_observer() -> SharedDisplay {
    Arc::new(Silent)
}

fn people(verbose: bool) -> SharedDisplay {
    if std::io::stderr().is_terminal() && !verbose {
        Arc::new(live::LiveDisplay::start())
    } else {
        Arc::new(plain::PlainLines::new(verbose))
    }
}

/// Standard output takes no more: a full disk, or a reader that went away.
#[derive(Debug, thiserror::Error)]
#[error("print to standard output: {0}")]
pub(crate) struct PrintError(std::io::Error);

impl PrintError {
    /// Whether nobody reads any more, as in `repo-runner logs | head`.
    pub(crate) fn reader_is_gone(&self) -> bool {
        self.0.kind() == std::io::ErrorKind::BrokenPipe
    }
}

/// Prints a line of a result.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    bytes(format!("{text}\n").as_bytes())
}

/// Prints a part of a result as it stands.
pub(crate) fn bytes(part: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    Ok(out.write_all(part).and_then(|()| out.flush()).map_err(PrintError)?)
}

/// Prints a remark on standard error.
pub(crate) fn note(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _nobody = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints an error and the way out.
pub(crate) fn error(text: &str, hint: Option<&str>) {
    let style = style::Style::of_stderr();
    note(&format!("{} {text}", style.red("error:")));
    if let Some(hint) = hint {
        note(&format!("{} {hint}", style.bold("hint:")));
    }
}

/// Shows nothing.
struct Silent;

impl Observer for Silent {
    fn on_event(&self, _: &RunEvent) {}
}

impl Display for Silent {
    fn finish(&self) {}
}
