//! One run's sandbox: its holder, its writable tree and the commands started in it.

use std::ffi::OsString;
use std::net::TcpStream;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rr_core::executor::NoOutput;
use rr_core::{
    Bind, CancelToken, Enforcement, ExecError, Executor, GuestLayout, NetworkNeed, Outcome,
    OutputSink, ProcessSpec, RunningProcess, SandboxPolicy,
};

use crate::cgroup::{Controllers, Group};
use crate::command_line::{carried, environment, wrapped};
use crate::enforced;
use crate::files::{self, Place, open_host_folder};
use crate::guest_etc;
use crate::holder::Holder;
use crate::identity::RunAs;
use crate::launch::{Launch, launch};
use crate::mounts::{self, MountSources};
use crate::output::Output;
use crate::preparation::{
    close_to_others, defaults, layout, own_command, prepare_bind, prepare_folders,
};
use crate::prepared_root::PreparedRoot;
use crate::process::{Bounds, SandboxProcess};
use crate::root_layers::LayeredRoot;
use crate::service::Service;
use crate::tree::{PARTS, WritableTree, make_folder};

/// Most bytes of the linker's cache.
const LINKER_CACHE_BYTES: u64 = 64 << 20;

/// An open sandbox.
pub(crate) struct Session {
    bwrap: PathBuf,
    policy: SandboxPolicy,
    layout: GuestLayout,
    run_as: RunAs,
    holder: Arc<Holder>,
    controllers: Controllers,
    reports: PathBuf,
    temporary: Vec<(PathBuf, String)>,
    own_etc: Vec<(PathBuf, String)>,
    copied_because: Option<String>,
    state: Mutex<SessionState>,
}

/// What changes during a session.
struct SessionState {
    tree: WritableTree,
    layers: Vec<PathBuf>,
    root: LayeredRoot,
    linker_cache: Option<PathBuf>,
    binds: Vec<Bind>,
    mounts: Arc<Vec<OsString>>,
    prepared: Option<PreparedRoot>,
    unprepared_because: Option<String>,
    /// How many roots have been prepared.
    roots: u32,
    processes: Vec<Weak<SandboxProcess>>,
    closed: bool,
}

impl Session {
    /// Opens one.
    ///
    /// # Errors
    /// Where the policy cannot be set up.
    pub(crate) fn open(
        bwrap: PathBuf,
        policy: SandboxPolicy,
        overlay: bool,
    ) -> Result<Self, ExecError> {
        let run_as = RunAs::present();
        let folder = policy.run_folder.clone();
        make_folder(&folder)?;
        close_to_others(&folder)?;
        let holder = Arc::new(Holder::start(&folder, run_as)?);
        let (tree, copied_because) = WritableTree::open(&policy, &holder, run_as, overlay)?;
        let (reports, temporary) = prepare_folders(&folder, run_as)?;
        let own_etc = guest_etc::write_own(&folder.join("sandbox/etc"), run_as)?;
        for bind in &policy.binds {
            prepare_bind(bind, run_as)?;
        }
        let root =
            LayeredRoot::mount(&policy.root_layers, &folder, &holder, &LayeredRoot::default())?;
        let state = SessionState {
            tree,
            layers: policy.root_layers.clone(),
            root,
            linker_cache: None,
            binds: policy.binds.clone(),
            mounts: Arc::new(Vec::new()),
            prepared: None,
            unprepared_because: None,
            roots: 0,
            processes: Vec::new(),
            closed: false,
        };
        let session = Self {
            bwrap,
            policy,
            layout: layout(),
            run_as,
            holder,
            controllers: Controllers::detect(),
            reports,
            temporary,
            own_etc,
            copied_because,
            state: Mutex::new(state),
        };
        session.renew_mounts(&mut session.lock())?;
        if !session.policy.root_layers.is_empty() {
            session.renew_linker_cache()?;
        }
        Ok(session)
    }

