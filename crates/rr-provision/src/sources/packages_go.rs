//! Published Go modules, through `go mod download`, which runs no module's code.

use std::path::PathBuf;
use std::time::Duration;

use rr_core::EngineError;
use serde_json::Value;

use super::fetcher::Origin;
use super::packages::Place;
use crate::fault;
use crate::host::{HostCommand, HostTools, last_lines};

pub(super) fn fetch(
    host: &HostTools,
    name: &str,
    version: Option<&str>,
    place: &Place<'_>,
) -> Result<Origin, EngineError> {
    let module = format!("{name}@{}", version.unwrap_or("latest"));
    place.say(&format!("downloading {module}"));
    let program =
        host.which("go").map_or_else(|| "go".to_owned(), |path| path.display().to_string());
    let command = HostCommand::new(program)
        .args(["mod", "download", "-json"])
        .arg(&module)
        .in_folder(place.scratch)
        .env("GOMODCACHE", place.file("modules").to_string_lossy())
        .env("GOFLAGS", "-modcacherw")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .within(Duration::from_secs(600));
    let captured = host.capture(&command, place.cancel)?;
    let answer: Value = serde_json::from_slice(&captured.stdout).unwrap_or_default();
    if let Some(error) = answer.get("Error").and_then(Value::as_str) {
        return Err(fault::refused(format!("module `{module}` cannot be had: {error}")));
    }
    let Some(zip) = answer.get("Zip").and_then(Value::as_str).map(PathBuf::from) else {
        return Err(fault::environment(format!(
            "`go mod download` of `{module}` failed: {}",
            last_lines(&captured.messages)
        )));
    };
    let number = answer.get("Version").and_then(Value::as_str).unwrap_or_default().to_owned();
    // A module's archive holds `path@version/` as a folder of several parts; go's own copy is
    // unpacked already, but the archive passes our checks.
    let unpacked = place.file("unpacked");
    super::archive::unpack(&zip, super::archive::ArchiveKind::Zip, &unpacked, false)?;
    let inner = unpacked.join(format!("{name}@{number}"));
    if place.into.is_dir() {
        std::fs::remove_dir(place.into).map_err(|e| fault::io("replace folder", place.into, e))?;
    }
    std::fs::rename(&inner, place.into).map_err(|e| fault::io("move into place", place.into, e))?;
    Ok(place.origin(format!("module {name}@{number}"), published(&answer), Vec::new()))
}

/// The day in the module's information file: `{"Version": …, "Time": "2020-01-14T19:47:44Z"}`.
fn published(answer: &Value) -> Option<String> {
    let bytes = std::fs::read(answer.get("Info")?.as_str()?).ok()?;
    let information: Value = serde_json::from_slice(&bytes).ok()?;
    information.get("Time")?.as_str()?.get(..10).map(str::to_owned)
}
