//! Ctrl-C and SIGTERM: the first asks the run to stop, the second ends the program at once (the
//! sandbox dies with it; the journal has everything).

use std::thread;

use anyhow::Context as _;
use rr_core::CancelToken;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Cancels `token` at the first signal.
pub(crate) fn cancel_on_signal(token: &CancelToken) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("watch for Ctrl-C")?;
    let token = token.clone();
    thread::spawn(move || {
        for signal in signals.forever() {
            if token.is_cancelled() {
                std::process::exit(128 + signal);
            }
            crate::ui::note("stopping what was started; Ctrl-C again ends at once");
            token.cancel();
        }
    });
    Ok(())
}
