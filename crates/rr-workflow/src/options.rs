//! How an engine behaves.

use std::sync::Arc;
use std::time::Duration;

use crate::state::LiveProcess;

/// A signal of this name interrupts the workflow that it reaches while it is driven. It is
/// ignored by later drives, so that the workflow can be resumed.
pub const STOP_SIGNAL: &str = "stop";

/// Tells whether an owner of a lease is known to be dead; see [`crate::owner::is_gone`].
pub type OwnerProbe = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Ends one process that an earlier drive left behind. It is called while the lease is held and
/// before any step runs; when it returns, the process is journaled as ended.
pub type Reaper = Arc<dyn Fn(&LiveProcess) + Send + Sync>;

/// Times and limits of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// How long a lease lasts without renewal. It is renewed at a third of this.
    pub lease_ttl: Duration,
    /// How long to wait for a lease that another living owner holds.
    pub lease_wait: Duration,
    /// Longest time for which the end of a step waits to be written together with what follows.
    pub flush_after: Duration,
    /// How often signals are looked for.
    pub poll_every: Duration,
    /// How often a step may be cut off (by a crash or an interruption) before it counts as
    /// failed with the code `cut-off`: a step that takes its runner down must not do so for ever.
    pub max_cut_offs: u32,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            lease_ttl: Duration::from_secs(15),
            lease_wait: Duration::ZERO,
            flush_after: Duration::from_millis(5),
            poll_every: Duration::from_millis(250),
            max_cut_offs: 20,
        }
    }
}
