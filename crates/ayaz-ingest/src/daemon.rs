//! The stages, wired: the one place that knows all of them.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use ayaz_daemon::admin::{Admin, ListenError, Readiness};
use ayaz_daemon::exit;
use ayaz_store::ingest::DeadLetterLimits;
use ayaz_store::{IngestStore, StoreError};
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};

use crate::batch::Batcher;
use crate::config::Config;
use crate::progress::Progress;
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
        )
        .with_dead_letter_limits(DeadLetterLimits {
            per_vehicle_hour_max: config.dead_letters.per_vehicle_hour_max,
            payload_whole_max_bytes: config.limits.payload_max_bytes,
        });
        let (deliveries, delivered) = mpsc::unbounded_channel();
        let (requests, requested) = mpsc::channel(1);
        let (settled, settlements) = mpsc::unbounded_channel();
        let progress = Progress::new();
        let stall_after = Duration::from_secs(u64::from(config.stall_after_s));
        let watch = tokio::spawn(progress.clone().watch(stall_after, readiness.clone()));
        let channels = mqtt::Channels {
            deliveries,
            settled: settlements,
            stop: stopping,
            progress,
        };
        // Half of what the broker may have on the way: one half is written while the other comes.
        let messages_max = usize::from(config.mqtt.receive_maximum).div_ceil(2);
        let batcher = Batcher::new(config.batch, messages_max);
        let mut mqtt = tokio::spawn(mqtt::run(config.mqtt, channels, readiness.clone()));
        let mut pipeline =
            tokio::spawn(pipeline::run(config.limits, batcher, delivered, requested));
        let mut writer = tokio::spawn(writer::run(store, requests, settled, readiness));

        let outcome = tokio::select! {
            // The writer first: when it fails, the others end too, and its error is the cause.
            biased;
            ended = &mut writer => Err(failure("writer", ended)),
            _ = &mut pipeline => Err(cause("pipeline", &mut writer).await),
            _ = &mut mqtt => Err(cause("broker task", &mut writer).await),
            () = shutdown => {
                // The stop travels with the data: mqtt closes the deliveries, the pipeline hands
                // over the rest, the writer settles it, mqtt acknowledges and disconnects.
                let _ = stop.send(true);
                let grace = Duration::from_millis(config.shutdown_grace_ms);
                let drain = async {
                    let written = (&mut writer).await;
                    let _ = (&mut mqtt).await;
                    written
                };
                match tokio::time::timeout(grace, drain).await {
                    Ok(Ok(Ok(()))) => Ok(()),
                    Ok(ended) => Err(failure("writer", ended)),
                    Err(_) => {
                        tracing::warn!(
                            "stopping without the database; the broker will deliver the rest again"
                        );
                        Ok(())
                    }
                }
            }
        };
        let _ = stop.send(true);
        for task in [mqtt, pipeline, watch] {
            task.abort();
        }
        writer.abort();
        admin.abort();
        outcome
    }
}

type WriterEnd = Result<Result<(), StoreError>, JoinError>;

fn failure(task: &'static str, ended: WriterEnd) -> DaemonError {
    match ended {
        Ok(Err(error)) => error.into(),
        Ok(Ok(())) | Err(_) => DaemonError::Task(task),
    }
}

/// Why a task ended that only ends after the writer: the writer's error, if it has one.
async fn cause(task: &'static str, writer: &mut JoinHandle<Result<(), StoreError>>) -> DaemonError {
    match tokio::time::timeout(Duration::from_secs(1), writer).await {
        Ok(Ok(Err(error))) => error.into(),
        _ => DaemonError::Task(task),
    }
}
