//! A registry that is out of order for a moment, served by the test itself.

#![expect(clippy::disallowed_methods, reason = "test code")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use serde_json::json;

use crate::common::Scratch;

/// A registry of npm's with one package, which answers so many questions with status 503 first.
struct Registry {
    port: u16,
    asked: Arc<AtomicU32>,
}

impl Registry {
    fn failing(times: u32, tarball: Vec<u8>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, port, times, &count, &tarball);
            }
        });
        Self { port, asked }
    }
}

fn answer(stream: TcpStream, port: u16, times: u32, asked: &AtomicU32, tarball: &[u8]) {
    let mut reader = BufReader::new(stream);
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let question = lines.next().unwrap_or_default();
    lines.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
    let address = format!("http://127.0.0.1:{port}/steady/-/steady-1.0.0.tgz");
    let package = json!({"name": "steady", "version": "1.0.0", "dist": {"tarball": address}});
    let about = json!({
        "name": "steady",
        "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": package},
    });
    let (status, body) = match question.split(' ').nth(1).unwrap_or_default() {
        "/steady" if asked.fetch_add(1, Ordering::SeqCst) < times => {
            ("503 Service Unavailable", vec![])
        }
        "/steady" => ("200 OK", about.to_string().into_bytes()),
        path if path.ends_with(".tgz") => ("200 OK", tarball.to_vec()),
        _ => ("404 Not Found", vec![]),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = reader.into_inner();
    let _gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

fn tarball(folder: &Path) -> Vec<u8> {
    let package = folder.join("package");
    fs::create_dir(&package).unwrap();
    fs::write(package.join("package.json"), r#"{"name": "steady", "version": "1.0.0"}"#).unwrap();
    fs::write(package.join("index.js"), "module.exports = 42;\n").unwrap();
    let packed = Command::new("tar").args(["-cz", "package"]).current_dir(folder).output().unwrap();
    assert!(packed.status.success(), "{packed:?}");
    packed.stdout
}

/// A program that needs the package, and says that its client must not try again by itself.
fn program(folder: &Path, registry: &Registry) -> String {
    let tree = folder.join("program");
    fs::create_dir_all(&tree).unwrap();
    let manifest = r#"{"name": "program", "version": "1.0.0", "main": "index.js",
        "scripts": {"test": "node --test"}, "dependencies": {"steady": "1.0.0"}}"#;
    fs::write(tree.join("package.json"), manifest).unwrap();
    let settings = format!("registry=http://127.0.0.1:{}/\nfetch-retries=0\n", registry.port);
    fs::write(tree.join(".npmrc"), settings).unwrap();
    fs::write(tree.join("index.js"), "module.exports = require('steady');\n").unwrap();
    let test = "require('node:test')('is steady', () => require('node:assert').equal(require('.'), 42));\n";
    fs::write(tree.join("index.test.js"), test).unwrap();
    tree.to_string_lossy().into_owned()
}

#[test]
fn a_registry_that_is_out_of_order_for_a_moment_is_asked_again() {
    let scratch = Scratch::new();
    let packed = tarball(scratch.folder());
    let registry = Registry::failing(2, packed.clone());
    let tree = program(scratch.folder(), &registry);
    let run = ["run", tree.as_str(), "--output", "json", "--fresh"];
    let report = scratch.report(&run);
    assert_eq!(report["verdict"]["green"], true, "{}", report["failures"]);
    assert_eq!(
        (&report["verdict"]["rung"], &report["tests"]["passed"]),
        (&json!("tested"), &json!(1))
    );
    assert!(registry.asked.load(Ordering::SeqCst) >= 3);
    let helped = report["remedies"].as_array().unwrap().iter().rfind(|r| r["helped"] == true);
    let signature = helped.unwrap()["diagnosis"]["signature"].as_str().unwrap();
    assert!(signature.contains("transient"), "{signature}");

    // Where no remedy is allowed, the same registry's first answer is the last word.
    let registry = Registry::failing(2, packed);
    let tree = program(scratch.folder(), &registry);
    let without = Scratch::new();
    let output = without.run(&["run", &tree, "--output", "json", "--budget", "0"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", report["verdict"]);
    assert_eq!(report["failures"][0]["cause"], "environment", "{}", report["failures"]);
}
