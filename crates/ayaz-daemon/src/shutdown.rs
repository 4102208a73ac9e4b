//! Waits for the signal to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Completes at SIGTERM or Ctrl-C.
pub async fn requested() {
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM; Ctrl-C stops the daemon");
            return interrupted().await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => tracing::info!("SIGTERM received, stopping"),
        () = interrupted() => tracing::info!("interrupted, stopping"),
    }
}

async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "cannot listen for Ctrl-C");
        std::future::pending::<()>().await;
    }
}