    fn lock(&self) -> MutexGuard<'_, SessionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays out anew what commands see, after something of it has changed.
    fn renew_mounts(&self, state: &mut SessionState) -> Result<(), ExecError> {
        let steady = mounts::steady(&MountSources {
            own_etc: &self.own_etc,
            linker_cache: state.linker_cache.as_deref(),
            reports: &self.reports,
            temporary: &self.temporary,
            root: &state.root,
            binds: &state.binds,
        })?;
        let number = state.roots;
        state.roots += 1;
        let prepared = PreparedRoot::make(&steady, &self.policy.run_folder, number, &self.holder);
        // Where the kernel cannot prepare one (it shows at the first), bubblewrap makes all mounts
        // for each command: slower, and the same to commands.
        let mut words = match &prepared {
            Ok(root) => vec!["--bind".into(), root.folder.clone().into(), "/".into()],
            Err(_) if state.prepared.is_none() => mounts::unprepared(&steady),
            Err(_) => return prepared.map(drop),
        };
        words.extend(mounts::per_command(&state.tree.top()));
        state.mounts = Arc::new(words);
        state.unprepared_because = prepared.as_ref().err().map(ToString::to_string);
        let before = std::mem::replace(&mut state.prepared, prepared.ok());
        if let Some(before) = before {
            before.retire(&self.holder);
        }
        Ok(())
    }

    /// Lets the loader find the layers' libraries.
    fn renew_linker_cache(&self) -> Result<(), ExecError> {
        if !Path::new("/sbin/ldconfig").exists() {
            // Loaders other than glibc's keep no cache.
            return Ok(());
        }
        let made = Path::new("/tmp/.rr-ld.so.cache");
        let spec = own_command(["/sbin/ldconfig", "-X", "-i", "-C", "/tmp/.rr-ld.so.cache"]);
        let outcome = self.run(&spec, Arc::new(NoOutput), &CancelToken::default())?;
        if !outcome.exit.success() {
            let said = outcome.tail.trim();
            return Err(ExecError::Setup(format!("`ldconfig` failed ({}): {said}", outcome.exit)));
        }
        let bytes = self.read_file(made, LINKER_CACHE_BYTES)?;
        let path = self.policy.run_folder.join("sandbox/etc/ld.so.cache");
        std::fs::write(&path, bytes)
            .map_err(|source| ExecError::io(format!("writing `{}`", path.display()), source))?;
        let mut state = self.lock();
        state.linker_cache = Some(path);
        self.renew_mounts(&mut state)
    }

    fn start(
        &self,
        spec: &ProcessSpec,
        sink: Arc<dyn OutputSink>,
        outlive: bool,
    ) -> Result<Arc<SandboxProcess>, ExecError> {
        let program = spec.argv.first().cloned().unwrap_or_default();
        let mut state = self.lock();
        if state.closed || program.is_empty() {
            let reason = if state.closed { "the sandbox is closed" } else { "no program given" };
            return Err(ExecError::Start { program, reason: reason.to_owned() });
        }
        let runtime = format!("/run/user/{}", self.run_as.inside());
        let env = environment(spec, &self.policy, &self.layout, &defaults(spec, &runtime));
        let group = self.group(&program)?;
        let output = Arc::new(Output::new(sink, self.policy.limits.output));
        let command = Launch {
            bwrap: &self.bwrap,
            mounts: &state.mounts,
            cwd: self.layout.expand(&spec.cwd),
            words: wrapped(spec, &self.layout, self.run_as, env.len()),
            carried: carried(&env)?,
            program: program.clone(),
            stdin: &spec.stdin,
            terminal: spec.tty,
            private_network: spec.network == NetworkNeed::Loopback,
            outlive,
            limits: self.policy.limits,
            limit_user_processes: self.controllers.get("pids").is_none()
                && self.run_as.owner().is_some(),
        };
        let followed = launch(command, &self.holder, group.as_deref(), &output)?;
        let grace = self.policy.stop_grace;
        let process = Arc::new(SandboxProcess::new(&program, followed, output, group, grace));
        state.processes.retain(|process| process.strong_count() > 0);
        state.processes.push(Arc::downgrade(&process));
        Ok(process)
    }

