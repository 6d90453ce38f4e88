//! Processes that go on: what they listen on, how they end, how they are reached.

use std::io::Read as _;
use std::net::TcpStream;
use std::time::Duration;

use crate::common::{Sandbox, eventually, server, start};
use rr_core::Exit;

fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn connect(sandbox: &Sandbox, port: u16) -> std::io::Result<TcpStream> {
    sandbox.executor.connect(port, Duration::from_secs(5))
}

#[test]
fn two_sessions_listen_on_the_same_port_and_each_is_reached() {
    let (one, two) = (Sandbox::open(), Sandbox::open());
    let first = start(&one, &server("one", 8000));
    let second = start(&two, &server("two", 8000));
    eventually("first server", || (!first.listening().is_empty()).then_some(()));
    eventually("second server", || (!second.listening().is_empty()).then_some(()));
    assert_eq!(answer(connect(&one, 8000).unwrap()), "one");
    assert_eq!(answer(connect(&two, 8000).unwrap()), "two");
    let sockets = first.listening();
    assert_eq!(sockets.len(), 1, "{sockets:?}");
    assert_eq!((sockets[0].address.as_str(), sockets[0].port), ("127.0.0.1", 8000));
}

#[test]
fn nobody_listening_is_refused() {
    let sandbox = Sandbox::open();
    let error = connect(&sandbox, 8123).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_port_of_somebody_else_in_the_same_network_does_not_count() {
    let sandbox = Sandbox::open();
    let owner = start(&sandbox, &server("owner", 8000));
    eventually("server", || (!owner.listening().is_empty()).then_some(()));
    let other = start(&sandbox, "sleep 60");
    assert!(other.listening().is_empty(), "{:?}", other.listening());
}

#[test]
fn a_server_on_ipv6_only_is_reached() {
    let sandbox = Sandbox::open();
    let script =
        server("six", 8000).replace("('127.0.0.1', 8000)", "('::1', 8000), family=socket.AF_INET6");
    let process = start(&sandbox, &script);
    eventually("server", || (!process.listening().is_empty()).then_some(()));
    assert_eq!(process.listening()[0].address, "::1");
    assert_eq!(answer(connect(&sandbox, 8000).unwrap()), "six");
}

#[test]
fn a_daemon_is_still_seen_after_its_starter_has_ended() {
    let sandbox = Sandbox::open();
    let script = format!(
        "setsid bash -c '{}' >/dev/null 2>&1 & exit 0",
        server("d", 8000).replace('\'', "'\\''")
    );
    let process = start(&sandbox, &script);
    eventually("starter's end", || process.main_exit());
    assert_eq!(process.main_exit(), Some(Exit::Code(0)));
    eventually("daemon", || (!process.listening().is_empty()).then_some(()));
    assert_eq!(process.try_wait(), None, "the tree was taken for ended");
    assert_eq!(answer(connect(&sandbox, 8000).unwrap()), "d");
    assert!(process.usage().processes >= 1);
    process.stop();
    assert_eq!(process.try_wait(), Some(Exit::Code(0)));
    assert!(connect(&sandbox, 8000).is_err());
}

#[test]
fn a_service_that_ends_is_noticed() {
    let sandbox = Sandbox::open();
    let process = start(&sandbox, "echo bye; exit 7");
    assert_eq!(eventually("end", || process.try_wait()), Exit::Code(7));
    assert_eq!(process.tail(), "bye\n");
    assert!(process.listening().is_empty());
    assert_eq!(process.usage().processes, 0);
}

#[test]
fn stopping_is_gentle_first() {
    let sandbox = Sandbox::with(|policy| policy.stop_grace = Duration::from_secs(120));
    let process =
        start(&sandbox, "trap 'echo tidy; exit 5' TERM; echo up; while :; do sleep 0.05; done");
    eventually("start", || process.tail().contains("up").then_some(()));
    assert_eq!(process.stop(), Exit::Code(5));
    assert!(process.tail().contains("tidy"));
}

#[test]
fn stopping_gets_past_a_trap() {
    let sandbox = Sandbox::open();
    let process = start(&sandbox, "trap '' TERM; echo up; while :; do sleep 0.05; done");
    eventually("start", || process.tail().contains("up").then_some(()));
    assert_eq!(process.stop(), Exit::Signal(9));
    assert_eq!(process.try_wait(), Some(Exit::Signal(9)));
}

#[test]
fn a_service_uses_memory_and_time() {
    let sandbox = Sandbox::open();
    let process = start(
        &sandbox,
        "python3 -c \"
import time
b = bytearray(b'x' * 50_000_000)
t = time.process_time()
while time.process_time() < t + 0.3: pass
print('ready', flush=True)
time.sleep(60)
\"",
    );
    eventually("readiness", || process.tail().contains("ready").then_some(()));
    let usage = process.usage();
    assert!(usage.memory > 50_000_000, "{usage:?}");
    assert!(usage.cpu_seconds >= 0.2, "{usage:?}");
    assert!(usage.processes >= 1);
}

#[test]
fn commands_reach_services_of_the_same_run() {
    let sandbox = Sandbox::open();
    let process = start(&sandbox, &server("db", 5432));
    eventually("server", || (!process.listening().is_empty()).then_some(()));
    let outcome = sandbox.sh("exec 3<>/dev/tcp/127.0.0.1/5432; cat <&3");
    assert_eq!(outcome.tail, "db");
}

#[test]
fn a_closing_sandbox_ends_its_services() {
    let sandbox = Sandbox::open();
    let process = start(&sandbox, "sleep 1000");
    let (pid, _) = process.identity();
    assert!(std::path::Path::new(&format!("/proc/{pid}")).exists());
    sandbox.executor.close();
    assert_eq!(process.try_wait(), Some(Exit::Signal(9)));
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}
