//! One run's plain processes and the copy of the repository they work in.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rr_core::{
    Bind, CancelToken, Enforcement, ExecError, Executor, GuestLayout, Outcome, OutputSink,
    ProcessSpec, RunningProcess, SandboxPolicy,
};

use super::process::{HostProcess, MARK};
use crate::child::raw::spawn_trusted;
use crate::command_line::environment;
use crate::enforced;
use crate::files::{self, Place, open_host_folder};
use crate::launch::resource_limits;
use crate::output::Output;
use crate::service::Service;
use crate::spawner::on_spawner;
use crate::streams::Streams;
use crate::tree::{CopiedTree, PARTS, make_folder};

/// An open session.
pub(crate) struct HostSession {
    policy: SandboxPolicy,
    layout: GuestLayout,
    tree: CopiedTree,
    state: Mutex<HostState>,
}

#[derive(Default)]
struct HostState {
    binds: Vec<Bind>,
    processes: Vec<Weak<HostProcess>>,
    closed: bool,
}

impl HostSession {
    /// Opens one.
    ///
    /// # Errors
    /// Where its folders cannot be made.
    pub(crate) fn open(policy: SandboxPolicy) -> Result<Self, ExecError> {
        let folder = std::path::absolute(&policy.run_folder)
            .map_err(|source| ExecError::io("finding the run's folder", source))?;
        for (part, _) in PARTS {
            make_folder(&folder.join("base").join(part))?;
        }
        let tree = CopiedTree::open(&folder, &policy.snapshots)?;
        let layout = GuestLayout {
            workspace: folder.join("tree/repo"),
            env: folder.join("tree/env"),
            home: folder.join("tree/home"),
            reports: folder.join("reports"),
            tools: folder.join("tools"),
            caches: folder.join("caches"),
        };
        for made in [&layout.reports, &layout.tools, &layout.caches] {
            make_folder(made)?;
        }
        let session = Self { policy, layout, tree, state: Mutex::default() };
        let mut binds = session.policy.binds.clone();
        // A folder is bound before what lies in it: it takes the place of our own empty one.
        binds.sort_by_key(|bind| bind.guest.components().count());
        for bind in binds {
            session.add_bind(bind)?;
        }
        Ok(session)
    }

    fn lock(&self) -> MutexGuard<'_, HostState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The environment with guest paths of binds turned into the host's.
    fn environment(&self, spec: &ProcessSpec, binds: &[Bind]) -> BTreeMap<String, String> {
        let home = self.layout.home.to_string_lossy();
        let defaults = [
            ("HOME", &*home),
            ("LANG", "C.UTF-8"),
            ("SHELL", "/bin/bash"),
            ("TERM", if spec.tty { "xterm" } else { "dumb" }),
        ];
        let mut env = environment(spec, &self.policy, &self.layout, &defaults);
        for value in env.values_mut() {
            *value = translate(value, binds);
        }
        env
    }

    #[expect(clippy::disallowed_methods, reason = "this crate starts processes")]
    fn start(
        &self,
        spec: &ProcessSpec,
        sink: Arc<dyn OutputSink>,
    ) -> Result<Arc<HostProcess>, ExecError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let mut state = self.lock();
        let program = spec.argv.first().map(|word| self.layout.expand(word)).unwrap_or_default();
        let program = translate(&program, &state.binds);
        let failed = |reason: String| ExecError::Start { program: program.clone(), reason };
        if state.closed {
            return Err(failed("the session is closed".to_owned()));
        }
        let env = self.environment(spec, &state.binds);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{count}", std::process::id());
        let streams =
            Streams::new(&spec.stdin, spec.tty).map_err(|error| failed(error.to_string()))?;
        let mut command = std::process::Command::new(&program);
        command.args(spec.argv.iter().skip(1).map(|word| self.layout.expand(word)));
        command.current_dir(self.layout.expand(&spec.cwd)).env_clear().envs(&env).env(MARK, &mark);
        let [input, output, error] = streams.given;
        command.stdin(input).stdout(output).stderr(error);
        let (limits, tty) = (resource_limits(&self.policy.limits), spec.tty);
        let child = on_spawner(move || spawn_trusted(command, limits, tty))?
            .map_err(|error| failed(error.to_string()))?;
        let output = Arc::new(Output::new(sink, self.policy.limits.output));
        let grace = self.policy.stop_grace;
        let process = HostProcess::new(child, streams.output, mark, output, grace)?;
        let process = Arc::new(process);
        state.processes.retain(|process| process.strong_count() > 0);
        state.processes.push(Arc::downgrade(&process));
        Ok(process)
    }

    fn place(&self, path: &Path) -> Result<Place, ExecError> {
        let layout = &self.layout;
        let folders =
            [&layout.workspace, &layout.env, &layout.home, &layout.reports].map(PathBuf::as_path);
        let (folder, below) = files::relative_to(path, folders.into_iter())?;
        Ok(Place { handle: open_host_folder(folder)?, below })
    }
}

