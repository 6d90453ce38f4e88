//! The three processes between the runner and a command.
//!
//! The *keeper* enters the session's namespaces, limits and control groups, and forks the *init*,
//! first process of a process-id namespace: when it ends, the kernel kills everything in that
//! namespace, detached sessions included. The init forks the process that becomes bubblewrap.
//! Once the command runs, the init kills bubblewrap's own monitor, so that the command becomes the
//! init's child and its exact wait status can be seen (bubblewrap reports signals as 128 + n).

use std::convert::Infallible;
use std::ffi::CStr;
use std::io;

use super::plan::{CommandPlan, Event, GO_FD, INFO_FD, STARTED_FD};
use super::raw::{self, Waited};

/// How long others may take to end after the command's first process has, in steps of 5 ms.
const GRACE_STEPS: u32 = 20;

/// Exit status where bubblewrap itself could not be executed.
const CANNOT_EXEC: i32 = 125;

/// Parts of `/proc` that reach the whole machine.
const READ_ONLY: [&CStr; 5] =
    [c"/proc/sys", c"/proc/sysrq-trigger", c"/proc/irq", c"/proc/bus", c"/proc/fs"];

/// Files of `/proc` that tell of the whole machine's memory, keys and timers.
const HIDDEN: [&CStr; 4] = [c"/proc/kcore", c"/proc/keys", c"/proc/timer_list", c"/proc/kmsg"];

/// The body of the keeper. Ends when everything in the namespace has ended.
///
/// # Errors
/// Where a namespace or control group cannot be entered.
pub(crate) fn keeper(plan: &CommandPlan) -> io::Result<Infallible> {
    raw::new_session();
    raw::reset_signals();
    for &group in &plan.cgroups {
        raw::write(group, b"0")?;
    }
    for &(resource, value) in &plan.limits {
        raw::lower_limit(resource, value);
    }
    raw::set_umask(0o022);
    for &(fd, kind) in &plan.namespaces {
        raw::enter_namespace(fd, kind)?;
    }
    raw::die_with_parent()?;
    raw::stay_inspectable();
    if raw::parent() != plan.runner {
        raw::exit(1);
    }
    let init = raw::clone_process(libc::CLONE_NEWPID)?;
    if init == 0 {
        first_process(plan);
    }
    raw::set_name(c"rr-keeper");
    let said = raw::write(plan.events, &Event::Init(init).bytes());
    raw::close_all_but(&[]);
    release_streams();
    if said.is_err() {
        raw::kill(init, libc::SIGKILL);
    }
    raw::wait(init, true);
    raw::exit(0);
}

/// Lets go of the command's standard streams.
fn release_streams() {
    for fd in 0..3 {
        raw::close(fd);
    }
}

/// The body of the namespace's first process.
fn first_process(plan: &CommandPlan) -> ! {
    if raw::die_with_parent().is_err() {
        raw::exit(1);
    }
    raw::stay_inspectable();
    let Ok(child) = raw::clone_process(0) else { raw::exit(1) };
    if child == 0 {
        become_bubblewrap(plan);
    }
    raw::set_name(c"rr-init");
    raw::broadcast_terminate();
    release_streams();
    let mut keep = [plan.events, plan.started.0, plan.info.0, plan.go.1];
    keep.sort_unstable();
    raw::close_all_but(&keep);
    let main = adopt_command(plan, child);
    watch(plan, main)
}

/// Turns into bubblewrap.
fn become_bubblewrap(plan: &CommandPlan) -> ! {
    // Said on the command's own error stream, which ends up in the error that reports the failure.
    let said: &[u8] = match prepare_exec(plan) {
        Ok(()) => {
            let _ = raw::execute(&plan.program, &plan.argv, &plan.envp);
            b"bubblewrap cannot be executed\n"
        }
        Err(_) => b"a private /proc cannot be mounted here (in a container: is /proc masked?)\n",
    };
    let _ = raw::write(2, said);
    raw::exit(CANNOT_EXEC);
}

