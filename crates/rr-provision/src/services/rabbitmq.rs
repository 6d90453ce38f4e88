//! RabbitMQ.

use std::io::{Read, Write as _};
use std::net::TcpStream;

use rr_core::{EngineError, ServiceRequirement};

use super::guest::Guest;
use super::provider::Up;
use super::wire::unexpected;

/// The scripts on the PATH want root or the packages' own user; the real ones do not.
const START: &str = r#"
bin=/usr/lib/rabbitmq/bin
[ -x "$bin/rabbitmq-server" ] || { echo "no $bin/rabbitmq-server" >&2; exit 127; }
mkdir -p "$DATA"
export HOME="$DATA" ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_NODENAME="rabbit-$PORT@localhost" \
    RABBITMQ_MNESIA_BASE="$DATA/mnesia" RABBITMQ_LOG_BASE="$DATA/log" RABBITMQ_LOGS=- \
    RABBITMQ_CONFIG_FILE="$CONF" RABBITMQ_PID_FILE="$DATA/server.pid" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$DATA/enabled_plugins" \
    RABBITMQ_GENERATED_CONFIG_DIR="$DATA/config" RABBITMQ_DIST_PORT="$((PORT > 40000 ? PORT - 20000 : PORT + 20000))"
exec "$bin/rabbitmq-server"
"#;

/// Starts a server with the user and the virtual host, and proves that the user may open it.
///
/// # Errors
/// Where it cannot be started or the user cannot log in.
pub(super) fn provision(
    guest: &Guest<'_>,
    requirement: &ServiceRequirement,
) -> Result<Up, EngineError> {
    let port = guest.free_port(requirement.port.unwrap_or(5672))?;
    let or_guest = |text: &str| if text.is_empty() { "guest".to_owned() } else { text.to_owned() };
    let (user, password) = (or_guest(&requirement.user), or_guest(&requirement.password));
    let host = requirement.databases.first().map_or("/", String::as_str);
    let data = guest.data("rabbitmq", port);
    let conf = data.with_extension("conf");
    let text = format!(
        "listeners.tcp.1 = 127.0.0.1:{port}\nloopback_users = none\ndefault_user = {user}\n\
         default_pass = {password}\ndefault_vhost = {host}\n\
         default_user_tags.administrator = true\n\
         default_permissions.configure = .*\ndefault_permissions.read = .*\n\
         default_permissions.write = .*\nlog.console.level = warning\n\
         disk_free_limit.absolute = 50MB\n"
    );
    guest.executor.write_file(&conf, text.as_bytes(), false)?;
    let (data, conf, number) = (data.to_string_lossy(), conf.to_string_lossy(), port.to_string());
    let env = [("DATA", data.as_ref()), ("CONF", conf.as_ref()), ("PORT", number.as_str())];
    let process = guest.start(START, &env)?;
    let mut version = String::new();
    guest.wait_for("RabbitMQ", process.as_ref(), port, |stream| {
        version = open(stream, &user, &password, host)?;
        Ok(())
    })?;
    Ok(Up { version, port, process, user, database: host.to_owned() })
}

/// Logs in and opens a virtual host; returns the server's version. AMQP 0-9-1, sections 2.3
/// (frames) and 4.2 (the connection's methods).
fn open(stream: &mut TcpStream, user: &str, password: &str, host: &str) -> std::io::Result<String> {
    stream.write_all(b"AMQP\0\0\x09\x01")?;
    let start = expect(stream, 10)?;
    let mut login = vec![0, 0, 0, 0];
    short(&mut login, "PLAIN");
    let response = format!("\0{user}\0{password}");
    login.extend((response.len() as u32).to_be_bytes());
    login.extend(response.as_bytes());
    short(&mut login, "en_US");
    send(stream, 11, &login)?;
    // What it proposes is what we take: channels, frame size, heartbeat.
    let tune = expect(stream, 30)?;
    send(stream, 31, &tune)?;
    let mut name = Vec::new();
    short(&mut name, host);
    name.extend([0, 0]);
    send(stream, 40, &name)?;
    expect(stream, 41)?;
    Ok(version(&start))
}

/// Sends a method of the class `connection` on channel 0.
fn send(stream: &mut TcpStream, method: u16, arguments: &[u8]) -> std::io::Result<()> {
    let size = (arguments.len() + 4) as u32;
    let mut frame = vec![1, 0, 0];
    frame.extend(size.to_be_bytes());
    frame.extend([0, 10]);
    frame.extend(method.to_be_bytes());
    frame.extend(arguments);
    frame.push(0xCE);
    stream.write_all(&frame)
}

/// Reads a method of the class `connection`; returns its arguments.
fn expect(stream: &mut TcpStream, method: u16) -> std::io::Result<Vec<u8>> {
    let mut head = [0; 7];
    stream.read_exact(&mut head)?;
    let size = u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
    if head[0] != 1 || !(4..=1 << 20).contains(&size) {
        return Err(unexpected(&String::from_utf8_lossy(&head)));
    }
    let mut body = vec![0; size + 1];
    stream.read_exact(&mut body)?;
    if body[..2] == [0, 10] && body[2..4] == method.to_be_bytes() {
        body.truncate(size);
        return Ok(body.split_off(4));
    }
    Err(unexpected(&String::from_utf8_lossy(&body[4..])))
}

/// A string of at most 255 bytes with its length; names are checked to be shorter.
fn short(frame: &mut Vec<u8>, text: &str) {
    frame.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    frame.extend(text.as_bytes().iter().take(usize::from(u8::MAX)));
}

/// The entry `version` of the server's properties: a long string behind its name and type.
fn version(properties: &[u8]) -> String {
    let name = b"\x07versionS";
    let at = properties.windows(name.len()).position(|window| window == name);
    let Some(rest) = at.and_then(|at| properties.get(at + name.len()..)) else {
        return String::new();
    };
    let Some((size, rest)) = rest.split_first_chunk::<4>() else { return String::new() };
    let text = rest.get(..u32::from_be_bytes(*size) as usize).unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_properties() {
        let mut properties = b"\x00\x09\x00\x00\x00\x40\x07productS\0\0\0\x08RabbitMQ".to_vec();
        properties.extend(b"\x07versionS\0\0\0\x063.10.8\x08platformS");
        assert_eq!(version(&properties), "3.10.8");
        assert_eq!(version(b"\x07versionS\xff\xff\xff\xff"), "");
        assert_eq!(version(b""), "");
    }
}
