//! What a command's children need, prepared before the fork.

use std::ffi::CString;
use std::os::fd::RawFd;

use super::raw::StringList;

/// Descriptor on which the command's wrapper says that it has started.
pub(crate) const STARTED_FD: RawFd = 9;

/// Descriptor on which the wrapper waits until it may go on: until the other end is closed.
pub(crate) const GO_FD: RawFd = 7;

/// Descriptor to which bubblewrap writes its child's process id.
pub(crate) const INFO_FD: RawFd = 8;

/// One command to start in a process-id namespace of its own.
pub(crate) struct CommandPlan {
    /// The runner's process id.
    pub(crate) runner: i32,
    /// Namespaces to enter, in order: descriptor and kind.
    pub(crate) namespaces: Vec<(RawFd, i32)>,
    /// `cgroup.procs` files to write to.
    pub(crate) cgroups: Vec<RawFd>,
    /// Limits to lower: resource and value.
    pub(crate) limits: Vec<(u32, u64)>,
    /// Limit of processes of the command's user, set last because it counts the user's others.
    pub(crate) processes: Option<u64>,
    /// Whether the first process waits for all others after the command has ended.
    pub(crate) outlive: bool,
    /// Where events go: [`Event`]s of 8 bytes.
    pub(crate) events: RawFd,
    /// Both ends of the pipe on which the wrapper says that it has started.
    pub(crate) started: (RawFd, RawFd),
    /// Both ends of the pipe on which the wrapper waits.
    pub(crate) go: (RawFd, RawFd),
    /// Both ends of the pipe for bubblewrap's information.
    pub(crate) info: (RawFd, RawFd),
    /// The program to execute: bubblewrap.
    pub(crate) program: CString,
    /// Its arguments.
    pub(crate) argv: StringList,
    /// Its environment.
    pub(crate) envp: StringList,
}

/// What the children report, 8 bytes each: a tag and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The namespace's first process has this id on the host.
    Init(i32),
    /// The command has started.
    Started,
    /// The sandbox failed before the command started; raw wait status or errno.
    Failed(i32),
    /// The command's first process ended with this raw wait status.
    Main(i32),
    /// Other processes were alive when the command's first process had ended.
    Left,
}

impl Event {
    /// The bytes of this event.
    pub(crate) fn bytes(self) -> [u8; 8] {
        let (tag, number) = match self {
            Self::Init(pid) => (1, pid),
            Self::Started => (2, 0),
            Self::Failed(status) => (3, status),
            Self::Main(status) => (4, status),
            Self::Left => (5, 0_i32),
        };
        let number = number.to_ne_bytes();
        [tag, 0, 0, 0, number[0], number[1], number[2], number[3]]
    }

    /// Reads an event.
    pub(crate) fn read(bytes: [u8; 8]) -> Option<Self> {
        let number = i32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        match bytes[0] {
            1 => Some(Self::Init(number)),
            2 => Some(Self::Started),
            3 => Some(Self::Failed(number)),
            4 => Some(Self::Main(number)),
            5 => Some(Self::Left),
            _ => None,
        }
    }
}
