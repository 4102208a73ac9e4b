//! The only task that talks to the broker. It receives, hands on, and acknowledges what is stored;
//! it never waits for anything but the broker and the clock, so keep-alive goes on whatever the
//! database does.
//!
//! Nothing of a connection outlives it: an acknowledgement or a publish of an earlier one must not
//! reach the next.
//!
//! Memory is bounded here, in bytes: while what was handed on and not yet stored is
//! `memory_max_bytes` or more, nothing is read from the broker, and only pings are sent.

mod answer;
mod backoff;
mod config;
mod connection;
mod keep_alive;
mod leftovers;
pub mod link;
mod socket;
mod standing;
mod subscriptions;
mod topics;

use std::pin::pin;
use std::time::{Duration, Instant};

use ayaz_daemon::admin::Readiness;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;

use crate::ack::AckToken;
use crate::delivery::Delivery;
use crate::metrics::{self, HOT};
use crate::progress::Progress;
use backoff::Delays;
pub use config::MqttConfig;
use connection::{Connection, Ended};
use leftovers::Leftovers;
use link::LinkError;
use standing::Standing;

/// The part of the daemon's readiness that this task speaks for.
pub const PART: &str = "broker";

/// Bytes that a delivery costs beside topic and payload.
const DELIVERY_OVERHEAD_BYTES: usize = 256;

/// Where this task's messages come from and go to.
#[derive(Debug)]
pub struct Channels {
    /// To the pipeline.
    pub deliveries: UnboundedSender<Vec<Delivery>>,
    /// From the writers.
    pub settled: UnboundedReceiver<Vec<AckToken>>,
    /// Turns true when the daemon is to stop.
    pub stop: watch::Receiver<bool>,
    /// To whoever watches whether things move.
    pub progress: Progress,
}

/// Receives and acknowledges until the daemon stops and the writers have settled everything.
pub async fn run(config: MqttConfig, channels: Channels, readiness: Readiness) {
    let Channels {
        deliveries,
        settled,
        stop,
        progress,
    } = channels;
    let mut intake = Intake {
        deliveries: Some(deliveries),
        settled,
        outstanding_bytes: 0,
        progress,
        bytes_max: config.memory_max_bytes,
        pauses: Episode::default(),
        standing: Standing::default(),
        leftovers: Leftovers::of(&config),
        unreached: None,
        stop,
        config: config.clone(),
    };
    let mut delays = Delays::new(&config);
    for epoch in 1.. {
        let Some(opened) = intake.meanwhile(Connection::open(&config, epoch)).await else {
            return;
        };
        let (established, ended) = match opened {
            Ok(connection) => connection.run(&mut intake, &readiness).await,
            Err(error) => (false, Ended::Lost(intake.unreached(&error))),
        };
        metrics::set(metrics::CONNECTED, 0.0);
        HOT.outstanding_messages.set(0.0);
        if established {
            delays.worked();
            intake.unreached = None;
        }
        let waited = match ended {
            Ended::Stopped => return,
            Ended::TakenOver => intake.give_way(&mut delays, &readiness).await,
            // Before that, whoever connects with our id is not the reason.
            Ended::Closed if !established => {
                let error = "the broker closed the connection before it answered to SUBSCRIBE: its \
                             log says why, perhaps our user may not subscribe";
                intake
                    .come_back(error.to_owned(), &mut delays, &readiness)
                    .await
            }
            Ended::Closed if delays.is_takeover(Instant::now()) => {
                intake.give_way(&mut delays, &readiness).await
            }
            Ended::Closed => {
                let error = LinkError::Closed.to_string();
                intake.come_back(error, &mut delays, &readiness).await
            }
            Ended::Lost(error) => intake.come_back(error, &mut delays, &readiness).await,
        };
        if waited == Waited::Stopped {
            return;
        }
    }
}

/// What outlives a connection: the channels, and the account of memory.
struct Intake {
    config: MqttConfig,
    /// `None` once the daemon stops.
    deliveries: Option<UnboundedSender<Vec<Delivery>>>,
    settled: UnboundedReceiver<Vec<AckToken>>,
    outstanding_bytes: usize,
    progress: Progress,
    bytes_max: usize,
    pauses: Episode,
    standing: Standing,
    leftovers: Leftovers,
    /// Why no connection comes about, as it was last logged.
    unreached: Option<String>,
    stop: watch::Receiver<bool>,
}

