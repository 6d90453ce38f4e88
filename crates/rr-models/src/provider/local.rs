//! A model on this machine: a `llama-server` that is started when it is first asked, watched, and
//! started again where it died.
//!
//! It listens on a port of the loopback that the kernel chose; that the answering process is ours
//! is seen by whose socket it is. It ends with the executor that started it.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rr_core::executor::NoOutput;
use rr_core::{
    CancelToken, Executor, ModelError, ModelErrorKind, NetworkNeed, ProcessSpec, RunningProcess,
};

use crate::settings::LocalSettings;

/// The longest wait until a model is loaded.
const LOADING: Duration = Duration::from_secs(300);
/// How often is looked whether it is.
const TICK: Duration = Duration::from_millis(100);
/// How often a server that died is started again.
const STARTS: u32 = 3;
/// Longer than any run: the server ends with the executor.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// A server, started or not yet.
pub(super) struct LocalServer {
    settings: LocalSettings,
    program: Option<PathBuf>,
    host: Arc<dyn Executor>,
    home: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Option<(Box<dyn RunningProcess>, u16)>,
    starts: u32,
}

impl LocalServer {
    /// One that this executor will start. A bare name is looked up in `path`.
    pub(super) fn new(
        settings: LocalSettings,
        host: Arc<dyn Executor>,
        home: &Path,
        path: &str,
    ) -> Self {
        let program = match settings.server.components().count() {
            1 => path
                .split(':')
                .filter(|folder| folder.starts_with('/'))
                .map(|folder| Path::new(folder).join(&settings.server))
                .find(|program| program.is_file()),
            _ => Some(settings.server.clone()).filter(|program| program.is_file()),
        };
        Self { settings, program, host, home: home.to_owned(), state: Mutex::default() }
    }

    /// Why it cannot be started, where that is known.
    pub(super) fn usable(&self) -> Result<(), String> {
        if self.program.is_none() {
            return Err(format!(
                "there is no program `{}`: install llama.cpp's server, or name it with `server`",
                self.settings.server.display()
            ));
        }
        match self.settings.file.is_file() {
            true => Ok(()),
            false => Err(format!("there is no file `{}`", self.settings.file.display())),
        }
    }

    /// Where it answers; it is started where it is not up.
    pub(super) fn address(&self, cancel: &CancelToken) -> Result<String, ModelError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let up = state.running.as_ref().filter(|(process, _)| process.main_exit().is_none());
        let port = match up {
            Some((_, port)) => *port,
            None => self.start(&mut state, cancel)?,
        };
        Ok(format!("http://127.0.0.1:{port}/v1/"))
    }

    fn start(&self, state: &mut State, cancel: &CancelToken) -> Result<u16, ModelError> {
        let failed = |why: String| ModelError::new(ModelErrorKind::Unavailable, why);
        state.running = None;
        if state.starts >= STARTS {
            return Err(ModelError::new(
                ModelErrorKind::Refused,
                format!("`{}` died {STARTS} times", self.settings.server.display()),
            ));
        }
        state.starts += 1;
        let spec = self.spec();
        let process =
            self.host.spawn(&spec, Arc::new(NoOutput)).map_err(|e| failed(e.to_string()))?;
        let end = Instant::now() + LOADING;
        loop {
            if cancel.is_cancelled() {
                return Err(ModelError::new(ModelErrorKind::Cancelled, "asked to stop"));
            }
            if let Some(exit) = process.main_exit() {
                return Err(failed(format!(
                    "the model's server ended: {exit}: {}",
                    last(process.as_ref())
                )));
            }
            let port = process.listening().first().map(|socket| socket.port);
            if let Some(port) = port.filter(|port| self.is_ready(*port)) {
                state.running = Some((process, port));
                return Ok(port);
            }
            if Instant::now() >= end {
                let seconds = LOADING.as_secs();
                return Err(failed(format!("the model was not loaded within {seconds} s")));
            }
            std::thread::sleep(TICK);
        }
    }

    fn spec(&self) -> ProcessSpec {
        let program = self.program.clone().unwrap_or_else(|| self.settings.server.clone());
        let file = std::path::absolute(&self.settings.file);
        let file = file.unwrap_or_else(|_| self.settings.file.clone());
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let context = self.settings.context.to_string();
        let mut argv = vec![text(&program), "-m".to_owned(), text(&file)];
        for word in ["--host", "127.0.0.1", "--port", "0", "-c", &context, "-np", "1"] {
            argv.push(word.to_owned());
        }
        if let Some(threads) = self.settings.threads {
            argv.extend(["-t".to_owned(), threads.to_string()]);
        }
        ProcessSpec {
            argv,
            cwd: text(&self.home),
            env: BTreeMap::new(),
            path: Vec::new(),
            stdin: Vec::new(),
            timeout: LIFETIME,
            network: NetworkNeed::Loopback,
            tty: false,
            as_root: false,
        }
    }

    /// Whether the server says that the model is loaded.
    fn is_ready(&self, port: u16) -> bool {
        let Ok(mut stream) = self.host.connect(port, Duration::from_secs(1)) else { return false };
        let ask = b"GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
        let mut answer = String::new();
        stream
            .set_read_timeout(Some(Duration::from_secs(2)))
            .and_then(|()| stream.write_all(ask))
            .and_then(|()| stream.take(200).read_to_string(&mut answer))
            .is_ok_and(|_| answer.split_whitespace().nth(1) == Some("200"))
    }
}

/// The last line that a server printed.
fn last(process: &dyn RunningProcess) -> String {
    let tail = process.tail();
    let line = tail.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    line.chars().take(200).collect()
}