    /// Gives what a command made as root to the other commands' user, who could not change it.
    fn take_back(&self) -> Result<(), ExecError> {
        let id = self.run_as.inside();
        let owner = format!("{id}:{id}");
        let kept = self.read_only_binds();
        let mut words = vec!["/usr/bin/find"];
        words.extend(PARTS.iter().map(|(_, inside)| *inside));
        words.extend(["/reports", "/tmp", "/var/tmp", "-xdev"]);
        words.extend(kept.iter().flat_map(|guest| ["-path", guest, "-prune", "-o"]));
        words.extend(["-uid", "0", "-exec", "chown", "-h", &owner, "{}", "+"]);
        let spec = ProcessSpec { as_root: true, ..own_command(words) };
        let process = self.start(&spec, Arc::new(NoOutput), false)?;
        let outcome =
            process.finish(&Bounds { timeout: spec.timeout, cancel: &CancelToken::default() })?;
        if outcome.exit.success() {
            return Ok(());
        }
        let said = outcome.tail.trim();
        Err(ExecError::Setup(format!("giving files back to user {id} failed: {said}")))
    }

    /// Where the host's own folders are shown read-only, as `find` writes them: some lie below a
    /// folder that commands may write to, and on its device.
    fn read_only_binds(&self) -> Vec<String> {
        let state = self.lock();
        let kept = state.binds.iter().filter(|bind| !bind.writable);
        kept.map(|bind| literal(&bind.guest.to_string_lossy())).collect()
    }

    fn group(&self, program: &str) -> Result<Option<Arc<Group>>, ExecError> {
        let group =
            self.controllers.group(&self.policy.limits).map_err(|source| ExecError::Start {
                program: program.to_owned(),
                reason: format!("its control group could not be made: {source}"),
            })?;
        Ok(Some(Arc::new(group)))
    }

    /// The host's folder for a guest path.
    fn place(&self, guest: &Path) -> Result<Place, ExecError> {
        let parts = PARTS.iter().map(|(_, inside)| Path::new(*inside));
        let others = self.temporary.iter().map(|(_, inside)| Path::new(inside.as_str()));
        let reports = [self.layout.reports.as_path()];
        let (folder, below) = files::relative_to(guest, parts.chain(reports).chain(others))?;
        if let Some((part, _)) = PARTS.iter().find(|(_, inside)| Path::new(inside) == folder) {
            let state = self.lock();
            if state.closed {
                return Err(files::refused(guest, "the sandbox is closed"));
            }
            return Ok(Place { handle: state.tree.handle()?, below: Path::new(part).join(below) });
        }
        let other = self.temporary.iter().find(|(_, inside)| Path::new(inside) == folder);
        let host = other.map_or(&self.reports, |(host, _)| host);
        Ok(Place { handle: open_host_folder(host)?, below })
    }

    /// Refuses where a command runs: those that run keep the old tree.
    fn refuse_while_running(&self, state: &SessionState, what: &str) -> Result<(), ExecError> {
        let running = state.processes.iter().filter_map(Weak::upgrade).any(|one| !one.is_gone());
        if !running {
            return Ok(());
        }
        Err(ExecError::Unsupported {
            backend: "bubblewrap".to_owned(),
            what: format!("{what} while processes of the run are alive"),
        })
    }
}

