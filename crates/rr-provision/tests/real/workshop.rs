//! A plain executor for tests: host processes without isolation, and the parts they share.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rr_core::{
    CancelToken, Enforcement, EnforcementLevel, ExecError, Executor, Exit, GuestLayout,
    ListeningSocket, Outcome, OutputSink, ProcessSpec, RunningProcess, Usage,
};
use rr_provision::{HostTools, ProvisionSettings};

/// Runs processes on the host, in a folder of its own.
pub(crate) struct PlainExecutor {
    layout: GuestLayout,
}

impl PlainExecutor {
    pub(crate) fn new(root: &Path) -> Self {
        let folder = |name: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(&path).unwrap();
            path
        };
        let layout = GuestLayout {
            workspace: folder("workspace"),
            home: folder("home"),
            env: folder("env"),
            reports: folder("reports"),
            tools: folder("tools"),
            caches: folder("caches"),
        };
        Self { layout }
    }

    #[expect(clippy::disallowed_methods, reason = "the executor of these tests")]
    fn start(&self, spec: &ProcessSpec) -> Result<Child, ExecError> {
        let argv: Vec<String> = spec.argv.iter().map(|text| self.layout.expand(text)).collect();
        let mut command = Command::new(&argv[0]);
        command.args(&argv[1..]).current_dir(self.layout.expand(&spec.cwd)).process_group(0);
        for (name, value) in &spec.env {
            command.env(name, self.layout.expand(value));
        }
        let mut path: Vec<String> = spec.path.iter().map(|text| self.layout.expand(text)).collect();
        if !path.is_empty() {
            path.push("/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin".to_owned());
            command.env("PATH", path.join(":"));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
            .spawn()
            .map_err(|e| ExecError::Start { program: argv[0].clone(), reason: e.to_string() })
    }
}

/// Collects both streams of a child.
fn drain(child: &mut Child, sink: &Arc<dyn OutputSink>) -> Arc<Mutex<Vec<u8>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let streams: [Box<dyn Read + Send>; 2] =
        [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
    for mut stream in streams {
        let (kept, sink) = (Arc::clone(&kept), Arc::clone(sink));
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(read) = stream.read(&mut buffer) {
                if read == 0 {
                    return;
                }
                sink.write(&buffer[..read]);
                kept.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
    }
    kept
}

fn exit_of(status: std::process::ExitStatus) -> Exit {
    status.signal().map_or(Exit::Code(status.code().unwrap_or(-1)), Exit::Signal)
}

#[expect(clippy::disallowed_methods, reason = "the executor of these tests")]
fn kill_group(pid: u32) {
    let group = format!("-{pid}");
    let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
}

impl Executor for PlainExecutor {
    fn enforcement(&self) -> Enforcement {
        Enforcement { backend: "plain".into(), level: EnforcementLevel::None, items: Vec::new() }
    }

    fn layout(&self) -> &GuestLayout {
        &self.layout
    }

    fn run(
        &self,
        spec: &ProcessSpec,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Outcome, ExecError> {
        let mut child = self.start(spec)?;
        let kept = drain(&mut child, &sink);
        let started = Instant::now();
        let exit = loop {
            if let Some(status) = child.try_wait().map_err(|e| ExecError::io("waiting", e))? {
                break exit_of(status);
            }
            if started.elapsed() > spec.timeout || cancel.is_cancelled() {
                kill_group(child.id());
                let _ = child.wait();
                break if cancel.is_cancelled() { Exit::Cancelled } else { Exit::TimedOut };
            }
            std::thread::sleep(Duration::from_millis(3));
        };
        // The readers end with the streams; a moment for what is still in the pipes.
        std::thread::sleep(Duration::from_millis(10));
        let tail = String::from_utf8_lossy(&kept.lock().unwrap()).into_owned();
        Ok(Outcome {
            exit,
            seconds: started.elapsed().as_secs_f64(),
            output_bytes: tail.len() as u64,
            tail,
            head: String::new(),
            peak_memory: None,
            left_processes: false,
        })
    }

    fn spawn(
        &self,
        spec: &ProcessSpec,
        sink: Arc<dyn OutputSink>,
    ) -> Result<Box<dyn RunningProcess>, ExecError> {
        let mut child = self.start(spec)?;
        let kept = drain(&mut child, &sink);
        Ok(Box::new(PlainProcess { pid: child.id(), child: Mutex::new(child), kept }))
    }

    fn connect(&self, port: u16, timeout: Duration) -> std::io::Result<TcpStream> {
        TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), timeout)
    }

    fn read_file(&self, guest: &Path, _cap: u64) -> Result<Vec<u8>, ExecError> {
        std::fs::read(guest).map_err(|e| ExecError::io(guest.display().to_string(), e))
    }

    fn glob(&self, _folder: &Path, _pattern: &str) -> Result<Vec<PathBuf>, ExecError> {
        unsupported("match files")
    }

    fn write_file(&self, guest: &Path, bytes: &[u8], _executable: bool) -> Result<(), ExecError> {
        let path = PathBuf::from(self.layout.expand(&guest.to_string_lossy()));
        std::fs::create_dir_all(path.parent().unwrap())
            .and_then(|()| std::fs::write(&path, bytes))
            .map_err(|e| ExecError::io(path.display().to_string(), e))
    }

    fn add_root_layer(&self, _layer: &Path) -> Result<(), ExecError> {
        unsupported("add layers")
    }

    fn snapshot(&self) -> Result<u64, ExecError> {
        unsupported("take snapshots")
    }

    fn rollback(&self, _snapshot: u64) -> Result<(), ExecError> {
        unsupported("roll back")
    }

    fn clear_reports(&self) -> Result<(), ExecError> {
        Ok(())
    }

    fn close(&self) {}
}

