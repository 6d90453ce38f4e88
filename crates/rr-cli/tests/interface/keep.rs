//! `run --keep`: the services that answered stay reachable after the verdict until Ctrl-C.

#![expect(clippy::disallowed_methods, reason = "test code")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::common::{Scratch, fixture};
use serde_json::Value;

#[test]
fn a_kept_service_answers_after_the_verdict_and_ends_with_the_command() {
    let scratch = Scratch::new();
    let mut child = scratch
        .command(&["run", &fixture("site-plain"), "--until", "running", "--keep"])
        .args(["--output", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let report = loop {
        let line = next();
        if line.get("verdict").is_some() {
            break line;
        }
    };
    assert_eq!(report["verdict"]["green"], true);
    let service = &report["services"][0];
    assert!(service["memory"].as_u64().unwrap() > 1 << 20, "{service}");
    assert!(service["cpu_seconds"].as_f64().unwrap() > 0.0, "{service}");
    assert!(service["probe"]["latency_millis"].is_u64(), "{service}");
    let url = loop {
        let event = next();
        if event["event"] == "service-up" {
            break event["url"].as_str().unwrap().to_owned();
        }
    };
    let address = url.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    while next()["text"] != "kept up; Ctrl-C ends it" {}
    assert!(get(&address).starts_with("HTTP/1.0 200"), "{url}");
    another_run_beside_it(&scratch, &report, &url);
    assert!(get(&address).starts_with("HTTP/1.0 200"), "{url}");

    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(TcpStream::connect(&address).is_err(), "{address} still answers");
}

/// The same repository runs once more: on the same port inside, on another of the host's.
fn another_run_beside_it(scratch: &Scratch, first: &Value, url: &str) {
    let arguments = ["run", &fixture("site-plain"), "--until", "running", "--output", "json"];
    let second = scratch.report(&arguments);
    assert_eq!(second["verdict"]["green"], true, "{}", second["verdict"]);
    let (first, second) = (&first["services"][0], &second["services"][0]);
    assert_eq!(second["port"], first["port"]);
    assert!(second["url"].as_str().is_some_and(|address| address.starts_with("http")), "{second}");
    assert_ne!(second["url"], url);
}

#[test]
fn nothing_to_keep_is_said_and_the_verdict_is_printed_all_the_same() {
    let scratch = Scratch::new();
    let output = scratch.run(&["run", &fixture("shell-plain"), "--keep", "--quiet"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("no service of this run answered"), "{errors}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("GREEN"), "{output:?}");
}

fn get(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
