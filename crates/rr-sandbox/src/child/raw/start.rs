//! Forking from the runner, and becoming another program.

use std::ffi::{CStr, CString};
use std::io;

use super::check;
use super::process::{die_with_parent, lower_limit, new_session};

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
