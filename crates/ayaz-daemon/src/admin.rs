//! `/metrics`, `/healthz` (the process lives) and `/readyz` (it does its work, or why not).

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

/// Where a daemon can be asked how it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address and port; loopback unless the network is trusted, since nothing is authenticated.
    #[serde(deserialize_with = "socket_address")]
    pub listen: SocketAddr,
    /// Whether to listen at all.
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
    /// On this port of the loopback interface.
    pub fn on_loopback(port: u16) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], port)),
            enabled: true,
        }
    }
}

/// The port is taken or may not be used.
#[derive(Debug, Error)]
#[error("cannot listen on {address} for /metrics and /readyz (set admin.listen): {source}")]
pub struct ListenError {
    address: SocketAddr,
    source: std::io::Error,
}

/// The reason of a part that has not said anything yet.
const STARTING: &str = "starting";

/// What keeps the daemon from its work, by part. Ready when every part is.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    unready: Arc<Mutex<BTreeMap<&'static str, String>>>,
}

impl Readiness {
    /// A daemon that waits for all these parts.
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

    /// The part does not work, and why. The first reason of a state is logged.
    pub fn not_ready(&self, part: &'static str, reason: impl Into<String>) {
        let reason = reason.into();
        let before = self.lock().insert(part, reason.clone());
        if before.is_none_or(|before| before == STARTING) {
            tracing::warn!(part, reason, "not ready");
        }
    }

    /// Takes what is found of one part again and again: that it works, or why not.
    pub fn of_part(&self, part: &'static str) -> impl Fn(Result<(), String>) + Send + 'static {
        let readiness = self.clone();
        move |found| match found {
            Ok(()) => readiness.ready(part),
            Err(reason) => readiness.not_ready(part, reason),
        }
    }

    /// What does not work; empty when all does.
    pub fn reasons(&self) -> BTreeMap<&'static str, String> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, String>> {
        // The map is whole after every operation, so a panic elsewhere leaves it usable.
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

/// Binds the port; serving starts with [`Admin::serve`].
#[derive(Debug)]
pub struct Admin {
    listener: Option<TcpListener>,
}

impl Admin {
    /// Takes the port, so that a second daemon on the same machine fails at once and says why.
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

    /// The address it listens on; `None` when it does not.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener
            .as_ref()
            .and_then(|listener| listener.local_addr().ok())
    }

    /// Answers until `shutdown` completes.
    pub async fn serve(
        self,
        metrics: PrometheusHandle,
        readiness: Readiness,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) {
        // The recorder keeps every sample of a histogram until it is asked to fold them, so that
        // without this a daemon that nobody scrapes would grow.
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
