//! Makes a port of a run's private network reachable on the host's loopback.
//!
//! It serves people (and steps on the host's network) that want to reach a service inside.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rr_core::Executor;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long connecting to the inside may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often an idle forwarder looks whether it is to stop.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Forwards connections while it lives.
#[derive(Debug)]
pub struct Forwarder {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Forwarder {
    /// Listens on 127.0.0.1, at `host_port` or (for `None`) at a free port, and forwards every
    /// connection to `guest_port` inside.
    ///
    /// # Errors
    /// Where the port on the host is taken.
    pub fn start(
        executor: Arc<dyn Executor>,
        guest_port: u16,
        host_port: Option<u16>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, host_port.unwrap_or(0)))?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("rr-forward".to_owned())
            .spawn(move || accept(&listener, &executor, guest_port, &asked))?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; there is nothing to add.
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, executor: &Arc<dyn Executor>, port: u16, stop: &AtomicBool) {
    let mut open: Vec<(TcpStream, JoinHandle<()>)> = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        open.retain(|(_, thread)| !thread.is_finished());
        let mut polled = [PollFd::new(listener, PollFlags::IN)];
        if !matches!(poll(&mut polled, Some(&TICK)), Ok(1..)) {
            continue;
        }
        let Ok((outside, _)) = listener.accept() else { continue };
        let executor = Arc::clone(executor);
        let Ok(handle) = outside.try_clone() else { continue };
        let thread = std::thread::Builder::new().name("rr-forward".to_owned()).spawn(move || {
            // Refused inside: closing the connection is all that can be said.
            if let Ok(inside) = executor.connect(port, CONNECT_TIMEOUT) {
                join_streams(&outside, &inside);
            }
        });
        if let Ok(thread) = thread {
            open.push((handle, thread));
        }
    }
    for (stream, _) in &open {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// Copies both ways until both sides have ended.
fn join_streams(outside: &TcpStream, inside: &TcpStream) {
    let (Ok(mut from_inside), Ok(mut to_outside)) = (inside.try_clone(), outside.try_clone())
    else {
        return;
    };
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = io::copy(&mut from_inside, &mut to_outside);
            let _ = to_outside.shutdown(Shutdown::Write);
        });
        let (mut from_outside, mut to_inside) = (outside, inside);
        let _ = io::copy(&mut from_outside, &mut to_inside);
        let _ = inside.shutdown(Shutdown::Write);
    });
}
