//! Runs the host's own programs through the executor, with standard output kept apart from the
//! messages. It must not run anything over files that a sandboxed process has written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rr_core::executor::NoOutput;
use rr_core::{
    CancelToken, EngineError, Executor, Exit, NetworkNeed, Outcome, OutputSink, ProcessSpec,
};

use crate::fault;
use crate::settings::ProvisionSettings;

/// A program of the host with its arguments.
#[derive(Clone, Debug)]
pub struct HostCommand {
    argv: Vec<String>,
    cwd: Option<PathBuf>,
    env: BTreeMap<String, String>,
    timeout: Duration,
    as_root: bool,
}

/// What a program wrote to its standard output, and how it ended.
#[derive(Clone, Debug)]
pub struct Captured {
    /// How it ended.
    pub exit: Exit,
    /// Its standard output alone.
    pub stdout: Vec<u8>,
    /// The end of what it wrote to standard error.
    pub messages: String,
}

/// The host's programs. Cheap to clone.
#[derive(Clone)]
pub struct HostTools {
    executor: Arc<dyn Executor>,
    settings: Arc<ProvisionSettings>,
}

impl HostCommand {
    /// A program, found on the user's PATH unless it is an absolute path. Limit: five minutes.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            argv: vec![program.into()],
            cwd: None,
            env: BTreeMap::new(),
            timeout: Duration::from_secs(300),
            as_root: false,
        }
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.argv.push(argument.into());
        self
    }

    /// With more arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<String>>(mut self, arguments: I) -> Self {
        self.argv.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With a path as an argument.
    #[must_use]
    pub fn path_arg(self, path: &Path) -> Self {
        self.arg(path.to_string_lossy())
    }

    /// In a folder.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.cwd = Some(folder.to_owned());
        self
    }

    /// With a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// With a time limit.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The program's name, for messages.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.argv[0]
    }
}

impl Captured {
    /// Standard output as text, ends trimmed.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

impl HostTools {
    /// Programs run through `executor`, with the user's PATH and variables.
    #[must_use]
    pub fn new(executor: Arc<dyn Executor>, settings: Arc<ProvisionSettings>) -> Self {
        Self { executor, settings }
    }

    /// The settings it was made with.
    #[must_use]
    pub fn settings(&self) -> &Arc<ProvisionSettings> {
        &self.settings
    }

    /// Runs a program to its end; a failing one is no error.
    ///
    /// # Errors
    /// Where it cannot be started, or the run was cancelled.
    pub fn run(
        &self,
        command: &HostCommand,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Outcome, EngineError> {
        let outcome = self.executor.run(&self.spec(command), sink, cancel)?;
        if outcome.exit == Exit::Cancelled || cancel.is_cancelled() {
            return Err(fault::cancelled(&format!("running `{}`", command.program())));
        }
        Ok(outcome)
    }

    /// Runs a program that must succeed.
    ///
    /// # Errors
    /// As [`Self::run`], and where it fails: the error ends with the last lines it wrote.
    pub fn check(
        &self,
        command: &HostCommand,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Outcome, EngineError> {
        let outcome = self.run(command, sink, cancel)?;
        if outcome.exit.success() {
            return Ok(outcome);
        }
        Err(fault::environment(format!(
            "`{}` failed with {}: {}",
            command.argv.join(" "),
            outcome.exit,
            last_lines(&outcome.tail)
        )))
    }

    /// Runs a program and keeps its standard output apart, whatever its exit status.
    ///
    /// # Errors
    /// Where it cannot be started or its output cannot be read back.
    pub fn capture(
        &self,
        command: &HostCommand,
        cancel: &CancelToken,
    ) -> Result<Captured, EngineError> {
        let file = self.scratch_file()?;
        let mut wrapped = command.clone();
        // The shell only redirects: the program and its arguments are positional parameters.
        wrapped.argv = ["/bin/sh", "-c", r#"exec "$@" >"$0""#]
            .into_iter()
            .map(str::to_owned)
            .chain([file.to_string_lossy().into_owned()])
            .chain(command.argv.iter().cloned())
            .collect();
        let outcome = self.run(&wrapped, Arc::new(NoOutput), cancel);
        let stdout = std::fs::read(&file);
        let _ = std::fs::remove_file(&file);
        let outcome = outcome?;
        let stdout = stdout.unwrap_or_default();
        Ok(Captured { exit: outcome.exit, stdout, messages: outcome.tail })
    }

    /// The standard output of a program that must succeed, as trimmed text.
    ///
    /// # Errors
    /// As [`Self::capture`], and where it fails.
    pub fn text(&self, command: &HostCommand, cancel: &CancelToken) -> Result<String, EngineError> {
        let captured = self.capture(command, cancel)?;
        if captured.exit.success() {
            return Ok(captured.text());
        }
        Err(fault::environment(format!(
            "`{}` failed with {}: {}",
            command.argv.join(" "),
            captured.exit,
            last_lines(&captured.messages)
        )))
    }

    /// Where a program of this name is on the user's PATH.
    #[must_use]
    pub fn which(&self, program: &str) -> Option<PathBuf> {
        let mut folders = self.settings.path();
        // Administration programs are often off an ordinary user's PATH.
        folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
        folders.into_iter().map(|folder| folder.join(program)).find(|path| is_program(path))
    }

    fn spec(&self, command: &HostCommand) -> ProcessSpec {
        let mut env = self.base_environment();
        env.extend(command.env.clone());
        let cwd = command.cwd.as_ref().unwrap_or(&self.settings.home);
        ProcessSpec {
            argv: command.argv.clone(),
            cwd: cwd.to_string_lossy().into_owned(),
            env,
            path: Vec::new(),
            stdin: Vec::new(),
            timeout: command.timeout,
            network: NetworkNeed::Registries,
            tty: false,
            as_root: command.as_root || rustix::process::geteuid().is_root(),
        }
    }

    /// The user's environment less what changes a program's output.
    fn base_environment(&self) -> BTreeMap<String, String> {
        let mut env = self.settings.variables.clone();
        env.retain(|name, _| !name.starts_with("GIT_") || name == "GIT_SSL_CAINFO");
        for name in ["PWD", "OLDPWD", "SHLVL", "_", "LANGUAGE"] {
            env.remove(name);
        }
        env.insert("LC_ALL".to_owned(), "C.UTF-8".to_owned());
        env.entry("PATH".to_owned()).or_insert_with(|| "/usr/local/bin:/usr/bin:/bin".to_owned());
        env
    }

    fn scratch_file(&self) -> Result<PathBuf, EngineError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let folder = self.settings.home.join("tmp");
        std::fs::create_dir_all(&folder).map_err(|e| fault::io("make folder", &folder, e))?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(folder.join(format!("out-{}-{number}", std::process::id())))
    }
}

/// Whether a path is a file that somebody may execute.
pub(crate) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The last three lines that say something, joined.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join(" / ")
}
