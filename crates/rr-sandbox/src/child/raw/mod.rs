//! System calls for forked children, each behind a safe function that neither allocates nor locks.
//!
//! It must not know what the children are for.

#![expect(
    unsafe_code,
    reason = "children of a threaded process may only make raw calls; std and rustix offer no safe \
              form of most of them, and those they offer may allocate"
)]

mod descriptors;
mod mounts;
mod process;
mod sockets;
mod start;

use std::io;

pub(crate) use descriptors::{
    change_folder, close, close_all_but, duplicate_above, duplicate_to, open, read, write,
    write_file,
};
pub(crate) use mounts::{bind, hide, mount, unmount_lazily};
pub(crate) use process::{
    Waited, broadcast_terminate, clone_process, die_with_parent, enter_namespace, exit, kill,
    lower_limit, new_session, parent, reset_signals, set_name, set_umask, sleep_ms,
    stay_inspectable, unshare, wait,
};
pub(crate) use sockets::{loopback_up, receive, send_reply, tcp_socket};
pub(crate) use start::{StringList, execute, fork_never_exec, spawn_trusted};

/// Turns the C convention into a result.
fn check(value: libc::c_int) -> io::Result<libc::c_int> {
    if value < 0 { Err(io::Error::last_os_error()) } else { Ok(value) }
}

fn check_long(value: libc::c_long) -> io::Result<libc::c_long> {
    if value < 0 { Err(io::Error::last_os_error()) } else { Ok(value) }
}
