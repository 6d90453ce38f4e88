//! A server on the loopback that answers with recorded traffic, in order, and keeps what it was
//! sent.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A file of `tests/traffic/`, as it is.
    Traffic(&'static str),
    /// The same with a part of it replaced.
    Changed(&'static str, String, String),
    /// The same, cut off in its body.
    Cut(&'static str),
    /// Nothing, until the client gives up.
    Silence,
}

/// One request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// The server; it ends with the test process.
pub(crate) struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn replaying(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let kept = seen.clone();
        std::thread::spawn(move || {
            let mut replies = replies.into_iter();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&mut stream) else { continue };
                kept.lock().unwrap().push(request);
                let reply = replies.next();
                std::thread::spawn(move || answer(stream, reply.as_ref()));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1/", self.port)
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let head_end = loop {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
    while bytes.len() < head_end + length {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
    }
    let path = head.split_whitespace().nth(1)?.to_owned();
    let body = serde_json::from_slice(&bytes[head_end..]).unwrap_or_default();
    Some(Request { path, head, body })
}

fn answer(mut stream: TcpStream, reply: Option<&Reply>) {
    let text = match reply {
        None => "HTTP/1.1 418 No more recorded\r\ncontent-length: 0\r\n\r\n".to_owned(),
        Some(Reply::Silence) => {
            // Until the client hangs up.
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            let _gone = stream.read(&mut [0; 1]);
            return;
        }
        Some(Reply::Traffic(name)) => traffic(name),
        Some(Reply::Changed(name, from, to)) => {
            let text = traffic(name);
            assert!(text.contains(from), "{name} has no {from}");
            text.replace(from, to)
        }
        Some(Reply::Cut(name)) => traffic(name),
    };
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let cut = if matches!(reply, Some(Reply::Cut(_))) { body.len() / 2 } else { body.len() };
    let head = format!("{head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    // A client that hung up is the test's business.
    let _sent = stream.write_all(head.as_bytes());
    let _sent = stream.write_all(&body.as_bytes()[..cut]);
}

/// A recorded answer: status line, headers, an empty line, the body.
fn traffic(name: &str) -> String {
    let path = format!("{}/tests/traffic/{name}.http", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let (head, body) = text.split_once("\n\n").unwrap();
    format!("{}\r\n\r\n{}", head.replace('\n', "\r\n"), body.trim_end())
}