/// A path as a pattern of `find -path` that matches nothing else.
fn literal(path: &str) -> String {
    let special = |c: char| matches!(c, '*' | '?' | '[' | '\\');
    path.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

impl Executor for Session {
    fn enforcement(&self) -> Enforcement {
        enforced::sandboxed(
            self.run_as,
            &self.controllers,
            &self.policy.limits,
            self.copied_because.as_deref(),
            self.lock().unprepared_because.as_deref(),
        )
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
        let process = self.start(spec, sink, false)?;
        let outcome = process.finish(&Bounds { timeout: spec.timeout, cancel });
        if spec.as_root && self.run_as.owner().is_some() {
            self.take_back()?;
        }
        outcome
    }

    fn spawn(
        &self,
        spec: &ProcessSpec,
        sink: Arc<dyn OutputSink>,
    ) -> Result<Box<dyn RunningProcess>, ExecError> {
        let process = self.start(spec, sink, true)?;
        process.wait_started()?;
        Ok(Box::new(Service(process)))
    }

    fn connect(&self, port: u16, timeout: Duration) -> std::io::Result<TcpStream> {
        self.holder.connect(port, timeout)
    }

    fn read_file(&self, guest: &Path, cap: u64) -> Result<Vec<u8>, ExecError> {
        files::read(&self.place(guest)?, guest, cap)
    }

    fn glob(&self, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, ExecError> {
        files::glob(&self.place(folder)?, folder, pattern)
    }

    fn write_file(&self, guest: &Path, bytes: &[u8], executable: bool) -> Result<(), ExecError> {
        files::write(&self.place(guest)?, guest, bytes, executable, self.run_as.owner())
    }

    fn add_root_layer(&self, layer: &Path) -> Result<(), ExecError> {
        let mut state = self.lock();
        self.refuse_while_running(&state, "lay packages over `/`")?;
        let mut layers = state.layers.clone();
        layers.insert(0, layer.to_path_buf());
        let before = std::mem::take(&mut state.root);
        state.root = LayeredRoot::mount(&layers, &self.policy.run_folder, &self.holder, &before)?;
        state.layers = layers;
        self.renew_mounts(&mut state)?;
        drop(state);
        self.renew_linker_cache()
    }

    fn snapshot(&self) -> Result<u64, ExecError> {
        let mut state = self.lock();
        self.refuse_while_running(&state, "take a snapshot")?;
        state.tree.snapshot()
    }

    fn rollback(&self, snapshot: u64) -> Result<(), ExecError> {
        let mut state = self.lock();
        self.refuse_while_running(&state, "roll back")?;
        state.tree.rollback(snapshot)
    }

    fn export_prepared(&self, to: &Path) -> Result<(), ExecError> {
        let mut state = self.lock();
        self.refuse_while_running(&state, "export the prepared environment")?;
        state.tree.export(to)
    }

    fn add_bind(&self, bind: Bind) -> Result<(), ExecError> {
        let mut state = self.lock();
        prepare_bind(&bind, self.run_as)?;
        state.binds.retain(|present| present.guest != bind.guest);
        state.binds.push(bind);
        let renewed = self.renew_mounts(&mut state);
        if renewed.is_err() {
            // Commands go on without it.
            state.binds.pop();
        }
        renewed
    }

    fn clear_reports(&self) -> Result<(), ExecError> {
        let folder = open_host_folder(&self.reports)?;
        files::empty(folder.as_fd())
            .map_err(|source| ExecError::io("emptying the reports folder", source))
    }

    fn close(&self) {
        let processes = {
            let mut state = self.lock();
            if state.closed {
                return;
            }
            state.closed = true;
            std::mem::take(&mut state.processes)
        };
        let alive: Vec<_> = processes.iter().filter_map(Weak::upgrade).collect();
        for process in &alive {
            process.kill();
        }
        for process in &alive {
            process.wait_gone(Duration::from_secs(20));
        }
        self.holder.stop();
        // What stays takes disk space only, and goes with the run's folder.
        let _ = self.lock().tree.tidy();
        for (folder, _) in &self.temporary {
            if let Ok(folder) = open_host_folder(folder) {
                // What is left only takes disk space; the run's folder is removed as a whole.
                let _ = files::empty(folder.as_fd());
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close();
    }
}
