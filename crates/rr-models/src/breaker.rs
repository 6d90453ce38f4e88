//! A circuit breaker: a provider that keeps failing is left alone for a while.

use rr_core::ModelError;
use rr_core::ModelErrorKind::Refused;

/// Failures in a row that open the circuit.
const FAILURES: u32 = 3;
/// Milliseconds for which it stays open the first time; each further time twice as long.
const FIRST_PAUSE: u64 = 30_000;
/// It is never left alone for longer.
const LONGEST_PAUSE: u64 = 15 * 60_000;

/// The circuit of one provider. Times are milliseconds since the Unix epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Breaker {
    failures: u32,
    opened: u32,
    open_until: Option<u64>,
    last: String,
}

impl Breaker {
    /// Whether the provider may be asked; after the pause one question is let through.
    ///
    /// # Errors
    /// Why it may not, and for how long.
    pub(crate) fn admits(&self, now: u64) -> Result<(), String> {
        match self.open_until {
            Some(until) if now < until => {
                let seconds = (until - now).div_ceil(1000);
                Err(format!("left alone for {seconds} s more: {}", self.last))
            }
            _ => Ok(()),
        }
    }

    /// It answered: the circuit is closed.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// It failed. What will not change by itself, a wrong key, opens the circuit at once.
    pub(crate) fn failed(&mut self, now: u64, error: &ModelError) {
        self.last.clone_from(&error.message);
        self.failures += 1;
        let half_open = self.open_until.is_some();
        if half_open || error.kind == Refused || self.failures >= FAILURES {
            let pause = FIRST_PAUSE.saturating_mul(1 << self.opened.min(10)).min(LONGEST_PAUSE);
            let asked = error.retry_after.map_or(0, |wait| wait.as_millis() as u64);
            self.opened += 1;
            self.failures = 0;
            self.open_until = Some(now + pause.max(asked));
        }
    }
}

#[cfg(test)]
mod tests {
    use rr_core::ModelErrorKind::Unavailable;

    use super::*;

    #[test]
    fn it_opens_lets_one_through_and_closes_again() {
        let error = ModelError::new(Unavailable, "status 500");
        let mut breaker = Breaker::default();
        for _ in 1..FAILURES {
            breaker.failed(0, &error);
            assert_eq!(breaker.admits(0), Ok(()));
        }
        breaker.failed(0, &error);
        let why = breaker.admits(1000).expect_err("open");
        assert!(why.contains("29 s") && why.contains("status 500"), "{why}");
        assert_eq!(breaker.admits(FIRST_PAUSE), Ok(()), "half open");
        breaker.failed(FIRST_PAUSE, &error);
        assert!(breaker.admits(2 * FIRST_PAUSE).is_err(), "the second pause is longer");
        assert_eq!(breaker.admits(3 * FIRST_PAUSE), Ok(()));
        breaker.succeeded();
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn what_will_not_change_opens_it_at_once() {
        let mut breaker = Breaker::default();
        breaker.failed(0, &ModelError::new(Refused, "status 401"));
        assert!(breaker.admits(1).is_err());
    }
}
