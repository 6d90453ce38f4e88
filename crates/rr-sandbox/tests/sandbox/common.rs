//! A real sandbox per test, in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rr_core::{
    CancelToken, Executor, Limits, NetworkNeed, Outcome, OutputSink, ProcessSpec, RunningProcess,
    SandboxBackend, SandboxPolicy,
};
use rr_sandbox::Bubblewrap;
use tempfile::TempDir;

/// Where bubblewrap is, or a failure that says what to do.
pub(crate) fn bwrap() -> PathBuf {
    let path = PathBuf::from("/usr/bin/bwrap");
    assert!(
        path.is_file(),
        "these tests run real sandboxes: install bubblewrap (`apt-get install bubblewrap`)"
    );
    path
}

/// A run's folder and its sandbox.
pub(crate) struct Sandbox {
    pub(crate) folder: TempDir,
    pub(crate) executor: Arc<dyn Executor>,
}

/// A policy with usual limits.
pub(crate) fn policy(folder: &Path) -> SandboxPolicy {
    SandboxPolicy {
        run_folder: folder.to_path_buf(),
        root_layers: Vec::new(),
        snapshots: Vec::new(),
        binds: Vec::new(),
        env: BTreeMap::new(),
        limits: Limits { memory: Some(1 << 30), processes: Some(512), ..Limits::default() },
        stop_grace: Duration::from_millis(300),
    }
}

impl Sandbox {
    /// A sandbox whose repository holds one file.
    pub(crate) fn open() -> Self {
        Self::with(|_| {})
    }

    /// The same with a changed policy.
    pub(crate) fn with(change: impl FnOnce(&mut SandboxPolicy)) -> Self {
        Self::on(&Bubblewrap::new(bwrap()), change)
    }

    /// The same on another backend.
    pub(crate) fn on(
        backend: &dyn SandboxBackend,
        change: impl FnOnce(&mut SandboxPolicy),
    ) -> Self {
        let folder = tempfile::Builder::new().prefix("rr-sandbox-").tempdir().unwrap();
        let repo = folder.path().join("base/repo");
        std::fs::create_dir_all(&repo).unwrap();
        std::fs::write(repo.join("README"), "hello\n").unwrap();
        let mut policy = policy(folder.path());
        change(&mut policy);
        let executor = backend.open(policy).unwrap();
        Self { folder, executor }
    }

    /// Runs a shell script.
    pub(crate) fn sh(&self, script: &str) -> Outcome {
        self.run(&shell(script))
    }

    /// Runs a command.
    pub(crate) fn run(&self, spec: &ProcessSpec) -> Outcome {
        self.executor.run(spec, Arc::new(Collected::default()), &CancelToken::default()).unwrap()
    }
}

/// A shell script as a command with loopback only.
pub(crate) fn shell(script: &str) -> ProcessSpec {
    ProcessSpec {
        argv: vec!["/bin/bash".into(), "-c".into(), script.into()],
        cwd: "@{workspace}".into(),
        env: BTreeMap::new(),
        path: Vec::new(),
        stdin: Vec::new(),
        timeout: Duration::from_secs(300),
        network: NetworkNeed::Loopback,
        tty: false,
        as_root: false,
    }
}

/// A sink that keeps everything.
#[derive(Default)]
pub(crate) struct Collected(pub(crate) Mutex<Vec<u8>>);

impl OutputSink for Collected {
    fn write(&self, chunk: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(chunk);
    }
}

/// Waits until something holds; fails after a while.
pub(crate) fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    for _ in 0..7200 {
        if let Some(found) = probe() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("{what} did not come about");
}

/// A server on a port that answers each connection with a word.
pub(crate) fn server(word: &str, port: u16) -> String {
    format!(
        "exec python3 -c \"
import socket
s = socket.create_server(('127.0.0.1', {port}))
while True:
    c, _ = s.accept()
    c.sendall(b'{word}')
    c.close()
\""
    )
}

/// Starts a shell script that goes on.
pub(crate) fn start(sandbox: &Sandbox, script: &str) -> Box<dyn RunningProcess> {
    sandbox.executor.spawn(&shell(script), Arc::new(Collected::default())).unwrap()
}

/// A process on the host with this word in its command line.
pub(crate) fn process_with(word: &str) -> Option<String> {
    let own = std::process::id().to_string();
    std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).into_owned();
        (name != own && line.contains(word)).then_some(line)
    })
}

/// A number that no other process of these tests uses, for `sleep`.
pub(crate) fn unique(number: u32) -> String {
    format!("{number}{:08}", std::process::id())
}
