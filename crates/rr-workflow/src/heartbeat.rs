//! The heartbeat of a drive: renews the lease, flushes deferred events, looks for signals.

use std::sync::Arc;
use std::time::Instant;

use rr_core::{JournalError, JournalStore, Lease};

use crate::drive::{Drive, Wake};

/// Beats until the drive is closed. Errors break the drive, which is where they are reported.
pub(crate) fn beat(drive: &Drive, store: &Arc<dyn JournalStore>, mut lease: Lease) {
    let (ttl, every) = (drive.options.lease_ttl, drive.options.poll_every);
    let begun = Instant::now();
    let (mut poll_due, mut renewal_due, mut held_until) =
        (begun + every, begun + ttl / 3, begun + ttl);
    while let Wake::Due = drive.await_work(poll_due.min(renewal_due)) {
        let _broken = drive.flush();
        let now = Instant::now();
        if now >= poll_due {
            let _broken = drive.poll();
            poll_due = now + every;
        }
        if now < renewal_due {
            continue;
        }
        match store.renew_lease(&lease, drive.now(), ttl) {
            Ok(longer) => {
                lease = longer;
                (renewal_due, held_until) = (now + ttl / 3, now + ttl);
            }
            Err(JournalError::Storage(_)) if now < held_until => renewal_due = now + every,
            Err(error) => {
                drive.break_with(error.into());
                return;
            }
        }
    }
}
