//! A server on the loopback that speaks OpenAI's format: it gives one action after the other, and
//! keeps what it was sent.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The server; it ends with the test process.
pub(crate) struct ModelServer {
    port: u16,
    seen: Arc<Mutex<Vec<Value>>>,
}

/// An action as a model would answer it.
pub(crate) fn action(action: &str, subject: &str, values: &[&str]) -> Value {
    json!({"reason": "because", "action": action, "subject": subject, "values": values})
}

impl ModelServer {
    /// Answers with these, in order; the last one again and again.
    pub(crate) fn answering(answers: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut kept = kept.lock().unwrap();
                let answer = &answers[kept.len().min(answers.len() - 1)];
                kept.push(asked(&mut stream));
                answer_with(&mut stream, answer);
            }
        });
        Self { port, seen }
    }

    /// The `config.toml` of a home that asks this server alone.
    pub(crate) fn config(&self) -> String {
        format!(
            "[models.providers.far]\nkind = \"openai\"\nmodel = \"m\"\n\
             base-url = \"http://127.0.0.1:{}/v1/\"\ninput-price = 2.0\noutput-price = 10.0\n",
            self.port
        )
    }

    /// The bodies of all requests.
    pub(crate) fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }
}

fn asked(stream: &mut TcpStream) -> Value {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the request was cut off");
        bytes.extend_from_slice(&buffer[..count]);
        let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.unwrap().trim().parse().unwrap();
        if bytes.len() >= head + 4 + length {
            return serde_json::from_slice(&bytes[head + 4..]).unwrap();
        }
    }
}

fn answer_with(stream: &mut TcpStream, answer: &Value) {
    let body = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": answer.to_string()}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
    })
    .to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
}
