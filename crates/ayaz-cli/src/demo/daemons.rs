//! Runs both daemons in this process on the demo's private servers.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use ayaz_local::LocalStack;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(super) struct Daemons {
    stop: watch::Sender<bool>,
    ingest: JoinHandle<Result<()>>,
    analytics: JoinHandle<Result<()>>,
    admin_address: Option<SocketAddr>,
}

impl Daemons {
    pub(super) async fn start(stack: &LocalStack) -> Result<Self> {
        // Any free port, because a real daemon may use the default one.
        let ingest: ayaz_ingest::Config = serde_json::from_value(json!({
            "mqtt": { "url": stack.mqtt_url(), "client_id": "ayaz-demo-ingest" },
            "database": { "url": stack.database_url() },
            "admin": { "listen": "127.0.0.1:0" },
        }))?;
        let analytics: ayaz_analytics::config::Config = serde_json::from_value(json!({
            "database": { "url": stack.database_url() },
            // The demo waits for its table, so refresh often.
            "refresh": { "open_hour_interval_s": 1 },
            "admin": { "listen": "127.0.0.1:0", "enabled": false },
        }))?;
        let (stop, stopping) = watch::channel(false);
        let ingest = ayaz_ingest::Daemon::bind(ingest).await?;
        let admin_address = ingest.admin_address();
        let readiness = ingest.readiness();
        let requested = |mut stopping: watch::Receiver<bool>| async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let (for_ingest, for_analytics) = (requested(stopping.clone()), requested(stopping));
        let mut daemons = Self {
            stop,
            ingest: tokio::spawn(async { ingest.run(for_ingest).await.context("ingest") }),
            analytics: tokio::spawn(async {
                ayaz_analytics::run::run(analytics, for_analytics)
                    .await
                    .map(drop)
                    .context("analytics")
            }),
            admin_address,
        };
        // The broker queues messages for the daemon from its first subscription on.
        while !readiness.reasons().is_empty() {
            tokio::select! {
                error = daemons.failed() => return Err(error),
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
        Ok(daemons)
    }

    pub(super) fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// Completes when a daemon ends. Daemons end only when they fail.
    pub(super) async fn failed(&mut self) -> anyhow::Error {
        let ended = tokio::select! {
            ended = &mut self.ingest => ended,
            ended = &mut self.analytics => ended,
        };
        match ended {
            Ok(Ok(())) => anyhow!("a daemon stopped by itself"),
            Ok(Err(error)) => error,
            Err(error) => anyhow!("a daemon crashed: {error}"),
        }
    }

    pub(super) async fn stop(self) -> Result<()> {
        let _ = self.stop.send(true);
        for daemon in [self.ingest, self.analytics] {
            if !daemon.is_finished() {
                daemon.await.context("a daemon crashed")??;
            }
        }
        Ok(())
    }
}

/// Readings that the ingest daemon of this process has stored, from its metrics.
pub(super) fn readings_stored() -> u64 {
    let name = ayaz_ingest::metrics::READINGS_WRITTEN;
    let text = ayaz_daemon::metrics::install().render();
    let value = text.lines().find_map(|line| {
        line.strip_prefix(name)?
            .strip_prefix(' ')?
            .parse::<u64>()
            .ok()
    });
    value.unwrap_or(0)
}
