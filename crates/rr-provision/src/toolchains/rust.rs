//! Rust: rustup's toolchains by their own folders, never through its proxies, so that a pin in a
//! `rust-toolchain.toml` that cannot be had does not make every command fail.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rr_core::{EngineError, HostTool, Toolchain, VersionRequest};

use super::{Toolchains, Wanted, rustup_home};
use crate::fault;
use crate::host::HostCommand;
use crate::settings::ProvisionSettings;
use crate::version::Version;

/// Folders that hold rustup toolchains: the user's and our own.
pub(crate) fn rustup_toolchain_folders(settings: &ProvisionSettings) -> Vec<PathBuf> {
    let own = settings.tools().join("rustup/toolchains");
    rustup_home(settings).map(|home| home.join("toolchains")).into_iter().chain([own]).collect()
}

impl Toolchains {
    /// Installs a toolchain with the host's rustup, into our own folder.
    pub(super) fn rust(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        let Some(channel) = channel(wanted.request) else { return Ok(None) };
        let home = self.host.settings().tools().join("rustup");
        let fixed = channel.starts_with(|c: char| c.is_ascii_digit()) || channel.contains("-20");
        let rustc = match installed(&home, &channel).filter(|_| fixed) {
            Some(rustc) => Some(rustc),
            None => {
                self.install_rust(&channel, &home, wanted)?;
                installed(&home, &channel)
            }
        };
        let Some(rustc) = rustc else { return Ok(None) };
        let program = HostCommand::new(rustc.to_string_lossy()).arg("--version");
        let text = self.host.text(&program, wanted.cancel)?;
        let version = Version::find(&text).map(|v| v.to_string()).unwrap_or(channel);
        let tool = HostTool { path: rustc.to_string_lossy().into_owned(), version };
        self.use_host("rust", &tool, true).map(Some)
    }

    fn install_rust(
        &self,
        channel: &str,
        home: &Path,
        wanted: &Wanted<'_>,
    ) -> Result<(), EngineError> {
        let Some(rustup) = self.host.which("rustup") else {
            return Err(fault::environment(format!(
                "Rust {channel} needs rustup, which is not installed"
            )));
        };
        let what = format!("rust-{channel}");
        if let Some(reason) = self.failed_today(&what) {
            return Err(fault::environment(format!("earlier today: {reason}")));
        }
        crate::store::make_open_folder(home)?;
        let _lock = self.store.lock("rustup")?;
        wanted.say(&format!("installing Rust {channel} with rustup"));
        let command = HostCommand::new(rustup.to_string_lossy())
            .args(["toolchain", "install", "--profile", "minimal", "--no-self-update"])
            .args(["--component", "rustfmt", "--component", "clippy"])
            .arg(channel)
            .env("RUSTUP_HOME", home.to_string_lossy())
            .env("RUSTUP_MAX_RETRIES", "1")
            .within(Duration::from_secs(300));
        match self.host.check(&command, wanted.sink.clone(), wanted.cancel) {
            Ok(_) => Ok(()),
            Err(error) => {
                if !wanted.cancel.is_cancelled() {
                    self.remember_failure(&what, &error.message);
                }
                Err(error)
            }
        }
    }
}

/// The compiler of a channel below a rustup home: `1.70.0-x86_64-unknown-linux-gnu`.
fn installed(home: &Path, channel: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(home.join("toolchains")).ok()?;
    entries
        .flatten()
        .find(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_prefix(channel)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
        })
        .map(|entry| entry.path().join("bin/rustc"))
        .filter(|path| crate::host::is_program(path))
}

/// The channel to install; none where any installed one would have done.
fn channel(request: &VersionRequest) -> Option<String> {
    match request {
        VersionRequest::Exact(text) => Some(text.trim().trim_start_matches('v').to_owned())
            .filter(|text| {
                !text.is_empty()
                    && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
            })
            .filter(|text| !text.starts_with('-')),
        VersionRequest::OneOf(texts) => {
            texts.first().and_then(|text| channel(&VersionRequest::Exact(text.clone())))
        }
        VersionRequest::Any | VersionRequest::Range(_) => Some("stable".to_owned()),
    }
}
