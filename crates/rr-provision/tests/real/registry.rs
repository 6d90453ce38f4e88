//! A registry that lies, served from this process.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use crate::workshop::{Workshop, sh};
use rr_core::executor::NoOutput;
use rr_core::{CancelToken, EngineError, EngineErrorKind, FetchedSource, SourceFetcher};
use rr_provision::Fetcher;

/// Serves these bodies by path until the test process ends; returns the address.
fn serve(bodies: BTreeMap<String, Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, body) = match bodies.get(&path) {
                Some(body) => ("200 OK", body.clone()),
                None => ("404 Not Found", Vec::new()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    address
}

fn fetch(address: &str, into: &str) -> Result<FetchedSource, EngineError> {
    let index = format!("{address}/simple");
    let shop = Workshop::with(&[("PIP_INDEX_URL", &index), ("no_proxy", "127.0.0.1")]);
    let fetcher = Fetcher::new(shop.host.clone());
    let source = fetcher.parse("pypi:demo", None, Path::new("/")).unwrap();
    let found =
        fetcher.fetch(&source, &shop.path(into), Arc::new(NoOutput), &CancelToken::default());
    assert_eq!(found.is_ok(), shop.path(into).join("setup.py").exists());
    found
}

fn demo_archive(members: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    sh(folder.path(), &format!("mkdir demo-1.0; echo 1 > demo-1.0/setup.py; {members}"));
    std::fs::read(folder.path().join("a.tar.gz")).unwrap()
}

fn page(hash: &str) -> Vec<u8> {
    format!(
        "<a href=\"/files/demo-0.9.tar.gz\">demo-0.9.tar.gz</a>
         <a href=\"/files/demo-2.0.tar.gz\" data-yanked=\"broken\">demo-2.0.tar.gz</a>
         <a href=\"/files/demo-1.0.tar.gz#sha256={hash}\">demo-1.0.tar.gz</a>
         <a href=\"/files/demo-3.0rc1.tar.gz\">demo-3.0rc1.tar.gz</a>"
    )
    .into_bytes()
}

fn registry(archive: Vec<u8>, hash: &str) -> String {
    serve(BTreeMap::from([
        ("/simple/demo/".to_owned(), page(hash)),
        ("/files/demo-1.0.tar.gz".to_owned(), archive),
    ]))
}

fn sha256(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), bytes).unwrap();
    sh(folder.path(), "sha256sum f | cut -d' ' -f1")
}

#[test]
fn the_users_index_is_asked_and_the_newest_final_release_taken() {
    let archive = demo_archive("tar czf a.tar.gz demo-1.0");
    let address = registry(archive.clone(), &sha256(&archive));
    let fetched = fetch(&address, "right").unwrap();
    assert!(fetched.notes[0].contains("demo-1.0.tar.gz"), "{:?}", fetched.notes);
}

#[test]
fn a_source_with_another_hash_than_stated_is_refused() {
    let archive = demo_archive("tar czf a.tar.gz demo-1.0");
    let error = fetch(&registry(archive, &"0".repeat(64)), "wrong").unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Refused, "{error}");
    assert!(error.to_string().contains("hash"), "{error}");
}

#[test]
fn a_published_source_that_leads_out_of_its_tree_is_refused() {
    let archive =
        demo_archive("ln -s /etc demo-1.0/link; tar czf a.tar.gz demo-1.0 && rm demo-1.0/link");
    let hash = sha256(&archive);
    let error = fetch(&registry(archive, &hash), "outward").unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Refused, "{error}");
    assert!(error.to_string().contains("links out"), "{error}");
}

#[test]
fn a_project_that_no_index_has_is_refused_with_a_hint() {
    let error = fetch(&serve(BTreeMap::new()), "absent").unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Refused, "{error}");
    assert!(error.hint.is_some());
}
