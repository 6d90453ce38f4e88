//! Files and descriptors.

use std::ffi::CStr;
use std::io;
use std::os::fd::RawFd;

use super::check;

/// Opens a folder or file with these flags, closed on exec.
pub(crate) fn open(path: &CStr, flags: i32) -> io::Result<RawFd> {
    // SAFETY: the pointer is a C string that outlives the call.
    check(unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC) })
}

/// Closes a descriptor.
pub(crate) fn close(fd: RawFd) {
    // SAFETY: takes no pointers; nobody else in this process uses the descriptor.
    unsafe { libc::close(fd) };
}

/// Closes every descriptor above 2 that is not in `keep` (ascending, -1 ignored).
pub(crate) fn close_all_but(keep: &[RawFd]) {
    let mut first: libc::c_uint = 3;
    for &fd in keep {
        let Ok(fd) = libc::c_uint::try_from(fd) else { continue };
        if fd < first {
            continue;
        }
        if fd > first {
            close_range(first, fd - 1);
        }
        first = fd + 1;
    }
    close_range(first, libc::c_uint::MAX);
}

fn close_range(first: libc::c_uint, last: libc::c_uint) {
    // SAFETY: takes no pointers; the caller owns all descriptors of this process.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return;
    }
    // Kernels before 5.9 lack the call.
    for fd in first..=last.min(65_536) {
        #[expect(clippy::cast_possible_wrap, reason = "at most 65536")]
        close(fd as RawFd);
    }
}

/// Duplicates a descriptor to a number of at least `least`, closed on exec.
pub(crate) fn duplicate_above(fd: RawFd, least: RawFd) -> io::Result<RawFd> {
    // SAFETY: takes no pointers.
    check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, least) })
}

/// Duplicates a descriptor to exactly this number, kept over exec.
pub(crate) fn duplicate_to(fd: RawFd, number: RawFd) -> io::Result<()> {
    // SAFETY: takes no pointers.
    check(unsafe { libc::dup2(fd, number) }).map(drop)
}

/// Reads once; 0 at the end.
pub(crate) fn read(fd: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        // SAFETY: pointer and length are those of a live buffer.
        let count = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
        if count >= 0 {
            return Ok(count.unsigned_abs());
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINTR) {
            return Err(error);
        }
    }
}

/// Writes in one call; short writes count as failure (callers write a few bytes to pipes).
pub(crate) fn write(fd: RawFd, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: pointer and length are those of a live buffer.
    let count = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
    if count < 0 {
        return Err(io::Error::last_os_error());
    }
    if count.unsigned_abs() == bytes.len() {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(libc::EIO))
    }
}

/// Writes a small file in `/proc`.
pub(crate) fn write_file(path: &CStr, bytes: &[u8]) -> io::Result<()> {
    let fd = open(path, libc::O_WRONLY)?;
    let written = write(fd, bytes);
    close(fd);
    written
}

/// Changes the working folder.
pub(crate) fn change_folder(path: &CStr) -> io::Result<()> {
    // SAFETY: the pointer is a C string that outlives the call.
    check(unsafe { libc::chdir(path.as_ptr()) }).map(drop)
}
