//! Processes, namespaces, signals and limits.

use std::ffi::CStr;
use std::io;
use std::os::fd::RawFd;

use super::{check, check_long};

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
