//! NATS.

use std::io::{BufReader, Write as _};

use rr_core::{EngineError, ServiceRequirement};

use super::guest::Guest;
use super::provider::Up;
use super::wire::{read_line, unexpected};
use crate::fault;

/// Starts a server and proves that the user may connect.
///
/// # Errors
/// Where it cannot be started or does not answer.
pub(super) fn provision(
    guest: &Guest<'_>,
    requirement: &ServiceRequirement,
) -> Result<Up, EngineError> {
    let port = guest.free_port(requirement.port.unwrap_or(4222))?;
    let (user, password) = (&requirement.user, &requirement.password);
    let login = !user.is_empty() && !password.is_empty();
    let mut script = "exec nats-server -a 127.0.0.1 -p \"$PORT\"".to_owned();
    if login {
        script.push_str(" --user \"$LOGIN\" --pass \"$SECRET\"");
    }
    let env = [("PORT", port.to_string()), ("LOGIN", user.clone()), ("SECRET", password.clone())];
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let process = guest.start(&script, &env)?;
    let hello = serde_json::json!({"verbose": false, "user": user, "pass": password});
    let mut version = String::new();
    guest.wait_for("NATS", process.as_ref(), port, |stream| {
        // `INFO {"server_id":"…","version":"2.9.10",…}`
        let mut reader = BufReader::new(&mut *stream);
        let greeting = read_line(&mut reader)?;
        let info = greeting.strip_prefix("INFO ").ok_or_else(|| unexpected(&greeting))?;
        let info: serde_json::Value = serde_json::from_str(info)?;
        version = info["version"].as_str().unwrap_or_default().to_owned();
        reader.get_mut().write_all(format!("CONNECT {hello}\r\nPING\r\n").as_bytes())?;
        let answer = read_line(&mut reader)?;
        if answer == "PONG" { Ok(()) } else { Err(unexpected(&answer)) }
    })?;
    if version.is_empty() {
        return Err(fault::environment("NATS does not say its version"));
    }
    Ok(Up { version, port, process, user: user.clone(), database: String::new() })
}
