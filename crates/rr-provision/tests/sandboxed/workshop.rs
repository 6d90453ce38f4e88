//! A data folder shared by the tests that run at the same time, and sandboxes of their own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, SystemTime};

use rr_core::executor::NoOutput;
use rr_core::{
    CancelToken, Executor, Limits, NetworkNeed, Outcome, OutputSink, ProcessSpec, SandboxBackend,
    SandboxPolicy, SystemLayer, SystemPackage, SystemPackageProvider,
};
use rr_provision::{HostTools, ProvisionSettings, SystemPackages};
use rr_sandbox::{Bubblewrap, host_tools};
use tempfile::TempDir;

/// The data folder and the host's tools.
#[derive(Clone)]
pub(crate) struct Workshop {
    pub(crate) data: Arc<TempDir>,
    pub(crate) tools: HostTools,
}

impl Workshop {
    /// The folder that tests running now share: what one has downloaded serves the others.
    pub(crate) fn shared() -> Self {
        static SHARED: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        let data = shared.upgrade().unwrap_or_else(|| Arc::new(TempDir::new().unwrap()));
        *shared = Arc::downgrade(&data);
        Self::at(data)
    }

    /// A folder of one's own.
    pub(crate) fn own() -> Self {
        Self::at(Arc::new(TempDir::new().unwrap()))
    }

    /// The same folder where no program can be started.
    pub(crate) fn without_programs(&self) -> Self {
        let mut settings = self.tools.settings().as_ref().clone();
        settings.variables.insert("PATH".to_owned(), "/nowhere".to_owned());
        let executor = host_tools(&self.data.path().join("host"), BTreeMap::new()).unwrap();
        Self { data: Arc::clone(&self.data), tools: HostTools::new(executor, Arc::new(settings)) }
    }

    /// The same folder a day later: the host's package lists are too old then.
    pub(crate) fn tomorrow(&self) -> Self {
        let mut settings = self.tools.settings().as_ref().clone();
        settings.day += 1;
        let executor = host_tools(&self.data.path().join("host"), settings.variables.clone());
        let tools = HostTools::new(executor.unwrap(), Arc::new(settings));
        Self { data: Arc::clone(&self.data), tools }
    }

    #[expect(clippy::disallowed_methods, reason = "tests see the real environment and day")]
    fn at(data: Arc<TempDir>) -> Self {
        let variables: BTreeMap<String, String> = std::env::vars().collect();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
        let home = data.path().join("data");
        std::fs::create_dir_all(&home).unwrap();
        let executor = host_tools(&data.path().join("host"), variables.clone()).unwrap();
        let settings = ProvisionSettings::new(home, variables, u64::try_from(now).unwrap());
        Self { data, tools: HostTools::new(executor, Arc::new(settings)) }
    }

    /// The layer of some packages.
    pub(crate) fn layer(&self, names: &[&str]) -> SystemLayer {
        self.layer_of(&SystemPackages::new(self.tools.clone()), names)
    }

    /// The same by a provider of another kind.
    pub(crate) fn layer_of(&self, provider: &SystemPackages, names: &[&str]) -> SystemLayer {
        let packages: Vec<SystemPackage> = names
            .iter()
            .map(|name| SystemPackage { name: (*name).to_owned(), evidence: Vec::new() })
            .collect();
        provider.layer(&packages, Arc::new(Printed), &CancelToken::default()).unwrap()
    }
}

/// Output for whoever reads a failed test.
pub(crate) struct Printed;

impl OutputSink for Printed {
    fn write(&self, chunk: &[u8]) {
        // Standard error is not captured per test, but is there when one hangs.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), chunk);
    }
}

/// A run's sandbox.
pub(crate) struct Sandbox {
    pub(crate) executor: Arc<dyn Executor>,
    _folder: TempDir,
}

impl Sandbox {
    /// A sandbox over some layers.
    pub(crate) fn open(layers: Vec<PathBuf>) -> Self {
        let program = PathBuf::from("/usr/bin/bwrap");
        assert!(program.is_file(), "install bubblewrap (`apt-get install bubblewrap`)");
        let folder = tempfile::Builder::new().prefix("rr-provision-").tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("base/repo")).unwrap();
        let policy = SandboxPolicy {
            run_folder: folder.path().to_owned(),
            root_layers: layers,
            snapshots: Vec::new(),
            binds: Vec::new(),
            env: BTreeMap::new(),
            limits: Limits::default(),
            stop_grace: Duration::from_secs(5),
        };
        let executor = Bubblewrap::new(program).open(policy).unwrap();
        Self { executor, _folder: folder }
    }

    /// Runs a shell script.
    pub(crate) fn sh(&self, script: &str) -> Outcome {
        let spec = ProcessSpec {
            argv: vec!["/bin/bash".into(), "-c".into(), script.into()],
            cwd: "@{workspace}".into(),
            env: BTreeMap::new(),
            path: Vec::new(),
            stdin: Vec::new(),
            timeout: Duration::from_secs(60),
            network: NetworkNeed::Loopback,
            tty: false,
            as_root: false,
        };
        self.executor.run(&spec, Arc::new(NoOutput), &CancelToken::default()).unwrap()
    }
}
