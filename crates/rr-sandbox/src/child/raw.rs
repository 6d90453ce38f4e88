//! System calls for forked children, each behind a safe function that neither allocates nor locks.
//!
//! It must not know what the children are for.

#![expect(
    unsafe_code,
    reason = "children of a threaded process may only make raw calls; std and rustix offer no safe \
              form of most of them, and those they offer may allocate"
)]

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::RawFd;

/// Turns the C convention into a result.
fn check(value: libc::c_int) -> io::Result<libc::c_int> {
    if value < 0 { Err(io::Error::last_os_error()) } else { Ok(value) }
}

fn check_long(value: libc::c_long) -> io::Result<libc::c_long> {
    if value < 0 { Err(io::Error::last_os_error()) } else { Ok(value) }
}

/// Ends the process at once, without running anything of the parent's.
pub(crate) fn exit(code: i32) -> ! {
    // SAFETY: takes no pointers and does not return.
    unsafe { libc::_exit(code) }
}

/// Forks; `flags` may hold `CLONE_NEWPID` and the like. Returns 0 in the child.
pub(crate) fn clone_process(flags: i32) -> io::Result<i32> {
    let flags = libc::c_long::from(flags | libc::SIGCHLD);
    // SAFETY: without CLONE_VM the child gets its own copy of memory, as with fork; all pointer
    // arguments are null.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0_i64, 0_i64, 0_i64, 0_i64) };
    #[expect(clippy::cast_possible_truncation, reason = "process ids fit in an i32")]
    check_long(pid).map(|pid| pid as i32)
}

/// Moves into the namespace that `fd` names.
pub(crate) fn enter_namespace(fd: RawFd, kind: i32) -> io::Result<()> {
    // SAFETY: takes no pointers.
    check(unsafe { libc::setns(fd, kind) }).map(drop)
}

/// Leaves namespaces for new ones.
pub(crate) fn unshare(flags: i32) -> io::Result<()> {
    // SAFETY: takes no pointers.
    check(unsafe { libc::unshare(flags) }).map(drop)
}

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

/// What `waitpid` found.
pub(crate) enum Waited {
    /// This child ended with this raw status.
    Ended(i32, i32),
    /// Children live, none has ended (only without `block`).
    Alive,
    /// There are no children.
    None,
}

/// Waits for a child (`-1` for any).
pub(crate) fn wait(pid: i32, block: bool) -> Waited {
    let mut status = 0;
    let flags = if block { 0 } else { libc::WNOHANG };
    loop {
        // SAFETY: the pointer is to a live integer.
        let found = unsafe { libc::waitpid(pid, &raw mut status, flags) };
        if found > 0 {
            return Waited::Ended(found, status);
        }
        if found == 0 {
            return Waited::Alive;
        }
        if io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
            return Waited::None;
        }
    }
}

/// Sends a signal.
pub(crate) fn kill(pid: i32, signal: i32) {
    // SAFETY: takes no pointers.
    unsafe { libc::kill(pid, signal) };
}

/// The parent's process id as this process sees it.
pub(crate) fn parent() -> i32 {
    // SAFETY: takes no arguments.
    unsafe { libc::getppid() }
}

/// Starts a new session, so that no terminal of the parent's can signal this process.
pub(crate) fn new_session() {
    // SAFETY: takes no arguments; failing means being a leader already.
    unsafe { libc::setsid() };
}

/// Asks for SIGKILL when the parent thread ends.
pub(crate) fn die_with_parent() -> io::Result<()> {
    // SAFETY: the arguments of this option are integers.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) }).map(drop)
}

/// Keeps `/proc/self` readable for our own user after a change of user namespace.
pub(crate) fn stay_inspectable() {
    // SAFETY: the arguments of this option are integers.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) };
}

/// Names this process in process lists.
pub(crate) fn set_name(name: &CStr) {
    // SAFETY: the pointer is a C string that outlives the call; the kernel copies 16 bytes at most.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr(), 0, 0, 0) };
}

/// Sets both values of a resource limit, never above the present hard one.
pub(crate) fn lower_limit(resource: u32, value: u64) {
    let mut present = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live structure. The cast adapts to the C library's type.
    if unsafe { libc::getrlimit(resource as _, &raw mut present) } != 0 {
        return;
    }
    let value = value.min(present.rlim_max);
    let wanted = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: as above.
    unsafe { libc::setrlimit(resource as _, &raw const wanted) };
}

/// Sets the mask for new files.
pub(crate) fn set_umask(mask: u32) {
    // SAFETY: takes no pointers.
    unsafe { libc::umask(mask) };
}

