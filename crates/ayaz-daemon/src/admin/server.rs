//! HTTP for whoever can reach the port, which may be anyone: no client holds a connection for long, and
//! all of them together hold few, so that the daemon keeps its descriptors and its time for its work.

use std::collections::VecDeque;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// Connections at once. When one more comes, the oldest has had its time and is closed.
const CONNECTIONS_MAX: usize = 32;

/// From the first byte to the last of a request and its answer.
const EXCHANGE_MAX: Duration = Duration::from_secs(10);

/// Headers of a request.
const HEADERS_MAX_BYTES: usize = 16 << 10;

/// Before the next connection is taken while there are too many: so that a flood of them gets this part of
/// the daemon's time and no more.
const CROWDED_DELAY: Duration = Duration::from_millis(1);

/// Before the next try where the system has no connection to give, as when it has no descriptor left.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Answers until it is dropped.
pub(super) async fn serve(listener: TcpListener, router: Router) {
    // Dropped, it ends them all.
    let mut connections = JoinSet::new();
    let mut oldest_first: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!(%error, "cannot take a connection to the admin port");
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

/// One request and its answer. Connections are not kept: a scrape every few seconds does not need it.
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

    const PATIENCE: Duration = Duration::from_secs(20);

    async fn served() -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/", get(|| async { "alive" }))
            .route("/large", get(|| async { "x".repeat(64 << 20) }));
        tokio::spawn(serve(listener, router));
        address
    }

    async fn ask(address: std::net::SocketAddr, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Whether the server has closed it within our patience.
    async fn ends(mut stream: TcpStream) -> bool {
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        tokio::time::timeout(PATIENCE, ended).await.is_ok()
    }

    #[tokio::test]
    async fn silent_connections_are_closed_and_keep_nobody_out() {
        let address = served().await;
        let mut silent = Vec::new();
        for _ in 0..200 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let started = Instant::now();
        let mut answer = String::new();
        let mut asked = ask(address, "/").await;
        asked.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("alive"),
            "{answer}"
        );
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
        // The oldest goes first, and the youngest when its time is over.
        assert!(ends(silent.remove(0)).await);
        assert!(ends(silent.pop().unwrap()).await);
    }

    #[tokio::test]
    async fn who_sends_or_reads_without_end_is_cut_off() {
        let address = served().await;
        let mut dripping = TcpStream::connect(address).await.unwrap();
        dripping.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
        let does_not_read = ask(address, "/large").await;
        let started = Instant::now();
        // A byte now and then is no reason to wait.
        while dripping.write_all(b"x").await.is_ok() {
            assert!(started.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(ends(does_not_read).await);
    }
}