fn unsupported<T>(what: &str) -> Result<T, ExecError> {
    Err(ExecError::Unsupported { backend: "plain".into(), what: what.into() })
}

struct PlainProcess {
    pid: u32,
    child: Mutex<Child>,
    kept: Arc<Mutex<Vec<u8>>>,
}

impl RunningProcess for PlainProcess {
    fn identity(&self) -> (u32, u64) {
        (self.pid, 0)
    }

    fn listening(&self) -> Vec<ListeningSocket> {
        Vec::new()
    }

    fn try_wait(&self) -> Option<Exit> {
        self.child.lock().unwrap().try_wait().ok().flatten().map(exit_of)
    }

    fn main_exit(&self) -> Option<Exit> {
        self.try_wait()
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn tail(&self) -> String {
        String::from_utf8_lossy(&self.kept.lock().unwrap()).into_owned()
    }

    fn stop(&self) -> Exit {
        kill_group(self.pid);
        self.child.lock().unwrap().wait().map_or(Exit::Code(-1), exit_of)
    }
}

impl Drop for PlainProcess {
    fn drop(&mut self) {
        kill_group(self.pid);
        let _ = self.child.lock().map(|mut child| child.wait());
    }
}

/// A data folder, the host's tools, and where they live.
pub(crate) struct Workshop {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) host: HostTools,
}

impl Workshop {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// A workshop whose environment has these variables too.
    #[expect(clippy::disallowed_methods, reason = "tests see the real environment")]
    pub(crate) fn with(extra: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut variables: BTreeMap<String, String> = std::env::vars().collect();
        variables.extend(extra.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let home = folder.path().join("data");
        std::fs::create_dir_all(&home).unwrap();
        let settings = Arc::new(ProvisionSettings::new(home, variables, 1_700_000_000_000));
        let executor = Arc::new(PlainExecutor::new(&folder.path().join("run")));
        Self { host: HostTools::new(executor, settings), folder }
    }

    /// The same tools under other settings.
    pub(crate) fn host_with(&self, change: impl FnOnce(&mut ProvisionSettings)) -> HostTools {
        let mut settings = ProvisionSettings::clone(self.host.settings());
        change(&mut settings);
        let executor = Arc::new(PlainExecutor::new(&self.folder.path().join("run")));
        HostTools::new(executor, Arc::new(settings))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Runs a program that must succeed and gives its output.
#[expect(clippy::disallowed_methods, reason = "tests prepare real repositories with git")]
pub(crate) fn sh(folder: &Path, script: &str) -> String {
    let output =
        Command::new("/bin/sh").args(["-ec", script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
