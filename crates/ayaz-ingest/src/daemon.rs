//! Connects the stages. No other module knows all of them.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use ayaz_daemon::admin::{Admin, ListenError, Readiness};
use ayaz_daemon::exit;
use ayaz_store::{IngestStore, Pulse, Role, StoreError};
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use crate::batch::Batcher;
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::fair_queue::FairQueue;
use crate::progress::Progress;
use crate::writer::WriterStates;
use crate::{metrics, mqtt, pipeline, writer};

/// The part of the daemon's readiness for whether the database answers, independent of the writers.
const REACHABLE: &str = "database_reachable";

/// An error that ends the daemon.
#[derive(Debug, Error)]
pub enum DaemonError {
    /// The admin port cannot be used.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A task ended unexpectedly, which is a bug.
    #[error("the {0} ended unexpectedly")]
    Task(&'static str),
}

impl DaemonError {
    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Listen(_) => exit::BAD_CONFIG,
            Self::Store(_) | Self::Task(_) => exit::FAILED,
        }
    }
}

/// The daemon, bound to its admin port.
#[derive(Debug)]
pub struct Daemon {
    config: Config,
    admin: Admin,
    readiness: Readiness,
}

impl Daemon {
    /// Binds the admin port.
    pub async fn bind(config: Config) -> Result<Self, DaemonError> {
        let admin = Admin::bind(&config.admin).await?;
        let readiness = Readiness::waiting_for(&[mqtt::PART, writer::PART, clock::PART]);
        Ok(Self {
            config,
            admin,
            readiness,
        })
    }

    /// The address of `/metrics`, `/healthz` and `/readyz`.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.address()
    }

    /// The state that `/readyz` reports.
    pub fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// Runs until `shutdown` completes, then stores and acknowledges the received messages.
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
        .with_dead_letter_limits(config.dead_letters.limits(config.limits.payload_max_bytes))
        .with_vehicle_days_per_hour_max(config.limits.vehicle_days_per_hour_max);
        let (deliveries, delivered) = mpsc::unbounded_channel();
        let (requests, requested) = mpsc::channel(1);
        let (settled, settlements) = mpsc::unbounded_channel();
        let clock = Clock::new(&config.clock, readiness.clone());
        let mut writers = JoinSet::new();
        let states = WriterStates::starting(config.database.connections, readiness.clone());
        for number in 0..config.database.connections {
            let (requests, settled) = (requests.clone(), settled.clone());
            let states = states.clone();
            writers.spawn(writer::run(
                store.beside(),
                requests,
                settled,
                states,
                clock.clone(),
                number,
            ));
        }
        // Only the writers hold these senders, so the other tasks notice when all writers have ended.
        drop((requests, settled));
        let pulse = Pulse::new(config.database.url.clone(), Role::Ingest);
        let pulse = tokio::spawn(pulse.watch(readiness.reporter(REACHABLE)));
        let progress = Progress::new();
        let stall_after = Duration::from_secs(u64::from(config.stall_after_s));
        let watch = tokio::spawn(progress.clone().watch(stall_after, readiness.clone()));
        let channels = mqtt::Channels {
            deliveries,
            settled: settlements,
            stop: stopping,
            progress,
        };
        // A part of the Receive Maximum, so that one batch fills while the others are written.
        let shares = usize::from(config.database.connections) + 1;
        let messages_max = usize::from(config.mqtt.receive_maximum).div_ceil(shares);
        let batcher = Batcher::new(config.batch, messages_max);
        let waiting = FairQueue::new(config.mqtt.vehicle_memory_max_bytes);
        let mut mqtt = tokio::spawn(mqtt::run(config.mqtt, channels, readiness.clone()));
        let mut pipeline = tokio::spawn(pipeline::run(
            config.limits,
            clock,
            waiting,
            batcher,
            delivered,
            requested,
        ));

        let outcome = tokio::select! {
            // Writers first: when one fails, the other tasks end too, and its error is the cause.
            biased;
            Some(ended) = writers.join_next() => Err(failure("writer", ended)),
            _ = &mut pipeline => Err(cause("pipeline", &mut writers).await),
            _ = &mut mqtt => Err(cause("broker task", &mut writers).await),
            () = shutdown => {
                // The stop follows the data: mqtt closes the deliveries, the pipeline sends its last
                // batches, the writers settle them, mqtt acknowledges and disconnects.
                let _ = stop.send(true);
                let grace = Duration::from_millis(config.shutdown_grace_ms);
                let drain = async {
                    while let Some(ended) = writers.join_next().await {
                        if !matches!(ended, Ok(Ok(()))) {
                            return Err(failure("writer", ended));
                        }
                    }
                    let _ = (&mut mqtt).await;
                    Ok(())
                };
                match tokio::time::timeout(grace, drain).await {
                    Ok(drained) => drained,
                    Err(_) => {
                        let reasons = readiness.reasons();
                        tracing::warn!(
                            ?grace,
                            ?reasons,
                            "stopping before all messages are stored; the broker delivers the \
                             unacknowledged ones again"
                        );
                        Ok(())
                    }
                }
            }
        };
        let _ = stop.send(true);
        for task in [mqtt, pipeline, watch, pulse] {
            task.abort();
        }
        writers.abort_all();
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

/// The error for a task that ended early: the error of a writer, if one failed.
async fn cause(task: &'static str, writers: &mut JoinSet<Result<(), StoreError>>) -> DaemonError {
    match tokio::time::timeout(Duration::from_secs(1), writers.join_next()).await {
        Ok(Some(Ok(Err(error)))) => error.into(),
        _ => DaemonError::Task(task),
    }
}
