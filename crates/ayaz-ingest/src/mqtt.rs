//! The only task that talks to the broker. It receives, hands on, and acknowledges what is stored;
//! it never waits for anything but the broker and the clock, so keep-alive goes on whatever the
//! database does.
//!
//! Every connection gets a client of its own: rumqttc keeps events and requests over a reconnect,
//! and an acknowledgement or a publish of an earlier connection must not reach the next one.
//!
//! Memory is bounded here, in bytes: once what was handed on and not yet stored exceeds
//! `memory_max_bytes`, whatever else arrives is dropped unacknowledged; when all of it is stored and
//! acknowledged, the connection is closed and opened again, upon which the broker delivers the rest
//! once more.

mod backoff;
mod config;
mod connection;

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

/// The part of the daemon's readiness that this task speaks for.
pub const PART: &str = "broker";

/// Bytes that a delivery costs beside topic and payload.
const DELIVERY_OVERHEAD_BYTES: usize = 256;

/// A delivery's mean size is taken over about so many.
const MEAN_OVER_MESSAGES: f64 = 2_000.0;

/// What is expected to be on the way at most, of the memory that there is.
const MEMORY_SHARE: f64 = 0.75;

/// Where this task's messages come from and go to.
#[derive(Debug)]
pub struct Channels {
    /// To the pipeline.
    pub deliveries: UnboundedSender<Delivery>,
    /// From the writer.
    pub settled: UnboundedReceiver<Vec<AckToken>>,
    /// Turns true when the daemon is to stop.
    pub stop: watch::Receiver<bool>,
    /// To whoever watches whether things move.
    pub progress: Progress,
}

/// Receives and acknowledges until the daemon stops and the writer has settled everything.
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
        settled_all: false,
        outstanding_bytes: 0,
        mean_bytes: None,
        progress,
        bytes_max: config.memory_max_bytes,
        shed: Episode::default(),
        has_session: false,
        stop,
    };
    let mut delays = Delays::new(&config);
    for epoch in 1.. {
        let mut connection = Connection::new(&config, epoch, intake.receive_maximum(&config));
        let ended = connection.run(&mut intake, &readiness).await;
        metrics::set(metrics::CONNECTED, 0.0);
        HOT.outstanding_messages.set(0.0);
        if connection.was_established() {
            delays.worked();
        }
        let waited = match ended {
            Ended::Stopped => return,
            Ended::Shed => {
                tracing::debug!("enough is stored, connecting again for what was dropped");
                continue;
            }
            Ended::TakenOver => intake.give_way(&config, &mut delays, &readiness).await,
            Ended::Closed if delays.closed_too_often(Instant::now()) => {
                intake.give_way(&config, &mut delays, &readiness).await
            }
            Ended::Closed => {
                let error = "the broker closed the connection".to_owned();
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
    /// `None` once the daemon stops.
    deliveries: Option<UnboundedSender<Delivery>>,
    settled: UnboundedReceiver<Vec<AckToken>>,
    /// The writer has ended: no more tokens will come.
    settled_all: bool,
    outstanding_bytes: usize,
    /// Of a delivery, over the last thousands; `None` before the first.
    mean_bytes: Option<f64>,
    progress: Progress,
    bytes_max: usize,
    shed: Episode,
    /// The broker keeps a session for us, as far as we know.
    has_session: bool,
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

    /// How many messages the broker may have on the way: as many as configured, if those it sends
    /// fit into the memory. Where they do not, they would be dropped and fetched again for ever.
    fn receive_maximum(&self, config: &MqttConfig) -> u16 {
        let Some(mean_bytes) = self.mean_bytes else {
            return config.receive_maximum;
        };
        let fitting = self.bytes_max as f64 * MEMORY_SHARE / mean_bytes;
        config.receive_maximum.min(fitting.max(1.0) as u16)
    }

    /// Everything handed on is stored. Not half of it: what the broker would deliver again while
    /// it is still in memory would count twice, and the bound be reached by repetitions.
    fn has_drained(&self) -> bool {
        self.outstanding_bytes == 0
    }

    fn hand_on(&mut self, delivery: Delivery) {
        let bytes = delivery.token.bytes();
        let mean = self.mean_bytes.get_or_insert(bytes as f64);
        *mean += (bytes as f64 - *mean) / MEAN_OVER_MESSAGES;
        // The pipeline ends early only when the daemon fails, and then nothing is stored or
        // acknowledged any more.
        if self
            .deliveries
            .as_ref()
            .is_some_and(|to| to.send(delivery).is_ok())
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
    async fn give_way(
        &mut self,
        config: &MqttConfig,
        delays: &mut Delays,
        readiness: &Readiness,
    ) -> Waited {
        metrics::add(metrics::TAKEOVERS, 1);
        let client_id = &config.client_id;
        let delay = delays.after_takeover();
        tracing::error!(
            client_id,
            ?delay,
            "another client connects with our client id, so this one waits: no two daemons may \
             share mqtt.client_id"
        );
        let reason = format!("another client uses the client id {client_id}");
        readiness.not_ready(PART, reason);
        self.wait(delay).await
    }

    async fn come_back(
        &mut self,
        error: String,
        delays: &mut Delays,
        readiness: &Readiness,
    ) -> Waited {
        readiness.not_ready(PART, error);
        let delay = delays.after_loss();
        tracing::debug!(?delay, "connecting again later");
        self.wait(delay).await
    }

    /// Waits between connections; what is stored meanwhile will be delivered again, and found to be
    /// there.
    async fn wait(&mut self, delay: Duration) -> Waited {
        let deadline = tokio::time::Instant::now() + delay;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => return Waited::Elapsed,
                Ok(()) = self.stop.changed() => self.deliveries = None,
                tokens = self.settled.recv() => match tokens {
                    Some(tokens) => self.release(&tokens),
                    None => return Waited::Stopped,
                },
            }
        }
    }
}
