//! Ctrl-C and SIGTERM: the first asks the run to stop, the second ends the program at once (the
//! sandbox dies with it; the journal has everything).

use std::thread;

use anyhow::Context as _;
use rr_core::{CancelToken, RunEvent};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::ui::SharedDisplay;

/// Cancels `token` at the first signal, and says so where `display` shows what goes on.
pub(crate) fn cancel_on_signal(token: &CancelToken, display: &SharedDisplay) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("watch for Ctrl-C")?;
    let (token, display) = (token.clone(), display.clone());
    thread::spawn(move || {
        for signal in signals.forever() {
            if token.is_cancelled() {
                std::process::exit(128 + signal);
            }
            let text = "stopping what was started; Ctrl-C again ends at once".to_owned();
            display.on_event(&RunEvent::Note { text });
            token.cancel();
        }
    });
    Ok(())
}
