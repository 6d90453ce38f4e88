//! Asks a port by the gRPC health checking protocol (`grpc.health.v1.Health/Check`, the overall
//! server: <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>).

use std::io::{Error, Result};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};

/// A gRPC message without content: no compression, length 0.
const EMPTY_MESSAGE: [u8; 5] = [0; 5];
/// Most bytes of an answer that are read: a health answer has seven.
const ANSWER_CAP: usize = 4096;

/// What a port answered over HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrpcAnswer {
    /// The health service answered; 1 is `SERVING`.
    Health(u8),
    /// gRPC, with this status; 12 where there is no health service.
    Status(u32),
    /// HTTP/2 without gRPC, with this status.
    Http2(u16),
}

/// Asks once, in all within `timeout`.
///
/// # Errors
/// Where the port does not speak HTTP/2 or does not answer in time.
pub(crate) fn ask(stream: TcpStream, timeout: Duration) -> Result<GrpcAnswer> {
    stream.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::from_std(stream)?;
        let late = |_| Error::new(std::io::ErrorKind::TimedOut, "no answer in time");
        tokio::time::timeout(timeout, exchange(stream)).await.map_err(late)?
    })
}

async fn exchange(stream: tokio::net::TcpStream) -> Result<GrpcAnswer> {
    let (client, connection) = h2::client::handshake(stream).await.map_err(Error::other)?;
    // The connection's own error shows as the request's.
    let driver = tokio::spawn(async move { connection.await.is_ok() });
    let request = Request::post("http://localhost/grpc.health.v1.Health/Check")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .map_err(Error::other)?;
    let mut client = client.ready().await.map_err(Error::other)?;
    let (response, mut send) = client.send_request(request, false).map_err(Error::other)?;
    send.send_data(Bytes::from_static(&EMPTY_MESSAGE), true).map_err(Error::other)?;
    let response = response.await.map_err(Error::other)?;
    let (head, mut body) = response.into_parts();
    let mut message = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(Error::other)?;
        body.flow_control().release_capacity(chunk.len()).map_err(Error::other)?;
        if message.len() < ANSWER_CAP {
            message.extend_from_slice(&chunk);
        }
    }
    let trailers = body.trailers().await.map_err(Error::other)?;
    driver.abort();
    let status = grpc_status(&head.headers).or_else(|| trailers.as_ref().and_then(grpc_status));
    Ok(match status {
        Some(0) => GrpcAnswer::Health(serving_status(&message)),
        Some(status) => GrpcAnswer::Status(status),
        None => GrpcAnswer::Http2(head.status.as_u16()),
    })
}

fn grpc_status(headers: &HeaderMap) -> Option<u32> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

/// Field 1 of `HealthCheckResponse`, an enum below 128; absent means 0, `UNKNOWN`.
fn serving_status(message: &[u8]) -> u8 {
    match message.get(EMPTY_MESSAGE.len()..) {
        Some([0x08, status, ..]) => *status,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A server that answers one health check with this message and status.
    fn serve(answer: &'static [u8], status: &'static str) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
        let address = listener.local_addr().expect("has an address");
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("starts");
            let (stream, _) = listener.accept().expect("accepts");
            stream.set_nonblocking(true).expect("is non-blocking");
            runtime.block_on(async {
                let stream = tokio::net::TcpStream::from_std(stream).expect("is a stream");
                let mut server = h2::server::handshake(stream).await.expect("shakes hands");
                while let Some(Ok((request, mut respond))) = server.accept().await {
                    assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
                    let head = http::Response::builder().status(200).body(()).expect("builds");
                    let mut send = respond.send_response(head, false).expect("answers");
                    send.send_data(Bytes::from_static(answer), false).expect("sends");
                    let mut trailers = HeaderMap::new();
                    trailers.insert("grpc-status", status.parse().expect("a value"));
                    send.send_trailers(trailers).expect("ends");
                }
            });
        });
        TcpStream::connect(address).expect("connects")
    }

    #[test]
    fn a_health_service_tells_whether_it_serves() {
        let second = Duration::from_secs(5);
        let answer = ask(serve(&[0, 0, 0, 0, 2, 8, 1], "0"), second).expect("answers");
        assert_eq!(answer, GrpcAnswer::Health(1));
        let answer = ask(serve(&[0, 0, 0, 0, 2, 8, 2], "0"), second).expect("answers");
        assert_eq!(answer, GrpcAnswer::Health(2));
    }

    #[test]
    fn a_server_without_health_service_still_speaks_grpc() {
        let answer = ask(serve(&[], "12"), Duration::from_secs(5)).expect("answers");
        assert_eq!(answer, GrpcAnswer::Status(12));
    }

    #[test]
    fn what_does_not_speak_http2_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
        let stream = TcpStream::connect(listener.local_addr().expect("an address"));
        let (mut other, _) = listener.accept().expect("accepts");
        std::io::Write::write_all(&mut other, b"-ERR unknown command\r\n").expect("writes");
        drop(other);
        assert!(ask(stream.expect("connects"), Duration::from_secs(5)).is_err());
    }
}
