//! `/metrics`, `/healthz` (the process runs) and `/readyz` (the daemon works, or why it does not).

mod server;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;
use tokio::net::TcpListener;

/// Where a daemon serves its metrics and health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address and port. Use loopback unless the network is trusted, since there is no authentication.
    #[serde(deserialize_with = "socket_address")]
    pub listen: SocketAddr,
    /// Whether the server is enabled.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn socket_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        serde::de::Error::custom("write an IP address and a port, such as 127.0.0.1:9464")
    })
}

fn yes() -> bool {
    true
}

impl AdminConfig {
    /// Listens on this port of the loopback interface.
    pub fn on_loopback(port: u16) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], port)),
            enabled: true,
        }
    }
}

/// The port is in use or not permitted.
#[derive(Debug, Error)]
#[error("cannot listen on {address} for /metrics and /readyz (set admin.listen): {source}")]
pub struct ListenError {
    address: SocketAddr,
    source: std::io::Error,
}

/// The reason of a part that has not reported yet.
const STARTING: &str = "starting";

/// The parts of the daemon that do not work, with the reason. It is ready when all parts work.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    unready: Arc<Mutex<BTreeMap<&'static str, String>>>,
}

impl Readiness {
    /// A daemon that is ready once all these parts have reported.
    pub fn waiting_for(parts: &[&'static str]) -> Self {
        let starting = parts
            .iter()
            .map(|part| (*part, STARTING.to_owned()))
            .collect();
        Self {
            unready: Arc::new(Mutex::new(starting)),
        }
    }

    /// The part works.
    pub fn ready(&self, part: &'static str) {
        if self.lock().remove(part).is_some() {
            tracing::info!(part, "ready");
        }
    }

    /// The part does not work. Logs the first reason only.
    pub fn not_ready(&self, part: &'static str, reason: impl Into<String>) {
        let reason = reason.into();
        let before = self.lock().insert(part, reason.clone());
        if before.is_none_or(|before| before == STARTING) {
            tracing::warn!(part, reason, "not ready");
        }
    }

    /// Returns a function that sets the state of one part.
    pub fn reporter(&self, part: &'static str) -> impl Fn(Result<(), String>) + Send + 'static {
        let readiness = self.clone();
        move |state| match state {
            Ok(()) => readiness.ready(part),
            Err(reason) => readiness.not_ready(part, reason),
        }
    }

    /// The reasons by part; empty when the daemon is ready.
    pub fn reasons(&self) -> BTreeMap<&'static str, String> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, String>> {
        // The map is valid after every operation, also after a panic elsewhere.
        self.unready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn response(&self) -> Response {
        let reasons = self.reasons();
        let status = if reasons.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let body = serde_json::json!({ "ready": reasons.is_empty(), "reasons": reasons });
        (
            status,
            [("content-type", "application/json")],
            body.to_string(),
        )
            .into_response()
    }
}

/// The server's port. Serving starts with [`Admin::serve`].
#[derive(Debug)]
pub struct Admin {
    listener: Option<TcpListener>,
}

impl Admin {
    /// Binds the port, so that a second daemon on the same machine fails at once with a clear error.
    pub async fn bind(config: &AdminConfig) -> Result<Self, ListenError> {
        if !config.enabled {
            return Ok(Self { listener: None });
        }
        match TcpListener::bind(config.listen).await {
            Ok(listener) => Ok(Self {
                listener: Some(listener),
            }),
            Err(source) => Err(ListenError {
                address: config.listen,
                source,
            }),
        }
    }

    /// The address, or `None` if the server is disabled.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener
            .as_ref()
            .and_then(|listener| listener.local_addr().ok())
    }

    /// Answers requests until `shutdown` completes.
    pub async fn serve(
        self,
        metrics: PrometheusHandle,
        readiness: Readiness,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) {
        // The recorder keeps every sample of a histogram until upkeep. Without it, memory would grow
        // while nobody scrapes the daemon.
        let upkeep = tokio::spawn(upkeep(metrics.clone()));
        let Some(listener) = self.listener else {
            shutdown.await;
            return upkeep.abort();
        };
        let router = Router::new()
            .route(
                "/metrics",
                get(move || {
                    let text = crate::metrics::render(&metrics);
                    async { ([("content-type", "text/plain; version=0.0.4")], text) }
                }),
            )
            .route("/healthz", get(|| async { "alive\n" }))
            .route(
                "/readyz",
                get(move || std::future::ready(readiness.response())),
            );
        tokio::select! {
            () = server::serve(listener, router) => {}
            () = shutdown => {}
        }
        upkeep.abort();
    }
}

async fn upkeep(metrics: PrometheusHandle) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}
