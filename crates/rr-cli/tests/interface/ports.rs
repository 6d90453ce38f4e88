//! Ports that others hold on this host: a service is moved to another one, and what another process
//! answers is never taken for the service's own answer.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use crate::common::Scratch;

/// Answers every request with status 200, until the tests end.
fn somebody_else() -> u16 {
    let listener = TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _asked = stream.read(&mut [0; 4096]);
            let _told = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nup");
        }
    });
    port
}

fn program(scratch: &Scratch, name: &str, server: &str) -> String {
    let tree = scratch.folder().join(name);
    fs::create_dir(&tree).unwrap();
    let manifest =
        r#"{"name": "door", "version": "1.0.0", "scripts": {"start": "node server.js"}}"#;
    fs::write(tree.join("package.json"), manifest).unwrap();
    fs::write(tree.join("server.js"), server).unwrap();
    tree.to_string_lossy().into_owned()
}

const ON_THE_HOST: [&str; 5] = ["--until", "running", "--trust", "--executor", "host"];

#[test]
fn a_service_whose_port_is_taken_is_given_another_one() {
    let scratch = Scratch::new();
    let taken = somebody_else();
    let server = format!(
        "require('http').createServer((_, answer) => answer.end('door'))\n\
         \x20 .listen(process.env.PORT || {taken}, '0.0.0.0');\n"
    );
    let tree = program(&scratch, "door", &server);
    let run = [&["run", tree.as_str(), "--output", "json"], &ON_THE_HOST[..]].concat();

    let without = scratch.report(&[&run[..], &["--budget", "0"]].concat());
    assert_eq!(without["verdict"]["green"], false, "{}", without["rungs"]);
    let signature = without["failures"][0]["signature"].as_str().unwrap();
    assert_eq!(signature, format!("generic.address-in-use:{taken}"));

    let report = scratch.report(&run);
    assert_eq!(report["verdict"]["green"], true, "{}", report["failures"]);
    assert_eq!(report["services"][0]["port"], taken + 1);
    let helped = report["remedies"].as_array().unwrap().iter().rfind(|r| r["helped"] == true);
    assert!(helped.unwrap()["title"].as_str().unwrap().contains("PORT"), "{helped:?}");
}

#[test]
fn an_answer_of_somebody_elses_process_proves_nothing() {
    let scratch = Scratch::new();
    let taken = somebody_else();
    let boast = format!(
        "console.log('listening on http://127.0.0.1:{taken}');\nsetInterval(() => {{}}, 1000);\n\
         // Listens for readers alone: require('http').createServer().listen({taken})\n"
    );
    let tree = program(&scratch, "boast", &boast);
    fs::write(Path::new(&tree).join("README.md"), format!("See http://localhost:{taken}/\n"))
        .unwrap();
    for executor in [&["--until", "running"][..], &ON_THE_HOST[..]] {
        let more = ["--output", "json", "--step-timeout", "8s"];
        let report = scratch.report(&[&["run", tree.as_str()], &more[..], executor].concat());
        let services = report["services"].as_array().unwrap();
        assert!(services.is_empty(), "it only boasts: {services:?}");
        let rungs = report["rungs"].to_string();
        assert!(rungs.contains("without listening") && !rungs.contains("answered 200"), "{rungs}");
    }
}