fn prepare_exec(plan: &CommandPlan) -> io::Result<()> {
    // Out of the way of the fixed numbers first; copies are closed on exec.
    let started = raw::duplicate_above(plan.started.1, 64)?;
    let info = raw::duplicate_above(plan.info.1, 64)?;
    let go = raw::duplicate_above(plan.go.0, 64)?;
    raw::duplicate_to(go, GO_FD)?;
    raw::duplicate_to(started, STARTED_FD)?;
    raw::duplicate_to(info, INFO_FD)?;
    // The first to go when memory runs out; lowering needs a privilege, raising does not.
    let _ = raw::write_file(c"/proc/self/oom_score_adj", b"500");
    if let Some(processes) = plan.processes {
        raw::lower_limit(libc::RLIMIT_NPROC, processes);
    }
    // Bubblewrap shows the `/proc` it finds unless it makes the process-id namespace itself.
    raw::unshare(libc::CLONE_NEWNS)?;
    mount_proc()
}

/// Mounts `/proc` with what reaches the whole machine read-only or hidden: files below `/proc/sys`
/// can be written by the machine's root user (a container's too) without any capability.
fn mount_proc() -> io::Result<()> {
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    raw::mount(c"proc", c"/proc", c"proc", flags, c"")?;
    for path in READ_ONLY {
        let bound = raw::mount(path, path, c"", libc::MS_BIND, c"");
        if is_there(&bound)? {
            let flags = flags | libc::MS_BIND | libc::MS_REMOUNT | libc::MS_RDONLY;
            raw::mount(c"none", path, c"", flags, c"")?;
        }
    }
    for path in HIDDEN {
        is_there(&raw::mount(c"/dev/null", path, c"", libc::MS_BIND, c""))?;
    }
    Ok(())
}

/// Whether a bind found its place.
fn is_there(bound: &io::Result<()>) -> io::Result<bool> {
    match bound {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(false),
        Err(error) => Err(io::Error::from_raw_os_error(error.raw_os_error().unwrap_or(libc::EIO))),
    }
}

/// Waits until the command runs, then takes bubblewrap's monitor away. Returns the command's pid.
fn adopt_command(plan: &CommandPlan, monitor: i32) -> i32 {
    let command = read_child_pid(plan.info.0);
    let mut byte = [0_u8; 1];
    let started = matches!(raw::read(plan.started.0, &mut byte), Ok(1));
    let Some(command) = command.filter(|_| started) else {
        let status = match raw::wait(monitor, true) {
            Waited::Ended(_, status) => status,
            _ => 0,
        };
        let _ = raw::write(plan.events, &Event::Failed(status).bytes());
        raw::exit(1);
    };
    raw::kill(monitor, libc::SIGKILL);
    raw::wait(monitor, true);
    // Only now may the command end: the monitor would have reaped it.
    raw::close(plan.go.1);
    // A closed pipe means that the runner died before we asked to die with the keeper.
    if raw::write(plan.events, &Event::Started.bytes()).is_err() {
        raw::exit(1);
    }
    command
}

/// Reads `"child-pid": N` from bubblewrap's information.
fn read_child_pid(info: i32) -> Option<i32> {
    let mut text = [0_u8; 512];
    let mut length = 0;
    while length < text.len() && !text.contains(&b'}') {
        match raw::read(info, text.get_mut(length..)?) {
            Ok(0) | Err(_) => break,
            Ok(count) => length += count,
        }
    }
    let key = b"\"child-pid\":";
    let start = text.windows(key.len()).position(|part| part == key)? + key.len();
    let mut pid = None;
    for &byte in text.get(start..)? {
        match byte {
            b'0'..=b'9' => pid = Some(pid.unwrap_or(0) * 10 + i32::from(byte - b'0')),
            b' ' if pid.is_none() => {}
            _ => break,
        }
    }
    pid
}

/// Reaps until the command has ended (and, for services, until nobody is left).
fn watch(plan: &CommandPlan, main: i32) -> ! {
    loop {
        match raw::wait(-1, true) {
            Waited::Ended(pid, status) if pid == main => {
                let _ = raw::write(plan.events, &Event::Main(status).bytes());
                if !plan.outlive {
                    report_left(plan);
                    raw::exit(0);
                }
            }
            Waited::Ended(..) => {}
            Waited::Alive | Waited::None => raw::exit(0),
        }
    }
}

/// Gives others a moment to end by themselves, then reports whether some have not.
fn report_left(plan: &CommandPlan) {
    for _ in 0..GRACE_STEPS {
        loop {
            match raw::wait(-1, false) {
                Waited::Ended(..) => {}
                Waited::Alive => break,
                Waited::None => return,
            }
        }
        raw::sleep_ms(5);
    }
    let _ = raw::write(plan.events, &Event::Left.bytes());
}
