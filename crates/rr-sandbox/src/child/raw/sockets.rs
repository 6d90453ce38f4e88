//! The network of the calling process, and passing descriptors on.

use std::io;
use std::os::fd::RawFd;

use super::check;
use super::descriptors::{close, read};

/// Brings the loopback interface of this network namespace up.
pub(crate) fn loopback_up() -> io::Result<()> {
    let socket = tcp_socket(libc::AF_INET)?;
    // SAFETY: an all-zero ifreq is valid; the ioctl reads name and flags from the live structure.
    let done = unsafe {
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as libc::c_char;
        request.ifr_name[1] = b'o' as libc::c_char;
        #[expect(clippy::cast_possible_truncation, reason = "both flags are below 128")]
        {
            request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        }
        check(libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw const request))
    };
    close(socket);
    done.map(drop)
}

/// An unconnected TCP socket of this process's network namespace.
pub(crate) fn tcp_socket(family: i32) -> io::Result<RawFd> {
    // SAFETY: takes no pointers.
    check(unsafe { libc::socket(family, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) })
}

/// Receives one message; 0 at the end.
pub(crate) fn receive(socket: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    read(socket, buffer)
}

/// Sends a status with, perhaps, a descriptor.
pub(crate) fn send_reply(socket: RawFd, errno: i32, fd: Option<RawFd>) -> io::Result<()> {
    #[repr(align(8))]
    struct Space([u8; 64]);
    let mut bytes = errno.to_ne_bytes();
    let mut space = Space([0; 64]);
    let mut part = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: all pointers put into the message are to locals that live until sendmsg returns; the
    // control buffer (64 bytes, aligned) holds one header with one descriptor (24 bytes).
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        if let Some(fd) = fd {
            let size = size_of::<RawFd>() as libc::c_uint;
            message.msg_control = space.0.as_mut_ptr().cast();
            message.msg_controllen = libc::CMSG_SPACE(size) as _;
            let header = libc::CMSG_FIRSTHDR(&raw const message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(size) as _;
            libc::CMSG_DATA(header).cast::<RawFd>().write_unaligned(fd);
        }
        let sent = libc::sendmsg(socket, &raw const message, libc::MSG_NOSIGNAL);
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}
