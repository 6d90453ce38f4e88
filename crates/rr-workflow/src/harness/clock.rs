//! A clock for tests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rr_core::Clock;

/// A clock that stands still but for sleeping, which moves it on at once.
#[derive(Debug)]
pub struct SteppedClock {
    now: AtomicU64,
}

impl SteppedClock {
    /// A clock that shows `unix_millis`.
    #[must_use]
    pub const fn at(unix_millis: u64) -> Self {
        Self { now: AtomicU64::new(unix_millis) }
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.now.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Default for SteppedClock {
    fn default() -> Self {
        Self::at(1_700_000_000_000)
    }
}

impl Clock for SteppedClock {
    fn unix_millis(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
        std::thread::yield_now();
    }
}
