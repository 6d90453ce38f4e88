//! Asks a port over HTTP/1.1, reading no more than the status line needs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What a port answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HttpAnswer {
    /// HTTP, with this status.
    Status(u16),
    /// Something that is not HTTP, or nothing before the connection was closed.
    NotHttp(String),
}

/// Sends `GET path` with `Host: localhost:port`: some frameworks answer 400 to other hosts.
///
/// # Errors
/// Where the connection breaks or nothing comes in time.
pub(crate) fn get(
    mut stream: TcpStream,
    port: u16,
    path: &str,
    timeout: Duration,
) -> std::io::Result<HttpAnswer> {
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: repo-runner\r\n\
         Accept: */*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::with_capacity(512);
    let mut buffer = [0u8; 512];
    while answer.len() < 4096 && !answer.contains(&b'\n') {
        match stream.read(&mut buffer)? {
            0 => break,
            count => answer.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(parse(&answer))
}

fn parse(answer: &[u8]) -> HttpAnswer {
    let text = String::from_utf8_lossy(answer);
    let line = text.lines().next().unwrap_or_default();
    let status = line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split_whitespace().nth(1))
        .and_then(|code| code.parse().ok())
        .filter(|code| (100..600).contains(code));
    status.map_or_else(|| HttpAnswer::NotHttp(line.chars().take(80).collect()), HttpAnswer::Status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_line_is_http() {
        assert_eq!(parse(b"HTTP/1.1 503 Service Unavailable\r\n"), HttpAnswer::Status(503));
        assert_eq!(parse(b"HTTP/1.0 200 OK\r\n"), HttpAnswer::Status(200));
        assert_eq!(
            parse(b"-ERR unknown command\r\n"),
            HttpAnswer::NotHttp("-ERR unknown command".into())
        );
        assert_eq!(parse(b"HTTP/1.1 9999 x"), HttpAnswer::NotHttp("HTTP/1.1 9999 x".into()));
        assert_eq!(parse(b""), HttpAnswer::NotHttp(String::new()));
    }
}
