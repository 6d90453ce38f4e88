//! Redis, or Valkey where only that is there.

use std::io::{BufReader, Write as _};

use rr_core::{EngineError, ServiceRequirement};

use super::guest::Guest;
use super::provider::Up;
use super::wire::{read_line, unexpected};

const START: &str = r#"
mkdir -p "$DATA"
for server in redis-server valkey-server; do
    if command -v "$server" >/dev/null; then
        exec "$server" "$CONF"
    fi
done
echo "neither redis-server nor valkey-server is on the PATH" >&2
exit 127
"#;

/// Starts a server that keeps nothing on disk, and proves that the user may speak to it.
///
/// # Errors
/// Where it cannot be started or does not answer.
pub(super) fn provision(
    guest: &Guest<'_>,
    requirement: &ServiceRequirement,
) -> Result<Up, EngineError> {
    let port = guest.free_port(requirement.port.unwrap_or(6379))?;
    let data = guest.data("redis", port);
    let (user, password) = (&requirement.user, &requirement.password);
    let folder = data.to_string_lossy().into_owned();
    let conf = data.with_extension("conf");
    let text = configuration(port, &folder, user, password);
    guest.executor.write_file(&conf, text.as_bytes(), false)?;
    let env = [("DATA", folder.as_str()), ("CONF", &conf.to_string_lossy())];
    let process = guest.start(START, &env)?;
    let mut version = String::new();
    guest.wait_for("Redis", process.as_ref(), port, |stream| {
        version = greet(stream, user, password)?;
        Ok(())
    })?;
    let database = requirement.databases.first().cloned();
    let database = database.unwrap_or_else(|| "0".to_owned());
    Ok(Up { version, port, process, user: user.clone(), database })
}

/// The configuration file: no persistence, the loopback only, a user where one is asked for.
fn configuration(port: u16, data: &str, user: &str, password: &str) -> String {
    let mut text = format!(
        "port {port}\nbind 127.0.0.1 -::1\ndaemonize no\nsave \"\"\nappendonly no\n\
         databases 64\ndir {}\n",
        quoted(data)
    );
    if !password.is_empty() {
        text.push_str(&format!("requirepass {}\n", quoted(password)));
        if is_named(user) {
            let secret = quoted(&format!(">{password}"));
            text.push_str(&format!("user {} on {secret} ~* &* +@all\n", quoted(user)));
        }
    }
    text
}

/// Whether a user is not the one that every server has.
fn is_named(user: &str) -> bool {
    !user.is_empty() && user != "default"
}

/// Logs in, asks for a sign of life, and reads the version from the server's own description.
fn greet(stream: &mut std::net::TcpStream, user: &str, password: &str) -> std::io::Result<String> {
    let mut reader = BufReader::new(stream);
    let mut ask = |words: &[&str]| -> std::io::Result<String> {
        reader.get_mut().write_all(request(words).as_bytes())?;
        read_line(&mut reader)
    };
    if !password.is_empty() {
        let login = ["AUTH", user, password];
        let answer = if is_named(user) { ask(&login) } else { ask(&["AUTH", password]) }?;
        if answer != "+OK" {
            return Err(unexpected(&answer));
        }
    }
    let answer = ask(&["PING"])?;
    if answer != "+PONG" {
        return Err(unexpected(&answer));
    }
    let size = ask(&["INFO", "server"])?;
    let size: usize = size.strip_prefix('$').and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut read = 0;
    while read < size {
        let line = read_line(&mut reader)?;
        read += line.len() + 2;
        // Valkey names its own version besides the one it is compatible with.
        if let Some(version) = line.strip_prefix("redis_version:") {
            return Ok(version.to_owned());
        }
    }
    Err(unexpected("no redis_version"))
}

/// Words in the server's protocol: an array of strings with their lengths.
fn request(words: &[&str]) -> String {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    text
}

/// A word of the configuration file, whatever is in it.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_brings_a_user_where_one_is_named() {
        let text = configuration(6380, "/h/x", "app", "s\"e cret");
        assert!(text.contains("port 6380\n") && text.contains("save \"\"\n"));
        assert!(text.contains("requirepass \"s\\\"e cret\"\n"));
        assert!(text.contains("user \"app\" on \">s\\\"e cret\" ~* &* +@all\n"));
        assert!(!configuration(6380, "/h/x", "default", "x").contains("\nuser "));
        assert!(!configuration(6380, "/h/x", "app", "").contains("requirepass"));
    }
}
