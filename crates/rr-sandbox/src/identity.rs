//! Who commands run as, seen from the host and from inside.

use std::fs;

/// CAP_CHOWN, CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN.
const NEEDED_CAPABILITIES: [u32; 4] = [0, 6, 7, 21];

/// Constant user and group for sandboxed commands where the runner is root. Outside the ranges
/// that distributions hand out (below 60000) and that systemd takes for dynamic users (from 61184).
const DEDICATED_UID: u32 = 61_100;

/// The user shown inside where the runner is not root.
const MAPPED_UID: u32 = 1000;

/// Who commands run as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunAs {
    /// The runner is root: commands drop to a user of their own.
    Dedicated {
        /// That user's id, inside and outside.
        uid: u32,
    },
    /// The runner is not root: a user namespace shows its user as another.
    Mapped {
        /// The runner's user and group on the host.
        host: (u32, u32),
        /// The user shown inside.
        uid: u32,
    },
}

impl RunAs {
    /// What applies to this process. Being root in a container or user namespace is not enough to
    /// hand files to another user and to mount: such a root is treated like any other user.
    pub(crate) fn present() -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        if uid == 0 && has_capabilities(&status) && is_mapped(&map, DEDICATED_UID) {
            return Self::Dedicated { uid: DEDICATED_UID };
        }
        let gid = rustix::process::getegid().as_raw();
        Self::Mapped { host: (uid, gid), uid: MAPPED_UID }
    }

    /// User id that commands see.
    pub(crate) fn inside(self) -> u32 {
        match self {
            Self::Dedicated { uid } | Self::Mapped { uid, .. } => uid,
        }
    }

    /// User that files must be given to, where we can and need to.
    pub(crate) fn owner(self) -> Option<u32> {
        match self {
            Self::Dedicated { uid } => Some(uid),
            Self::Mapped { .. } => None,
        }
    }

    /// Maps of the holder's user namespace, in which our user is root.
    pub(crate) fn maps(self) -> Option<(Vec<u8>, Vec<u8>)> {
        match self {
            Self::Dedicated { .. } => None,
            Self::Mapped { host: (uid, gid), .. } => {
                Some((format!("0 {uid} 1").into_bytes(), format!("0 {gid} 1").into_bytes()))
            }
        }
    }
}

/// Whether `/proc/self/status` shows what mounting and changing users takes.
fn has_capabilities(status: &str) -> bool {
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(0);
    NEEDED_CAPABILITIES.iter().all(|number| effective >> number & 1 == 1)
}

/// Whether lines such as `0 100000 65536` (first inside, first outside, count) cover a user.
fn is_mapped(map: &str, uid: u32) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(|word| word.parse::<u64>().unwrap_or(0));
        let (first, _, count) = (numbers.next(), numbers.next(), numbers.next());
        let (first, count) = (first.unwrap_or(0), count.unwrap_or(0));
        (first..first + count).contains(&u64::from(uid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_root_that_can_hand_files_over_counts() {
        assert!(is_mapped("         0          0 4294967295\n", DEDICATED_UID));
        assert!(is_mapped("0 1000 1\n1 100000 65536\n", DEDICATED_UID));
        assert!(!is_mapped("0 1000 1\n", DEDICATED_UID));
        assert!(has_capabilities("Name:\tx\nCapEff:\t000001ffffffffff\n"));
        // Docker's default set lacks CAP_SYS_ADMIN.
        assert!(!has_capabilities("CapEff:\t00000000a80425fb\n"));
    }
}