/// Changes the working folder.
pub(crate) fn change_folder(path: &CStr) -> io::Result<()> {
    // SAFETY: the pointer is a C string that outlives the call.
    check(unsafe { libc::chdir(path.as_ptr()) }).map(drop)
}

/// Gives every signal its default action and unblocks all.
pub(crate) fn reset_signals() {
    for signal in 1..=64 {
        // SAFETY: SIG_DFL installs no function of ours; refusals (KILL, STOP) do no harm.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: an all-zero signal set is a valid empty one; pointers are to live values.
    unsafe {
        let empty: libc::sigset_t = std::mem::zeroed();
        libc::sigprocmask(libc::SIG_SETMASK, &raw const empty, std::ptr::null_mut());
    }
}

/// Passes SIGTERM on to every other process of our process-id namespace.
pub(crate) fn broadcast_terminate() {
    extern "C" fn broadcast(_signal: libc::c_int) {
        // SAFETY: takes no pointers and is async-signal-safe; in the namespace's first process -1
        // means everybody else.
        unsafe { libc::kill(-1, libc::SIGTERM) };
    }
    let handler = broadcast as extern "C" fn(libc::c_int);
    // SAFETY: the handler only makes one async-signal-safe call.
    unsafe { libc::signal(libc::SIGTERM, handler as *const () as libc::sighandler_t) };
}

/// Sleeps for some milliseconds.
pub(crate) fn sleep_ms(milliseconds: i64) {
    let time = libc::timespec { tv_sec: 0, tv_nsec: milliseconds * 1_000_000 };
    // SAFETY: the pointer is to a live structure.
    unsafe { libc::nanosleep(&raw const time, std::ptr::null_mut()) };
}

/// Replaces the program. Returns only where that fails.
pub(crate) fn execute(program: &CStr, argv: &StringList, envp: &StringList) -> io::Error {
    // SAFETY: both lists end in null and point to C strings that their owners keep alive.
    unsafe { libc::execve(program.as_ptr(), argv.pointers.as_ptr(), envp.pointers.as_ptr()) };
    io::Error::last_os_error()
}

/// C strings with a null-ended list of pointers to them, built before the fork.
pub(crate) struct StringList {
    pointers: Vec<*const libc::c_char>,
    #[expect(dead_code, reason = "owns what the pointers point to")]
    strings: Vec<CString>,
}

// SAFETY: the pointers are to heap memory that the same value owns and never changes.
unsafe impl Send for StringList {}
// SAFETY: as above; nothing is ever written through them.
unsafe impl Sync for StringList {}

impl StringList {
    /// Takes these strings.
    pub(crate) fn new(strings: Vec<CString>) -> Self {
        let pointers = strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect();
        Self { pointers, strings }
    }
}

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

/// Forks a child that runs `body` and never returns from it. Standard streams are those given.
///
/// `std::process::Command` does the fork: it takes care of signal masks and of handing over the
/// standard streams, and its own error pipe tells when `body` fails before closing descriptors.
///
/// # Errors
/// Where the fork or `body` (before it closes descriptors) fails.
pub(crate) fn fork_never_exec(
    streams: [std::process::Stdio; 3],
    mut body: impl FnMut() -> io::Result<std::convert::Infallible> + Send + Sync + 'static,
) -> io::Result<std::process::Child> {
    use std::os::unix::process::CommandExt as _;
    #[expect(clippy::disallowed_methods, reason = "this crate starts processes")]
    let mut command = std::process::Command::new("/nonexistent");
    let [input, output, error] = streams;
    command.env_clear().stdin(input).stdout(output).stderr(error);
    // SAFETY: `body` is code of this module's siblings, which keeps to async-signal-safe calls.
    unsafe { command.pre_exec(move || body().map(|never| match never {})) };
    command.spawn()
}

/// Starts a trusted command: in a session of its own, dying with the thread that forks.
///
/// # Errors
/// Where it cannot be started.
pub(crate) fn spawn_trusted(
    mut command: std::process::Command,
    limits: Vec<(u32, u64)>,
    terminal: bool,
) -> io::Result<std::process::Child> {
    use std::os::unix::process::CommandExt as _;
    let prepare = move || {
        new_session();
        if terminal {
            // SAFETY: the third argument of TIOCSCTTY is an integer.
            check(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
        }
        for &(resource, value) in &limits {
            lower_limit(resource, value);
        }
        die_with_parent()
    };
    // SAFETY: the closure makes raw calls only.
    unsafe { command.pre_exec(prepare) };
    command.spawn()
}