/// Replaces folders as the sandbox would show them by the host's own, part by part of a list.
fn translate(value: &str, binds: &[Bind]) -> String {
    let translated = value.split(':').map(|part| {
        let found = binds.iter().find_map(|bind| {
            let below = Path::new(part).strip_prefix(&bind.guest).ok()?;
            Some(if below.as_os_str().is_empty() {
                bind.host.clone()
            } else {
                bind.host.join(below)
            })
        });
        found.map_or_else(|| part.to_owned(), |path| path.to_string_lossy().into_owned())
    });
    translated.collect::<Vec<_>>().join(":")
}

impl Executor for HostSession {
    fn enforcement(&self) -> Enforcement {
        enforced::trusted()
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
        Ok(self.start(spec, sink)?.finish(spec.timeout, cancel))
    }

    fn spawn(
        &self,
        spec: &ProcessSpec,
        sink: Arc<dyn OutputSink>,
    ) -> Result<Box<dyn RunningProcess>, ExecError> {
        Ok(Box::new(Service(self.start(spec, sink)?)))
    }

    fn connect(&self, port: u16, timeout: Duration) -> std::io::Result<TcpStream> {
        let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let refused = match TcpStream::connect_timeout(&v4, timeout) {
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => error,
            other => return other,
        };
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        TcpStream::connect_timeout(&v6, timeout).map_err(|_| refused)
    }

    fn read_file(&self, guest: &Path, cap: u64) -> Result<Vec<u8>, ExecError> {
        files::read(&self.place(guest)?, guest, cap)
    }

    fn glob(&self, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, ExecError> {
        files::glob(&self.place(folder)?, folder, pattern)
    }

    fn write_file(&self, guest: &Path, bytes: &[u8], executable: bool) -> Result<(), ExecError> {
        files::write(&self.place(guest)?, guest, bytes, executable, None)
    }

    fn add_root_layer(&self, _layer: &Path) -> Result<(), ExecError> {
        Err(unsupported("lay packages over `/`"))
    }

    fn snapshot(&self) -> Result<u64, ExecError> {
        self.tree.snapshot()
    }

    fn rollback(&self, snapshot: u64) -> Result<(), ExecError> {
        self.tree.rollback(snapshot)
    }

    fn export_prepared(&self, to: &Path) -> Result<(), ExecError> {
        self.tree.export(to)
    }

    /// Puts a link where the layout's tools and caches are; other binds only translate paths in
    /// the environment.
    fn add_bind(&self, bind: Bind) -> Result<(), ExecError> {
        if bind.writable {
            make_folder(&bind.host)?;
        } else if !bind.host.exists() {
            return Err(ExecError::Setup(format!("`{}` does not exist", bind.host.display())));
        }
        for (inside, folder) in [("/tools", &self.layout.tools), ("/caches", &self.layout.caches)] {
            if let Ok(below) = bind.guest.strip_prefix(inside) {
                link_into(folder, below, &bind.host)?;
            }
        }
        let mut state = self.lock();
        state.binds.retain(|present| present.guest != bind.guest);
        state.binds.push(bind);
        Ok(())
    }

    fn clear_reports(&self) -> Result<(), ExecError> {
        let folder = open_host_folder(&self.layout.reports)?;
        files::empty(folder.as_fd())
            .map_err(|source| ExecError::io("emptying the reports folder", source))
    }

    fn close(&self) {
        let processes = {
            let mut state = self.lock();
            state.closed = true;
            std::mem::take(&mut state.processes)
        };
        for process in processes.iter().filter_map(Weak::upgrade) {
            process.kill_all();
        }
    }
}

impl Drop for HostSession {
    fn drop(&mut self) {
        self.close();
    }
}

/// Makes a folder of the layout, or a place below it, lead to a folder of the host.
fn link_into(folder: &Path, below: &Path, host: &Path) -> Result<(), ExecError> {
    let whole = below.as_os_str().is_empty();
    // Below a folder that is the host's own nothing is written: what is to be there is there.
    if let Ok(bound) = std::fs::read_link(folder)
        && !whole
    {
        return if bound.join(below) == host {
            Ok(())
        } else {
            let (below, bound) = (below.display(), bound.display());
            Err(ExecError::Setup(format!("`{below}` cannot be bound inside `{bound}`")))
        };
    }
    // A path that ends in a slash would be the folder behind the link.
    let link = if whole { folder.to_owned() } else { folder.join(below) };
    replace_by_link(&link, host)
        .map_err(|source| ExecError::io(format!("linking `{}`", link.display()), source))
}

fn replace_by_link(link: &Path, target: &Path) -> std::io::Result<()> {
    // The layout's own folder is there, empty, where a bind covers all of it.
    match std::fs::symlink_metadata(link) {
        Ok(found) if found.is_dir() => std::fs::remove_dir(link)?,
        Ok(_) => std::fs::remove_file(link)?,
        Err(_) => {}
    }
    if let Some(parent) = link.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::os::unix::fs::symlink(target, link)
}

fn unsupported(what: &str) -> ExecError {
    ExecError::Unsupported { backend: "host".to_owned(), what: what.to_owned() }
}
