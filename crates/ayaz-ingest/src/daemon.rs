//! The stages, wired: the one place that knows all of them.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use ayaz_daemon::admin::{Admin, ListenError, Readiness};
use ayaz_daemon::exit;
use ayaz_store::{IngestStore, StoreError};
use thiserror::Error;
use tokio::sync::{mpsc, watch};

use crate::config::Config;
use crate::{metrics, mqtt, pipeline, writer};

/// Why the daemon ended by itself.
#[derive(Debug, Error)]
pub enum DaemonError {
    /// The admin port cannot be used.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The database cannot be used as it is.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A task ended that must not: a mistake of ours.
    #[error("the {0} ended unexpectedly")]
    Task(&'static str),
}

impl DaemonError {
    /// What the process exits with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Listen(_) => exit::BAD_CONFIG,
            Self::Store(_) | Self::Task(_) => exit::FAILED,
        }
    }
}

/// The daemon, with its admin port taken.
#[derive(Debug)]
pub struct Daemon {
    config: Config,
    admin: Admin,
    readiness: Readiness,
}

impl Daemon {
    /// Takes the admin port.
    pub async fn bind(config: Config) -> Result<Self, DaemonError> {
        let admin = Admin::bind(&config.admin).await?;
        let readiness = Readiness::waiting_for(&[mqtt::PART, writer::PART]);
        Ok(Self {
            config,
            admin,
            readiness,
        })
    }

    /// Where `/metrics`, `/healthz` and `/readyz` are.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.address()
    }

    /// What `/readyz` tells.
    pub fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// Works until `shutdown` completes, then stores and acknowledges what it has received.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), DaemonError> {
        let Self {
            config,
            admin,
            readiness,
        } = self;
        let recorder = ayaz_daemon::metrics::install();
        metrics::describe();
        let (stop, stopping) = watch::channel(false);
        let mut admin_stop = stopping.clone();
        let admin = tokio::spawn(admin.serve(recorder, readiness.clone(), async move {
            let _ = admin_stop.wait_for(|stop| *stop).await;
        }));

        let store = IngestStore::new(
            config.database.url.clone(),
            config.database.write_timeout(),
            env!("CARGO_PKG_VERSION"),
        );
        let (deliveries, delivered) = mpsc::unbounded_channel();
        let (batches, batched) = mpsc::channel(1);
        let (settled, settlements) = mpsc::unbounded_channel();
        let channels = mqtt::Channels {
            deliveries,
            settled: settlements,
            stop: stopping,
        };
        let mut mqtt = tokio::spawn(mqtt::run(config.mqtt, channels, readiness.clone()));
        let pipeline = tokio::spawn(pipeline::run(
            config.limits,
            config.batch,
            delivered,
            batches,
        ));
        let mut writer = tokio::spawn(writer::run(store, batched, settled, readiness));

        let outcome = tokio::select! {
            () = shutdown => {
                // The stop travels with the data: mqtt closes the deliveries, the pipeline hands
                // over the rest, the writer settles it, mqtt acknowledges and disconnects.
                let _ = stop.send(true);
                let grace = Duration::from_millis(config.shutdown_grace_ms);
                match tokio::time::timeout(grace, &mut mqtt).await {
                    Ok(_) => {}
                    Err(_) => tracing::warn!(
                        "stopping without the database; the broker will deliver the rest again"
                    ),
                }
                Ok(())
            }
            ended = &mut writer => match ended {
                Ok(Err(error)) => Err(error.into()),
                _ => Err(DaemonError::Task("writer")),
            },
            _ = &mut mqtt => Err(DaemonError::Task("broker task")),
        };
        let _ = stop.send(true);
        for task in [mqtt, pipeline] {
            task.abort();
        }
        writer.abort();
        admin.abort();
        outcome
    }
}
