//! Runs a service's programs in the sandbox.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rr_core::{
    CancelToken, EngineError, Executor, NetworkNeed, OutputSink, ProcessSpec, RunningProcess,
};

use crate::fault;
use crate::host::last_lines;

/// How long a service may take until it accepts connections: crash recovery on a busy machine.
const START: Duration = Duration::from_secs(120);

const TICK: Duration = Duration::from_millis(50);

/// How long one connection attempt or answer may take.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// The sandbox as services use it.
pub(super) struct Guest<'a> {
    /// Where everything runs.
    pub(super) executor: &'a dyn Executor,
    /// Takes what the programs say.
    pub(super) sink: Arc<dyn OutputSink>,
    /// Tells to stop.
    pub(super) cancel: &'a CancelToken,
}

impl Guest<'_> {
    /// Says something in the service's log.
    pub(super) fn tell(&self, line: &str) {
        self.sink.write(format!("{line}\n").as_bytes());
    }

    /// The folder of a service's data, as the guest sees it. Not in the workspace: the repository's
    /// own tools must not find it.
    pub(super) fn data(&self, name: &str, port: u16) -> PathBuf {
        self.executor.layout().home.join(".services").join(format!("{name}-{port}"))
    }

    /// Runs a shell script that must succeed; `what` is what it does, for the error. Returns the
    /// end of its output.
    ///
    /// # Errors
    /// Where it cannot be started, fails, or the run is cancelled.
    pub(super) fn script(
        &self,
        what: &str,
        script: &str,
        env: &[(&str, &str)],
        stdin: &str,
    ) -> Result<String, EngineError> {
        let mut spec = shell(script, env);
        spec.stdin = stdin.as_bytes().to_vec();
        let outcome = self.executor.run(&spec, self.sink.clone(), self.cancel)?;
        if self.cancel.is_cancelled() {
            return Err(fault::cancelled(what));
        }
        if outcome.exit.success() {
            return Ok(outcome.tail);
        }
        let (exit, reason) = (outcome.exit, last_lines(&outcome.tail));
        Err(fault::environment(format!("cannot {what}: {exit}: {reason}")))
    }

    /// Starts a server by a shell script that ends in `exec`.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub(super) fn start(
        &self,
        script: &str,
        env: &[(&str, &str)],
    ) -> Result<Box<dyn RunningProcess>, EngineError> {
        Ok(self.executor.spawn(&shell(script, env), self.sink.clone())?)
    }

    /// Waits until a server's port accepts a connection and `prove` holds on it.
    ///
    /// # Errors
    /// Where the server ends first, does not answer in time, or the run is cancelled.
    pub(super) fn wait_for(
        &self,
        what: &str,
        process: &dyn RunningProcess,
        port: u16,
        mut prove: impl FnMut(&mut TcpStream) -> std::io::Result<()>,
    ) -> Result<(), EngineError> {
        let deadline = Instant::now() + START;
        loop {
            if self.cancel.is_cancelled() {
                return Err(fault::cancelled(&format!("waiting for {what}")));
            }
            if let Some(exit) = process.main_exit() {
                let reason = last_lines(&process.tail());
                return Err(fault::environment(format!("{what} ended at once: {exit}: {reason}")));
            }
            let answered = self.executor.connect(port, ANSWER).and_then(|mut stream| {
                stream.set_read_timeout(Some(ANSWER))?;
                stream.set_write_timeout(Some(ANSWER))?;
                prove(&mut stream)?;
                stream.flush()
            });
            let Err(error) = answered else { return Ok(()) };
            if Instant::now() >= deadline {
                return Err(fault::environment(format!(
                    "{what} does not answer on port {port} after {} s: {error}: {}",
                    START.as_secs(),
                    last_lines(&process.tail())
                )));
            }
            std::thread::sleep(TICK);
        }
    }

    /// The port to use: the wanted one, or the next one where nobody listens.
    ///
    /// # Errors
    /// Where a hundred ports in a row are taken.
    pub(super) fn free_port(&self, wanted: u16) -> Result<u16, EngineError> {
        let last = wanted.saturating_add(100);
        let free = (wanted..=last).find(|port| {
            let answer = self.executor.connect(*port, ANSWER);
            answer.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        });
        match free {
            Some(port) if port != wanted => {
                self.tell(&format!("port {wanted} is taken: using {port}"));
                Ok(port)
            }
            Some(port) => Ok(port),
            None => Err(fault::environment(format!("the ports {wanted} to {last} are taken"))),
        }
    }
}

/// A shell script in the private network.
fn shell(script: &str, env: &[(&str, &str)]) -> ProcessSpec {
    ProcessSpec {
        argv: vec!["/bin/sh".to_owned(), "-euc".to_owned(), script.to_owned()],
        cwd: "@{home}".to_owned(),
        env: env
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        path: Vec::new(),
        stdin: Vec::new(),
        timeout: Duration::from_secs(300),
        network: NetworkNeed::Loopback,
        tty: false,
        as_root: false,
    }
}
