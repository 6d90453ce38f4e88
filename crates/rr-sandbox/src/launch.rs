//! Starts one command in a session's namespaces.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::path::Path;
use std::sync::Arc;

use rr_core::{ExecError, Limits};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::cgroup::Group;
use crate::child::init::keeper;
use crate::child::plan::{CommandPlan, INFO_FD};
use crate::child::raw::{StringList, fork_never_exec};
use crate::command_line::c_string;
use crate::follow::{Followed, follow};
use crate::holder::{Holder, c_path};
use crate::output::Output;
use crate::spawner::on_spawner;
use crate::streams::Streams;

/// Everything about one command, in the host's terms.
pub(crate) struct Launch<'a> {
    /// Path of bubblewrap.
    pub(crate) bwrap: &'a Path,
    /// Bubblewrap's options for what the command sees.
    pub(crate) mounts: &'a [OsString],
    /// Working folder inside.
    pub(crate) cwd: String,
    /// What bubblewrap executes.
    pub(crate) words: Vec<OsString>,
    /// Bubblewrap's own environment.
    pub(crate) carried: Vec<std::ffi::CString>,
    /// Program, for messages.
    pub(crate) program: String,
    /// Standard input.
    pub(crate) stdin: &'a [u8],
    /// Whether it gets a terminal.
    pub(crate) terminal: bool,
    /// Whether it enters the private network.
    pub(crate) private_network: bool,
    /// Whether daemons it leaves behind go on.
    pub(crate) outlive: bool,
    /// Limits per process.
    pub(crate) limits: Limits,
    /// Whether the number of processes is limited by user, for want of a control group.
    pub(crate) limit_user_processes: bool,
}

/// Starts a command.
///
/// # Errors
/// Where its namespaces, control groups or streams cannot be set up.
pub(crate) fn launch(
    launch: Launch<'_>,
    holder: &Arc<Holder>,
    group: Option<&Group>,
    output: &Arc<Output>,
) -> Result<Arc<Followed>, ExecError> {
    let program = launch.program.clone();
    let failed = |source: io::Error| ExecError::Start {
        program: program.clone(),
        reason: format!("setting the sandbox up failed: {source}"),
    };
    let streams = Streams::new(launch.stdin, launch.terminal).map_err(failed)?;
    let (events, events_in) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| failed(e.into()))?;
    let (started, started_in) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| failed(e.into()))?;
    let (go, go_in) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| failed(e.into()))?;
    let (info, info_in) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| failed(e.into()))?;
    let entrances = group.map(Group::entrances).transpose().map_err(failed)?.unwrap_or_default();
    let mut namespaces: Vec<(RawFd, i32)> = Vec::new();
    namespaces.extend(holder.user.as_ref().map(|fd| (fd.as_raw_fd(), libc::CLONE_NEWUSER)));
    namespaces.push((holder.mount.as_raw_fd(), libc::CLONE_NEWNS));
    if launch.private_network {
        namespaces.push((holder.network.as_raw_fd(), libc::CLONE_NEWNET));
    }
    let plan = CommandPlan {
        runner: rustix::process::getpid().as_raw_pid(),
        namespaces,
        cgroups: entrances.iter().map(|fd| fd.as_raw_fd()).collect(),
        limits: resource_limits(&launch.limits),
        processes: launch.limits.processes.filter(|_| launch.limit_user_processes).map(u64::from),
        outlive: launch.outlive,
        events: events_in.as_raw_fd(),
        started: (started.as_raw_fd(), started_in.as_raw_fd()),
        go: (go.as_raw_fd(), go_in.as_raw_fd()),
        info: (info.as_raw_fd(), info_in.as_raw_fd()),
        program: c_path(launch.bwrap)?,
        argv: StringList::new(arguments(&launch)?),
        envp: StringList::new(launch.carried),
    };
    // Descriptors named in the plan must live until the fork.
    let held: Vec<OwnedFd> = entrances
        .into_iter()
        .chain([events_in, started, started_in, go, go_in, info, info_in])
        .collect();
    let namespaces_of = Arc::clone(holder);
    let Streams { given, output: from_command } = streams;
    let child = on_spawner(move || {
        let child = fork_never_exec(given, move || keeper(&plan));
        drop((held, namespaces_of));
        child
    })?
    .map_err(failed)?;
    follow(from_command, events, child, Arc::clone(output)).map_err(failed)
}

fn arguments(launch: &Launch<'_>) -> Result<Vec<std::ffi::CString>, ExecError> {
    let mut words: Vec<OsString> = vec!["bwrap".into()];
    words.extend_from_slice(launch.mounts);
    words.extend(["--info-fd".into(), INFO_FD.to_string().into()]);
    words.extend(["--chdir".into(), launch.cwd.clone().into(), "--".into()]);
    words.extend(launch.words.iter().cloned());
    words.into_iter().map(c_string).collect()
}

/// Limits of each process: resource and value.
pub(crate) fn resource_limits(limits: &Limits) -> Vec<(u32, u64)> {
    let mut list = vec![(libc::RLIMIT_CORE, 0)];
    list.extend(limits.open_files.map(|files| (libc::RLIMIT_NOFILE, files)));
    list.extend(limits.file_size.map(|bytes| (libc::RLIMIT_FSIZE, bytes)));
    list
}
