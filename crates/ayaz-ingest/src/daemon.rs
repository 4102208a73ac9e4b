//! The stages, wired: the one place that knows all of them.

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
use crate::fair::Waiting;
use crate::progress::Progress;
use crate::writer::WriterStates;
use crate::{metrics, mqtt, pipeline, writer};

/// The part of the daemon's readiness that says whether the database answers, whatever the writers are at.
const REACHABLE: &str = "database_reachable";

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
        let readiness = Readiness::waiting_for(&[mqtt::PART, writer::PART, clock::PART]);
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
        // What the writers hold is all there is: when they have ended, the others learn of it.
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
        // A share of what the broker may have on the way: the others are written while one comes.
        let shares = usize::from(config.database.connections) + 1;
        let messages_max = usize::from(config.mqtt.receive_maximum).div_ceil(shares);
        let batcher = Batcher::new(config.batch, messages_max);
        let waiting = Waiting::new(config.mqtt.vehicle_memory_max_bytes);
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
            // The writers first: when one fails, the others end too, and its error is the cause.
            biased;
            Some(ended) = writers.join_next() => Err(failure("writer", ended)),
            _ = &mut pipeline => Err(cause("pipeline", &mut writers).await),
            _ = &mut mqtt => Err(cause("broker task", &mut writers).await),
            () = shutdown => {
                // The stop travels with the data: mqtt closes the deliveries, the pipeline hands
                // over the rest, the writers settle it, mqtt acknowledges and disconnects.
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
                            "stopping before all is stored and acknowledged; the broker will deliver \
                             the rest again"
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

/// Why a task ended that only ends after the writers: the error of one, if there is one.
async fn cause(task: &'static str, writers: &mut JoinSet<Result<(), StoreError>>) -> DaemonError {
    match tokio::time::timeout(Duration::from_secs(1), writers.join_next()).await {
        Ok(Some(Ok(Err(error)))) => error.into(),
        _ => DaemonError::Task(task),
    }
}
