//! Who commands run as, seen from the host and from inside.

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
    /// What applies to this process.
    pub(crate) fn present() -> Self {
        let uid = rustix::process::geteuid().as_raw();
        if uid == 0 {
            Self::Dedicated { uid: DEDICATED_UID }
        } else {
            let gid = rustix::process::getegid().as_raw();
            Self::Mapped { host: (uid, gid), uid: MAPPED_UID }
        }
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
