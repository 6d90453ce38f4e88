//! Pythons that the host lacks: `uv python install` into our own folder.

use std::time::Duration;

use rr_core::{EngineError, HostTool, Toolchain, VersionRequest};

use super::{Toolchains, Wanted};
use crate::fault;
use crate::host::HostCommand;
use crate::version::{Version, choose};

/// Minor versions that uv can install, in the policy's order when a range leaves the choice.
const LINES: &[&str] = &["3.14", "3.13", "3.12", "3.11", "3.10", "3.9", "3.8"];

impl Toolchains {
    /// Installs a Python with uv. Its downloads come from a forge's releases (or the mirror that
    /// `UV_PYTHON_INSTALL_MIRROR` names), which not every network lets through.
    pub(super) fn python(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        let Some(text) = line_for(wanted.request) else { return Ok(None) };
        let what = format!("python-{text}");
        if let Some(reason) = self.failed_today(&what) {
            return Err(fault::environment(format!("earlier today: {reason}")));
        }
        let uv = self.ensure_tool("uv", wanted.environment, wanted.sink.clone(), wanted.cancel)?;
        let program = uv.path.first().map(|folder| folder.join("uv")).unwrap_or_default();
        let folder = self.host.settings().tools().join("pythons");
        crate::store::make_open_folder(&folder)?;
        let _lock = self.store.lock("pythons")?;
        wanted.say(&format!("installing Python {text} with uv"));
        let command = HostCommand::new(program.to_string_lossy())
            .args(["python", "install", "--no-bin", "--install-dir"])
            .path_arg(&folder)
            .arg(&text)
            .env("UV_HTTP_TIMEOUT", "20")
            .env("UV_HTTP_RETRIES", "1")
            .env("UV_CACHE_DIR", self.host.settings().caches().join("uv-tools").to_string_lossy())
            .within(Duration::from_secs(300));
        if let Err(error) = self.host.check(&command, wanted.sink.clone(), wanted.cancel) {
            if !wanted.cancel.is_cancelled() {
                self.remember_failure(&what, &error.message);
            }
            return Err(error);
        }
        self.installed_python(wanted, &folder)
    }

    /// `cpython-3.12.4-linux-x86_64-gnu` folders hold whole trees.
    fn installed_python(
        &self,
        wanted: &Wanted<'_>,
        folder: &std::path::Path,
    ) -> Result<Option<Toolchain>, EngineError> {
        let entries = std::fs::read_dir(folder).map_err(|e| fault::io("list", folder, e))?;
        let found: Vec<(Version, HostTool)> = entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                let version = name.split('-').nth(1)?.to_owned();
                let path = entry.path().join("bin/python").to_string_lossy().into_owned();
                Some((Version::parse(&version)?, HostTool { path, version }))
            })
            .collect();
        let versions: Vec<Version> = found.iter().map(|(version, _)| version.clone()).collect();
        let Some(choice) = choose("python", wanted.request, &versions) else { return Ok(None) };
        self.use_host("python", &found[choice.index].1, choice.satisfies).map(Some)
    }
}

/// The line to install for a request, in uv's spelling; none where uv has no such line.
fn line_for(request: &VersionRequest) -> Option<String> {
    let lines: Vec<Version> = LINES.iter().filter_map(|line| Version::parse(line)).collect();
    match request {
        VersionRequest::Exact(text) => {
            let version = Version::parse(text)?;
            let known = lines.iter().any(|line| version.begins_with(line) || version.len() == 1);
            known.then(|| version.to_string())
        }
        VersionRequest::OneOf(texts) => {
            texts.iter().find_map(|text| line_for(&VersionRequest::Exact(text.clone())))
        }
        // A bound such as `>=3.8.1` must hold for the line's newest patch, taken as .99 here.
        request => {
            let newest: Vec<Version> =
                lines.iter().map(|line| Version::of(&[line.part(0), line.part(1), 99])).collect();
            let choice = choose("python", request, &newest)?;
            choice.satisfies.then(|| lines[choice.index].to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_exist_are_asked_for() {
        let line = |request: VersionRequest| line_for(&request);
        assert_eq!(line(VersionRequest::Exact("3.9".into())).as_deref(), Some("3.9"));
        assert_eq!(line(VersionRequest::Exact("2.7".into())), None);
        assert_eq!(line(VersionRequest::Range(">=3.13.1".into())).as_deref(), Some("3.13"));
        assert_eq!(line(VersionRequest::Range("<3".into())), None);
    }
}
