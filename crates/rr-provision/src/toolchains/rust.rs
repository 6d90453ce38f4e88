//! Rust: rustup's toolchains by their own folders, never through its proxies, so that a pin in a
//! `rust-toolchain.toml` that cannot be had does not make every command fail.

use std::path::PathBuf;
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
        let Some(rustup) = self.host.which("rustup") else {
            return Err(fault::environment(format!(
                "Rust {channel} needs rustup, which is not installed"
            )));
        };
        let home = self.host.settings().tools().join("rustup");
        crate::store::make_open_folder(&home)?;
        let _lock = self.store.lock("rustup")?;
        wanted.say(&format!("installing Rust {channel} with rustup"));
        let command = HostCommand::new(rustup.to_string_lossy())
            .args(["toolchain", "install", "--profile", "minimal", "--no-self-update"])
            .arg(&channel)
            .env("RUSTUP_HOME", home.to_string_lossy())
            .env("RUSTUP_MAX_RETRIES", "1")
            .within(Duration::from_secs(300));
        self.host.check(&command, wanted.sink.clone(), wanted.cancel)?;
        let toolchains = home.join("toolchains");
        let found = std::fs::read_dir(&toolchains)
            .map_err(|e| fault::io("list", &toolchains, e))?
            .flatten()
            .find(|entry| entry.file_name().to_string_lossy().starts_with(&channel))
            .map(|entry| entry.path().join("bin/rustc"));
        let Some(rustc) = found else { return Ok(None) };
        let text = self
            .host
            .text(&HostCommand::new(rustc.to_string_lossy()).arg("--version"), wanted.cancel)?;
        let version = Version::find(&text).map(|v| v.to_string()).unwrap_or(channel);
        let tool = HostTool { path: rustc.to_string_lossy().into_owned(), version };
        self.use_host("rust", &tool, true).map(Some)
    }
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
