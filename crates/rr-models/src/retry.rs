//! How long to wait before a question is sent again: longer each time, at random, so that many
//! clients do not come back at once.

use std::time::Duration;

use rand::Rng as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rr_core::ModelError;

/// The longest wait before the second try.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait at all.
const LONGEST: Duration = Duration::from_secs(20);

/// Waits of one provider's tries, drawn from a seed.
#[derive(Debug)]
pub(crate) struct Waits {
    random: StdRng,
}

impl Waits {
    /// Waits that this seed gives, always the same ones.
    #[must_use]
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed) }
    }

    /// The wait after try `number` (from 1) failed so. `None` where the provider wants to be left
    /// alone for longer than anybody should wait: the next provider is asked instead.
    pub(crate) fn after(&mut self, number: u32, error: &ModelError) -> Option<Duration> {
        let ceiling = FIRST.saturating_mul(1 << number.saturating_sub(1).min(6)).min(LONGEST);
        let share: f64 = self.random.random_range(0.5..1.0);
        let jittered = ceiling.mul_f64(share);
        match error.retry_after {
            Some(asked) if asked > LONGEST => None,
            // What it asks for at least, and not all at that very moment.
            Some(asked) => Some(asked + jittered.mul_f64(0.25)),
            None => Some(jittered),
        }
    }
}

#[cfg(test)]
mod tests {
    use rr_core::ModelErrorKind::{RateLimited, Unavailable};

    use super::*;

    #[test]
    fn waits_grow_differ_and_repeat_with_their_seed() {
        let error = ModelError::new(Unavailable, "status 500");
        let draw = |seed| {
            let mut waits = Waits::seeded(seed);
            (1..=8).map(|n| waits.after(n, &error).expect("a wait")).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        for (at, wait) in draw(7).iter().enumerate() {
            let ceiling = FIRST.saturating_mul(1 << at.min(6)).min(LONGEST);
            assert!(*wait <= ceiling && *wait >= ceiling / 2, "{at}: {wait:?}");
        }
    }

    #[test]
    fn what_the_provider_asks_for_is_kept_or_not_waited_for_at_all() {
        let mut error = ModelError::new(RateLimited, "status 429");
        error.retry_after = Some(Duration::from_secs(4));
        let wait = Waits::seeded(1).after(1, &error).expect("a wait");
        assert!(wait >= Duration::from_secs(4) && wait < Duration::from_secs(5), "{wait:?}");
        error.retry_after = Some(Duration::from_secs(600));
        assert_eq!(Waits::seeded(1).after(1, &error), None);
    }
}