/// A stretch in which something happens again and again, to be told once.
#[derive(Debug, Default)]
struct Episode {
    last: Option<Instant>,
}

impl Episode {
    /// So long without it, and the next one is news.
    const QUIET: Duration = Duration::from_secs(60);

    /// It happens. Returns whether that is news.
    fn note(&mut self) -> bool {
        let last = self.last.replace(Instant::now());
        last.is_none_or(|last| last.elapsed() > Self::QUIET)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Waited {
    Elapsed,
    Stopped,
}

impl Intake {
    fn is_full(&self) -> bool {
        self.outstanding_bytes >= self.bytes_max
    }

    /// No connection came about. An error the first time, since somebody may be setting Ayaz up;
    /// after that only what is new.
    fn unreached(&mut self, error: &LinkError) -> String {
        self.standing.unreached();
        let broker = self.config.url.address();
        let advice = error.advice();
        let what = format!("cannot connect to the broker at {broker}: {error}; {advice}");
        if self.unreached.as_ref() != Some(&what) {
            let user = self
                .config
                .url
                .credentials()
                .map_or("none", |(user, _)| user);
            let client_id = self.config.client_id();
            tracing::error!(user, client_id, "{what}");
            self.unreached = Some(what.clone());
        }
        what
    }

    /// Nothing more is read until something is stored.
    fn paused(&mut self) {
        metrics::add(metrics::INTAKE_PAUSES, 1);
        if self.pauses.note() {
            tracing::warn!(
                // Of its own, for who expects it, as while a backlog is read.
                target: "ayaz_ingest::intake",
                outstanding_bytes = self.outstanding_bytes,
                "memory bound reached: further messages stay with the broker until something is \
                 stored"
            );
        }
    }

    fn hand_on(&mut self, deliveries: Vec<Delivery>) {
        let bytes = deliveries.iter().map(|of| of.token.bytes()).sum();
        // The pipeline ends early only when the daemon fails, and then nothing is stored or
        // acknowledged any more.
        if self
            .deliveries
            .as_ref()
            .is_some_and(|to| to.send(deliveries).is_ok())
        {
            self.account(bytes, 0);
        }
    }

    /// Stored: its memory is free again.
    fn release(&mut self, tokens: &[AckToken]) {
        self.account(0, tokens.iter().map(AckToken::bytes).sum());
    }

    fn account(&mut self, more: usize, less: usize) {
        self.outstanding_bytes = (self.outstanding_bytes + more).saturating_sub(less);
        self.progress.waits(self.outstanding_bytes, less > 0);
        HOT.outstanding_bytes.set(self.outstanding_bytes as f64);
    }

    /// Another client uses our id, and it is not known which of us is the wrong one.
    async fn give_way(&mut self, delays: &mut Delays, readiness: &Readiness) -> Waited {
        metrics::add(metrics::TAKEOVERS, 1);
        let client_id = self.config.client_id();
        let delay = delays.after_takeover();
        tracing::error!(
            client_id,
            ?delay,
            "another client connects with our client id, so this one waits: no two clients may share \
             a login where the broker takes it for the client id, nor mqtt.client_id elsewhere"
        );
        // The id is mostly the login's name, and whoever asks for readiness has no login.
        let reason = "another client uses the client id of this daemon, which its log names";
        readiness.not_ready(PART, reason);
        self.wait(delay).await
    }

    async fn come_back(
        &mut self,
        error: String,
        delays: &mut Delays,
        readiness: &Readiness,
    ) -> Waited {
        readiness.not_ready(PART, self.standing.reason(error));
        let delay = delays.after_loss();
        tracing::debug!(?delay, "connecting again later");
        self.wait(delay).await
    }

    /// Waits between connections.
    async fn wait(&mut self, delay: Duration) -> Waited {
        match self.meanwhile(tokio::time::sleep(delay)).await {
            Some(()) => Waited::Elapsed,
            None => Waited::Stopped,
        }
    }

    /// Does something while there is no connection; what is stored meanwhile will be delivered
    /// again, and found to be there. `None` if the writers have ended.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                Ok(()) = self.stop.changed() => self.deliveries = None,
                tokens = self.settled.recv() => self.release(&tokens?),
            }
        }
    }
}
