//! Ends what a runner that died left behind.

use std::time::Duration;

use rustix::process::Signal;

use crate::host::signal;
use crate::process_table::{self, ProcessEntry};

/// Kills the process tree below `pid` if that process is still the one that started at
/// `started_ticks` (clock ticks since boot, see [`rr_core::RunningProcess::identity`]). Returns
/// whether there was something to kill.
#[must_use]
pub fn reap(pid: u32, started_ticks: u64) -> bool {
    let is_same = |entry: &ProcessEntry| entry.started == started_ticks && entry.state != b'Z';
    if started_ticks == 0 || !process_table::process(pid).is_some_and(|entry| is_same(&entry)) {
        return false;
    }
    for _ in 0..200 {
        let all = process_table::all_processes();
        let mut found = process_table::tree_of(pid);
        // Children of a plain process may have moved to another parent but kept its session.
        found.extend(all.into_iter().filter(|entry| entry.session == pid));
        found.retain(|entry| entry.started >= started_ticks && entry.state != b'Z');
        if found.is_empty() {
            break;
        }
        // The root last: while it lives, its descendants can be found.
        found.sort_by_key(|entry| entry.pid == pid);
        for entry in &found {
            signal(entry, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}
