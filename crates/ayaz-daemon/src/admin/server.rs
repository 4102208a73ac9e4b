//! The HTTP server of the admin port. Anybody may connect, so the duration and the number of connections
//! are limited: clients cannot use up the daemon's file descriptors or its time.

use std::collections::VecDeque;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// Maximum of open connections. One more closes the oldest.
const CONNECTIONS_MAX: usize = 32;

/// Time limit of a request and its answer.
const EXCHANGE_MAX: Duration = Duration::from_secs(10);

/// Maximum bytes of a request's headers.
const HEADERS_MAX_BYTES: usize = 16 << 10;

/// Wait before the next accept while there are too many connections. Limits the daemon's time that a
/// flood of them takes.
const CROWDED_DELAY: Duration = Duration::from_millis(1);

/// Wait after a failed accept, for example without a free file descriptor.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Serves requests until it is dropped.
pub(super) async fn serve(listener: TcpListener, router: Router) {
    // Its drop closes all connections.
    let mut connections = JoinSet::new();
    let mut oldest_first: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!(%error, "cannot accept a connection to the admin port");
                    tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        oldest_first.retain(|connection| !connection.is_finished());
        if oldest_first.len() >= CONNECTIONS_MAX {
            if let Some(oldest) = oldest_first.pop_front() {
                oldest.abort();
            }
            tokio::time::sleep(CROWDED_DELAY).await;
        }
        oldest_first.push_back(connections.spawn(exchange(stream, router.clone())));
    }
}

/// Serves one request. There is no keep-alive, since a scrape every few seconds does not need it.
async fn exchange(stream: TcpStream, router: Router) {
    let served = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(HEADERS_MAX_BYTES)
        .timer(TokioTimer::new())
        .header_read_timeout(EXCHANGE_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    match tokio::time::timeout(EXCHANGE_MAX, served).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a request to the admin port failed"),
        Err(_) => tracing::debug!("a request to the admin port took too long"),
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(20);

    async fn served() -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/", get(|| async { "alive" }))
            .route("/large", get(|| async { "x".repeat(64 << 20) }));
        tokio::spawn(serve(listener, router));
        address
    }

    async fn request(address: std::net::SocketAddr, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Whether the server closes the connection in time.
    async fn ends(mut stream: TcpStream) -> bool {
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        tokio::time::timeout(TIMEOUT, ended).await.is_ok()
    }

    #[tokio::test]
    async fn silent_connections_are_closed_and_block_no_other_client() {
        let address = served().await;
        let mut silent = Vec::new();
        for _ in 0..200 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let started = Instant::now();
        let mut answer = String::new();
        let mut stream = request(address, "/").await;
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("alive"),
            "{answer}"
        );
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
        // The oldest is closed for a new one, the youngest at its time limit.
        assert!(ends(silent.remove(0)).await);
        assert!(ends(silent.pop().unwrap()).await);
    }

    #[tokio::test]
    async fn a_client_that_sends_or_reads_too_slowly_is_disconnected() {
        let address = served().await;
        let mut dripping = TcpStream::connect(address).await.unwrap();
        dripping.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
        let does_not_read = request(address, "/large").await;
        let started = Instant::now();
        // Single bytes do not extend the time limit.
        while dripping.write_all(b"x").await.is_ok() {
            assert!(started.elapsed() < TIMEOUT);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(ends(does_not_read).await);
    }
}
