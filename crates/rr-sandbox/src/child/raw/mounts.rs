//! Mounting, in the mount namespace of the calling process.

use std::ffi::CStr;
use std::io;
use std::os::fd::RawFd;

use super::descriptors::{close, open};
use super::{check, check_long};

/// `mount(2)`.
pub(crate) fn mount(
    source: &CStr,
    target: &CStr,
    kind: &CStr,
    flags: libc::c_ulong,
    data: &CStr,
) -> io::Result<()> {
    // SAFETY: all pointers are C strings that outlive the call.
    check(unsafe {
        libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, data.as_ptr().cast())
    })
    .map(drop)
}

/// Shows a tree at a path of another one, in which links do not lead out. Programs that gain
/// privileges and devices do not work in it.
pub(crate) fn bind(source: &CStr, root: &CStr, place: &CStr, read_only: bool) -> io::Result<()> {
    let place = open_in_root(root, place)?;
    let bound = bind_at(source, place, read_only);
    close(place);
    bound
}

fn bind_at(source: &CStr, place: RawFd, read_only: bool) -> io::Result<()> {
    let flags =
        libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_RECURSIVE as libc::c_uint;
    // SAFETY: the pointer is a C string that outlives the call.
    let tree = check_long(unsafe {
        libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, source.as_ptr(), flags)
    })?;
    #[expect(clippy::cast_possible_truncation, reason = "descriptors fit in an i32")]
    let tree = tree as RawFd;
    let restricted = libc::MOUNT_ATTR_NOSUID
        | libc::MOUNT_ATTR_NODEV
        | if read_only { libc::MOUNT_ATTR_RDONLY } else { 0 };
    let attributes =
        libc::mount_attr { attr_set: restricted, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
    // SAFETY: the pointers are to a live structure of the size given and to a C string.
    let moved = check_long(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree,
            c"".as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    })
    .and_then(|_| {
        let flags = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH;
        // SAFETY: both paths are C strings that outlive the call.
        check_long(unsafe {
            libc::syscall(libc::SYS_move_mount, tree, c"".as_ptr(), place, c"".as_ptr(), flags)
        })
    });
    close(tree);
    moved.map(drop)
}

/// Puts an empty folder, closed to others, over one of the tree `root`.
pub(crate) fn hide(root: &CStr, place: &CStr) -> io::Result<()> {
    let before = open(c".", libc::O_PATH | libc::O_DIRECTORY)?;
    let place = open_in_root(root, place)?;
    let flags = libc::MS_NOSUID | libc::MS_NODEV;
    let done = enter_folder(place)
        .and_then(|()| mount(c"tmpfs", c".", c"tmpfs", flags, c"mode=0700,size=4k"));
    let back = enter_folder(before);
    close(place);
    close(before);
    done.and(back)
}

fn enter_folder(folder: RawFd) -> io::Result<()> {
    // SAFETY: takes no pointers.
    check(unsafe { libc::fchdir(folder) }).map(drop)
}

/// Opens a path as if `root` were `/`.
fn open_in_root(root: &CStr, path: &CStr) -> io::Result<RawFd> {
    let root = open(root, libc::O_PATH | libc::O_DIRECTORY)?;
    // SAFETY: an all-zero open_how is valid; its type cannot be built by name.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = (libc::O_PATH | libc::O_CLOEXEC).unsigned_abs().into();
    how.resolve = libc::RESOLVE_IN_ROOT | libc::RESOLVE_NO_MAGICLINKS;
    // SAFETY: the pointers are to a C string and a live structure of the size given.
    let fd = check_long(unsafe {
        let size = size_of::<libc::open_how>();
        libc::syscall(libc::SYS_openat2, root, path.as_ptr(), &raw const how, size)
    });
    close(root);
    #[expect(clippy::cast_possible_truncation, reason = "descriptors fit in an i32")]
    fd.map(|fd| fd as RawFd)
}

/// Takes a mount away, at once for new users and later for those that still have it.
pub(crate) fn unmount_lazily(target: &CStr) -> io::Result<()> {
    // SAFETY: the pointer is a C string that outlives the call.
    check(unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) }).map(drop)
}
