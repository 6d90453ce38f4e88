//! The runner's side of the holder: starts it and asks it for things.

use std::ffi::CString;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rr_core::ExecError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, SocketFlags,
    SocketType,
};

use crate::child::holder::{HolderPlan, REQUEST_BYTES, body};
use crate::child::raw::fork_never_exec;
use crate::identity::RunAs;
use crate::spawner::on_spawner;

/// How long the holder may take to answer. It never blocks on purpose.
const ANSWER_TIMEOUT: Timespec = Timespec { tv_sec: 20, tv_nsec: 0 };

/// Requests sent before their answers are read.
const BATCH: usize = 16;

/// A mount to make in a tree.
#[derive(Clone, Debug)]
pub(crate) struct HeldMount {
    /// What is shown; `None` puts an empty folder, closed to others, over the place.
    pub(crate) source: Option<String>,
    /// Where, in the tree.
    pub(crate) place: String,
    /// Whether it may be written to.
    pub(crate) writable: bool,
}

/// A running holder.
pub(crate) struct Holder {
    socket: Mutex<OwnedFd>,
    process: Mutex<Child>,
    /// Its user namespace, where it has one of its own.
    pub(crate) user: Option<OwnedFd>,
    /// Its mount namespace.
    pub(crate) mount: OwnedFd,
    /// Its network namespace.
    pub(crate) network: OwnedFd,
}

impl Holder {
    /// Starts one that works in `folder`.
    ///
    /// # Errors
    /// Where namespaces cannot be made here.
    pub(crate) fn start(folder: &Path, run_as: RunAs) -> Result<Self, ExecError> {
        let setup = |what: &str, source: io::Error| {
            ExecError::Setup(format!("{what} the process that holds the namespaces: {source}"))
        };
        let (ours, theirs) = rustix::net::socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )
        .map_err(|source| setup("cannot connect", source.into()))?;
        let plan = HolderPlan {
            socket: theirs.as_raw_fd(),
            runner: rustix::process::getpid().as_raw_pid(),
            folder: c_path(folder)?,
            maps: run_as.maps(),
        };
        let streams = [Stdio::null(), Stdio::null(), Stdio::null()];
        let process = on_spawner(move || fork_never_exec(streams, move || body(&plan)))?
            .map_err(|source| match source.raw_os_error() {
                // Which of both says no is the kernel's secret.
                Some(libc::EPERM | libc::ENOSPC | libc::EINVAL) => ExecError::Setup(format!(
                    "this host does not allow new namespaces ({source}): look at \
                     `user.max_user_namespaces`, AppArmor's `apparmor_restrict_unprivileged_userns`, \
                     and the container's own rules"
                )),
                _ => setup("cannot start", source),
            })?;
        drop(theirs);
        let socket = Mutex::new(ours);
        let process = Mutex::new(process);
        let open = |name: &str| expect_fd(ask(&socket, b'f', &[&format!("/proc/self/ns/{name}")])?);
        let user = match run_as {
            RunAs::Dedicated { .. } => None,
            RunAs::Mapped { .. } => Some(open("user").map_err(|e| setup("cannot enter", e))?),
        };
        let mount = open("mnt").map_err(|e| setup("cannot enter", e))?;
        let network = open("net").map_err(|e| setup("cannot enter", e))?;
        Ok(Self { socket, process, user, mount, network })
    }

    /// Mounts an overlay in the holder's mount namespace. Paths may be relative to its folder.
    ///
    /// # Errors
    /// As `mount(2)`.
    pub(crate) fn mount_overlay(&self, target: &str, options: &str) -> io::Result<()> {
        ask(&self.socket, b'o', &[target, options]).map(drop)
    }

    /// Mounts one after the other in the tree `root`, in which links do not lead out.
    ///
    /// # Errors
    /// As `open_tree(2)`, `mount_setattr(2)`, `openat2(2)` and `move_mount(2)`, with the index of
    /// the first that failed.
    pub(crate) fn mount_all(
        &self,
        root: &str,
        mounts: &[HeldMount],
    ) -> Result<(), (usize, io::Error)> {
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failed = None;
        // Waiting for each answer would cost two switches of process per mount. A batch fits into
        // the socket's buffer, so that neither side can block the other.
        for (batch, mounts) in mounts.chunks(BATCH).enumerate() {
            let at = |error: io::Error| (batch * BATCH, error);
            for mount in mounts {
                let (kind, source) = match &mount.source {
                    None => (b'h', None),
                    Some(source) if mount.writable => (b'w', Some(source.as_str())),
                    Some(source) => (b'r', Some(source.as_str())),
                };
                let words: Vec<&str> = source.into_iter().chain([root, &mount.place]).collect();
                send(&socket, kind, &words).map_err(at)?;
            }
            for index in 0..mounts.len() {
                if let Err(error) = receive(&socket) {
                    failed.get_or_insert((batch * BATCH + index, error));
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Takes a mount away; processes that use it keep it.
    ///
    /// # Errors
    /// As `umount2(2)`.
    pub(crate) fn unmount(&self, target: &str) -> io::Result<()> {
        ask(&self.socket, b'u', &[target]).map(drop)
    }

    /// Opens a folder as the holder sees it.
    ///
    /// # Errors
    /// As `open(2)`.
    pub(crate) fn open_folder(&self, path: &str) -> io::Result<OwnedFd> {
        expect_fd(ask(&self.socket, b'd', &[path])?)
    }

    /// Connects to a port of the private loopback, IPv4 before IPv6.
    ///
    /// # Errors
    /// As `connect(2)`; `TimedOut` after `timeout`.
    pub(crate) fn connect(&self, port: u16, timeout: Duration) -> io::Result<TcpStream> {
        let deadline = Instant::now() + timeout;
        let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let refused = match self.connect_to(b'4', v4, deadline) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => error,
            other => return other,
        };
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        self.connect_to(b'6', v6, deadline).map_err(|_| refused)
    }

    fn connect_to(&self, kind: u8, to: SocketAddr, deadline: Instant) -> io::Result<TcpStream> {
        // A socket stays in the network namespace it was made in, whoever connects it.
        let socket = expect_fd(ask(&self.socket, kind, &[])?)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        match rustix::net::connect(&socket, &to) {
            Ok(()) => {}
            Err(rustix::io::Errno::INPROGRESS) => wait_connected(&socket, deadline)?,
            Err(error) => return Err(error.into()),
        }
        rustix::io::ioctl_fionbio(&socket, false)?;
        Ok(TcpStream::from(socket))
    }

    /// Ends it.
    pub(crate) fn stop(&self) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = process.kill();
        let _ = process.wait();
    }
}

fn wait_connected(socket: &OwnedFd, deadline: Instant) -> io::Result<()> {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(left.subsec_nanos()),
    };
    if poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&left))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    rustix::net::sockopt::socket_error(socket)?.map_err(io::Error::from)
}

