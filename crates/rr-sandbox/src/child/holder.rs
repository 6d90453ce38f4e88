//! The holder: one process per sandbox session that owns the session's namespaces.
//!
//! It is forked, never execs, and answers requests over a Unix packet socket until its runner
//! dies or closes the socket: make a socket in the private network, mount, open a folder. It knows
//! nothing of commands; those enter its namespaces by the descriptors it hands out.

use std::convert::Infallible;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::RawFd;

use super::raw;

/// Most bytes of a request.
pub(crate) const REQUEST_BYTES: usize = 16 << 10;

/// What the holder needs, prepared before the fork.
pub(crate) struct HolderPlan {
    /// Its end of the packet socket.
    pub(crate) socket: RawFd,
    /// The runner's process id.
    pub(crate) runner: i32,
    /// Its working folder, so that mounts can be named by short relative paths.
    pub(crate) folder: CString,
    /// Maps of a new user namespace, where the runner is not root: `(uid_map, gid_map)`.
    pub(crate) maps: Option<(Vec<u8>, Vec<u8>)>,
}

/// The body of the holder.
///
/// # Errors
/// Where a namespace cannot be made; afterwards it does not return.
pub(crate) fn body(plan: &HolderPlan) -> io::Result<Infallible> {
    raw::new_session();
    raw::reset_signals();
    let user = if plan.maps.is_some() { libc::CLONE_NEWUSER } else { 0 };
    raw::unshare(libc::CLONE_NEWNET | libc::CLONE_NEWNS | user)?;
    if let Some((uid_map, gid_map)) = &plan.maps {
        raw::write_file(c"/proc/self/setgroups", b"deny")?;
        raw::write_file(c"/proc/self/uid_map", uid_map)?;
        raw::write_file(c"/proc/self/gid_map", gid_map)?;
    }
    raw::die_with_parent()?;
    raw::stay_inspectable();
    if raw::parent() != plan.runner {
        raw::exit(1);
    }
    raw::mount(c"none", c"/", c"", libc::MS_REC | libc::MS_PRIVATE, c"")?;
    raw::loopback_up()?;
    raw::change_folder(&plan.folder)?;
    raw::set_name(c"rr-holder");
    raw::close_all_but(&[plan.socket]);
    serve(plan.socket)
}

fn serve(socket: RawFd) -> ! {
    let mut buffer = [0_u8; REQUEST_BYTES];
    loop {
        let Ok(count) = raw::receive(socket, &mut buffer) else { raw::exit(1) };
        let Some((&kind, rest)) = buffer.get(..count).and_then(<[u8]>::split_first) else {
            raw::exit(0)
        };
        let (errno, fd) = match answer(kind, rest) {
            Ok(fd) => (0, fd),
            Err(error) => (error.raw_os_error().unwrap_or(libc::EIO), None),
        };
        if raw::send_reply(socket, errno, fd).is_err() {
            raw::exit(1);
        }
        if let Some(fd) = fd {
            raw::close(fd);
        }
    }
}

/// Answers one request: its kind and its NUL-ended arguments.
fn answer(kind: u8, rest: &[u8]) -> io::Result<Option<RawFd>> {
    let (first, rest) = next_string(rest);
    let (second, rest) = next_string(rest);
    let (third, _) = next_string(rest);
    match kind {
        b'4' => raw::tcp_socket(libc::AF_INET).map(Some),
        b'6' => raw::tcp_socket(libc::AF_INET6).map(Some),
        b'f' => raw::open(first, libc::O_RDONLY).map(Some),
        b'd' => raw::open(first, libc::O_RDONLY | libc::O_DIRECTORY).map(Some),
        b'o' => raw::mount(c"overlay", first, c"overlay", 0, second).map(|()| None),
        b'r' => raw::bind(first, second, third, true).map(|()| None),
        b'w' => raw::bind(first, second, third, false).map(|()| None),
        b'h' => raw::hide(first, second).map(|()| None),
        b'u' => raw::unmount_lazily(first).map(|()| None),
        _ => Err(io::Error::from_raw_os_error(libc::EINVAL)),
    }
}

/// The next NUL-ended string and what follows it; empty at the end.
fn next_string(bytes: &[u8]) -> (&CStr, &[u8]) {
    match CStr::from_bytes_until_nul(bytes) {
        Ok(text) => (text, bytes.get(text.count_bytes() + 1..).unwrap_or(&[])),
        Err(_) => (c"", &[]),
    }
}
