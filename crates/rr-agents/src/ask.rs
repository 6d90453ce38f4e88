//! One question to one port of a run, from outside.

use std::time::Duration;

use rr_core::{Executor, ProbeResult};

use crate::grpc_probe::{self, GrpcAnswer};
use crate::http_probe::{self, HttpAnswer};

/// Longest wait for one answer.
const ANSWER: Duration = Duration::from_secs(10);
/// Longest wait for a second question to a port that did not speak HTTP/1.1.
const SHORT: Duration = Duration::from_millis(700);

/// Asks each path in turn.
pub(crate) fn ask_http(executor: &dyn Executor, port: u16, paths: &[String]) -> ProbeResult {
    let root = ["/".to_owned()];
    let paths = if paths.is_empty() { &root[..] } else { paths };
    let mut worst = unhealthy(format!("nothing answered on port {port}"));
    let mut alive: Option<ProbeResult> = None;
    for path in paths {
        let answer = executor
            .connect(port, ANSWER)
            .and_then(|stream| http_probe::get(stream, port, path, ANSWER));
        let result = match answer {
            Ok(HttpAnswer::Status(status)) => http_result(port, path, status),
            Ok(HttpAnswer::NotHttp(line)) => {
                unhealthy(format!("port {port} does not speak HTTP (answered `{line}`)"))
            }
            Err(error) if waits(&error) => unhealthy(format!(
                "GET {path} on port {port}: no answer within {} s",
                ANSWER.as_secs()
            )),
            Err(error) => unhealthy(format!("GET {path} on port {port}: {error}")),
        };
        if result.healthy && result.status.is_some_and(|s| s < 400) {
            return result;
        }
        if result.healthy {
            alive.get_or_insert(result);
        } else {
            worst = result;
        }
    }
    alive.unwrap_or(worst)
}

fn http_result(port: u16, path: &str, status: u16) -> ProbeResult {
    ProbeResult {
        healthy: status < 500,
        protocol: "http".to_owned(),
        port: Some(port),
        path: Some(path.to_owned()),
        status: Some(status),
        latency_millis: 0,
        detail: format!("GET {path} on port {port} answered {status}"),
    }
}

/// By the gRPC health checking protocol; a server without that service is up where it answers.
pub(crate) fn ask_grpc(executor: &dyn Executor, port: u16) -> ProbeResult {
    let asked = executor.connect(port, ANSWER).and_then(|stream| grpc_probe::ask(stream, ANSWER));
    match asked {
        Ok(answer) => grpc_result(port, answer),
        Err(error) => unhealthy(format!("port {port} does not answer over HTTP/2: {error}")),
    }
}

fn grpc_result(port: u16, answer: GrpcAnswer) -> ProbeResult {
    let (healthy, detail) = match answer {
        GrpcAnswer::Health(1) => (true, format!("port {port}: gRPC health is SERVING")),
        GrpcAnswer::Health(other) => {
            (false, format!("port {port}: gRPC health is {other}, not SERVING"))
        }
        GrpcAnswer::Status(12) => {
            (true, format!("port {port} speaks gRPC, without a health service"))
        }
        GrpcAnswer::Status(status) => {
            (true, format!("port {port} speaks gRPC: its health service answered {status}"))
        }
        GrpcAnswer::Http2(status) => {
            (status < 500, format!("port {port} answered {status} over HTTP/2"))
        }
    };
    let protocol = if matches!(answer, GrpcAnswer::Http2(_)) { "http2" } else { "grpc" };
    ProbeResult {
        healthy,
        protocol: protocol.to_owned(),
        port: Some(port),
        path: None,
        status: None,
        latency_millis: 0,
        detail,
    }
}

/// A port that speaks HTTP or gRPC is judged as such; else a connection that stays open is enough.
pub(crate) fn ask_tcp(executor: &dyn Executor, port: u16) -> ProbeResult {
    let timeout = Duration::from_millis(1500);
    let answer = executor
        .connect(port, ANSWER)
        .and_then(|stream| http_probe::get(stream, port, "/", timeout));
    if let Ok(HttpAnswer::Status(status)) = answer {
        return http_result(port, "/", status);
    }
    // An HTTP/2 server takes the question for a broken preface: it hangs up or says nothing.
    let asked = executor.connect(port, ANSWER).and_then(|s| grpc_probe::ask(s, SHORT));
    if let Ok(answer) = asked {
        return grpc_result(port, answer);
    }
    let detail = match answer {
        Ok(HttpAnswer::Status(status)) => format!("port {port} answered {status}"),
        Ok(HttpAnswer::NotHttp(line)) => format!("port {port} accepts and answers `{line}`"),
        Err(error) if waits(&error) => format!("port {port} accepts connections and waits"),
        Err(error) => match executor.connect(port, ANSWER) {
            Ok(_) => format!("port {port} accepts connections ({error} after a question)"),
            Err(error) => return unhealthy(format!("port {port}: {error}")),
        },
    };
    ProbeResult {
        healthy: true,
        protocol: "tcp".to_owned(),
        port: Some(port),
        path: None,
        status: None,
        latency_millis: 0,
        detail,
    }
}

fn waits(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}

/// A result that proves no life.
pub(crate) fn unhealthy(detail: String) -> ProbeResult {
    ProbeResult {
        healthy: false,
        protocol: String::new(),
        port: None,
        path: None,
        status: None,
        latency_millis: 0,
        detail,
    }
}
