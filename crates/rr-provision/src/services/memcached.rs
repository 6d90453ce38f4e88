//! Memcached.

use rr_core::{EngineError, ServiceRequirement};

use super::guest::Guest;
use super::provider::Up;
use super::wire::{ask, unexpected};

/// Starts a server that answers `version`.
///
/// # Errors
/// Where it cannot be started or does not answer.
pub(super) fn provision(
    guest: &Guest<'_>,
    requirement: &ServiceRequirement,
) -> Result<Up, EngineError> {
    let port = guest.free_port(requirement.port.unwrap_or(11_211))?;
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