fn expect_fd(fd: Option<OwnedFd>) -> io::Result<OwnedFd> {
    fd.ok_or_else(|| io::Error::other("the holder answered without a descriptor"))
}

/// Sends one request and reads its answer.
fn ask(socket: &Mutex<OwnedFd>, kind: u8, arguments: &[&str]) -> io::Result<Option<OwnedFd>> {
    let socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
    send(&socket, kind, arguments)?;
    receive(&socket)
}

fn send(socket: &OwnedFd, kind: u8, arguments: &[&str]) -> io::Result<()> {
    let mut request = vec![kind];
    for argument in arguments {
        request.extend_from_slice(argument.as_bytes());
        request.push(0);
    }
    if request.len() > REQUEST_BYTES {
        return Err(io::Error::from_raw_os_error(libc::E2BIG));
    }
    rustix::net::send(socket, &request, SendFlags::NOSIGNAL)?;
    Ok(())
}

fn receive(socket: &OwnedFd) -> io::Result<Option<OwnedFd>> {
    if poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&ANSWER_TIMEOUT))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let mut errno = [0_u8; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::net::recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut errno)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    if received.bytes != errno.len() {
        return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the holder is gone"));
    }
    match i32::from_ne_bytes(errno) {
        0 => Ok(ancillary.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
            _ => None,
        })),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// A path for a system call.
///
/// # Errors
/// [`ExecError::Path`] where it holds a NUL byte.
pub(crate) fn c_path(path: &Path) -> Result<CString, ExecError> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| ExecError::Path {
        path: path.display().to_string(),
        reason: "it holds a NUL byte".to_owned(),
    })
}
