//! Memcached.

use rr_core::EngineError;

use super::guest::Guest;
use super::provider::{Up, Wanted};
use super::wire::{ask, unexpected};

/// Starts a server that answers `version`.
///
/// # Errors
/// Where it cannot be started or does not answer.
pub(super) fn provision(guest: &Guest<'_>, wanted: &Wanted<'_>) -> Result<Up, EngineError> {
    let port = guest.free_port(wanted.requirement.port.unwrap_or(11_211))?;
    let script = "exec memcached -l 127.0.0.1 -p \"$PORT\" -U 0 -m 64 -c 1024";
    let process = guest.start(script, &[("PORT", &port.to_string())])?;
    let mut version = String::new();
    guest.wait_for("memcached", process.as_ref(), port, |stream| {
        // `VERSION 1.6.18`
        let answer = ask(stream, "version\r\n")?;
        version = answer.strip_prefix("VERSION ").ok_or_else(|| unexpected(&answer))?.to_owned();
        Ok(())
    })?;
    Ok(Up { version, port, process, user: String::new(), database: String::new() })
}
