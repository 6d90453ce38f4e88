//! Who holds a lease: a name that tells, on the same machine, whether its process still lives.
//!
//! `<host>/<boot id>/<pid namespace>/<pid>/<start ticks>/<nonce>`, read from Linux's `/proc`.
//! Elsewhere the fields are `-` and no owner is ever judged dead.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};

const UNKNOWN: &str = "-";

/// The name of this process as an owner of leases.
#[must_use]
pub fn current() -> String {
    let pid = std::process::id();
    let [host, boot, namespace] = place();
    let ticks = started_ticks(pid).map_or_else(|| UNKNOWN.to_owned(), |ticks| ticks.to_string());
    // The hasher's keys are the standard library's own source of random bits.
    let nonce = RandomState::new().build_hasher().finish();
    format!("{host}/{boot}/{namespace}/{pid}/{ticks}/{nonce:016x}")
}

/// Whether an owner is known to be dead: a process of this boot of this machine and of this
/// process namespace that does not run any more. Of all others nothing is known.
#[must_use]
pub fn is_gone(owner: &str) -> bool {
    // An engine adds the number of its drive.
    let name = owner.rsplit_once('#').map_or(owner, |(name, _)| name);
    let fields: Vec<&str> = name.split('/').collect();
    let [host, boot, namespace, pid, ticks, _nonce] = fields[..] else { return false };
    let here = place();
    if here.iter().any(|field| field == UNKNOWN) || [host, boot, namespace] != here {
        return false;
    }
    let (Ok(pid), Ok(ticks)) = (pid.parse::<u32>(), ticks.parse::<u64>()) else { return false };
    started_ticks(pid) != Some(ticks)
}

/// Start time of a living process in clock ticks since boot (field 22 of `/proc/<pid>/stat`);
/// `None` where it is gone or a zombie.
#[must_use]
pub fn started_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command in brackets may hold spaces and brackets itself.
    let (_, after) = stat.rsplit_once(") ")?;
    let mut fields = after.split(' ');
    let state = fields.next()?;
    let ticks = fields.nth(18)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(ticks)
}

fn place() -> [String; 3] {
    let read = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let link = fs::read_link("/proc/self/ns/pid").ok();
    let fields = [
        read("/proc/sys/kernel/hostname"),
        read("/proc/sys/kernel/random/boot_id"),
        link.map(|target| target.to_string_lossy().into_owned()),
    ];
    fields.map(|field| field.map_or_else(|| UNKNOWN.to_owned(), |text| text.replace('/', "_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_is_not_gone_and_a_reused_pid_is() {
        let me = current();
        assert!(!is_gone(&me) && !is_gone(&format!("{me}#3")));
        let ticks = started_ticks(std::process::id()).expect("this process lives");
        let other = me.replace(&format!("/{ticks}/"), &format!("/{}/", ticks + 1));
        assert_ne!(other, me);
        assert!(is_gone(&other) && is_gone(&format!("{other}#0")));
    }

    #[test]
    fn nothing_is_known_of_other_machines() {
        assert!(!is_gone("elsewhere/boot/pid:[1]/1/2/3"));
        assert!(!is_gone("free text"));
        assert!(!is_gone(""));
    }

    #[test]
    fn two_names_of_one_process_differ() {
        assert_ne!(current(), current());
    }
}
