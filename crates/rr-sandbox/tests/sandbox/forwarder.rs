//! Ports of a private network on the host's loopback.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rr_sandbox::Forwarder;

use crate::common::{Sandbox, eventually, start};

/// Answers with what it got, turned round, after the other side has finished.
const REVERSER: &str = "exec python3 -c \"
import socket
s = socket.create_server(('127.0.0.1', 9000))
while True:
    c, _ = s.accept()
    data = b''
    while chunk := c.recv(65536):
        data += chunk
    c.sendall(data[::-1])
    c.close()
\"";

#[test]
fn both_directions_and_half_closing_are_forwarded() {
    let sandbox = Sandbox::open();
    let process = start(&sandbox, REVERSER);
    eventually("server", || (!process.listening().is_empty()).then_some(()));
    let forwarder = Forwarder::start(Arc::clone(&sandbox.executor), 9000, None).unwrap();
    for length in [3_usize, 1_000_000] {
        let sent: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let mut stream = TcpStream::connect(forwarder.local_addr()).unwrap();
        stream.write_all(&sent).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).unwrap();
        let turned: Vec<u8> = sent.into_iter().rev().collect();
        assert!(got == turned, "{length} bytes came back changed");
    }
    let address = forwarder.local_addr();
    drop(forwarder);
    assert!(TcpStream::connect(address).is_err(), "still listening");
}

#[test]
fn nobody_inside_closes_the_connection() {
    let sandbox = Sandbox::open();
    let forwarder = Forwarder::start(Arc::clone(&sandbox.executor), 9000, None).unwrap();
    let mut stream = TcpStream::connect(forwarder.local_addr()).unwrap();
    let mut got = Vec::new();
    // Closing may show as an end or as a reset.
    let _ = stream.read_to_end(&mut got);
    assert!(got.is_empty());
}
