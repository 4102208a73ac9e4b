//! The only task that talks to the broker. It receives messages, sends them to the pipeline, and
//! acknowledges them after they are stored. It waits only for the broker and the clock, so keep-alive
//! continues while the database is slow.
//!
//! The state of a connection ends with it: an acknowledgement or message of an earlier connection must
//! not reach the next one.
//!
//! This task limits the memory: while `memory_max_bytes` or more are received and not stored, it reads
//! nothing from the broker and only sends pings.

mod backoff;
mod broker_state;
mod config;
mod connection;
mod grants;
mod keep_alive;
pub mod link;
mod old_subscriptions;
mod socket;
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
use broker_state::BrokerState;
pub use config::MqttConfig;
use connection::{Connection, Ended};
use link::LinkError;
use old_subscriptions::OldSubscriptions;

/// The part of the daemon's readiness for this task.
pub const PART: &str = "broker";

/// Bytes of a delivery in addition to topic and payload.
const DELIVERY_OVERHEAD_BYTES: usize = 256;

/// The channels of this task.
#[derive(Debug)]
pub struct Channels {
    /// To the pipeline.
    pub deliveries: UnboundedSender<Vec<Delivery>>,
    /// From the writers.
    pub settled: UnboundedReceiver<Vec<AckToken>>,
    /// Becomes true when the daemon must stop.
    pub stop: watch::Receiver<bool>,
    /// Records the progress of storing.
    pub progress: Progress,
}

/// Receives and acknowledges until the daemon stops and all deliveries are settled.
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
        pause_log: LogLimit::default(),
        broker_state: BrokerState::default(),
        old_subscriptions: OldSubscriptions::new(&config),
        connect_error: None,
        stop,
        config: config.clone(),
    };
    let mut delays = Delays::new(&config);
    for epoch in 1.. {
        let Some(opened) = intake
            .while_disconnected(Connection::open(&config, epoch))
            .await
        else {
            return;
        };
        let (established, ended) = match opened {
            Ok(connection) => connection.run(&mut intake, &readiness).await,
            Err(error) => (false, Ended::Lost(intake.connect_failed(&error))),
        };
        metrics::set(metrics::CONNECTED, 0.0);
        HOT.outstanding_messages.set(0.0);
        if established {
            delays.reset();
            intake.connect_error = None;
        }
        let waited = match ended {
            Ended::Stopped => return,
            Ended::TakenOver => intake.wait_after_takeover(&mut delays, &readiness).await,
            // Before the SUBACK, another client with our id is not the cause.
            Ended::Closed if !established => {
                let error = "the broker closed the connection before it answered to SUBSCRIBE: see the \
                             broker's log; perhaps our user has no right to subscribe";
                intake
                    .wait_after_loss(error.to_owned(), &mut delays, &readiness)
                    .await
            }
            Ended::Closed if delays.is_takeover(Instant::now()) => {
                intake.wait_after_takeover(&mut delays, &readiness).await
            }
            Ended::Closed => {
                let error = LinkError::Closed.to_string();
                intake.wait_after_loss(error, &mut delays, &readiness).await
            }
            Ended::Lost(error) => intake.wait_after_loss(error, &mut delays, &readiness).await,
        };
        if waited == Waited::Stopped {
            return;
        }
    }
}

/// The state that stays over all connections: the channels and the use of memory.
struct Intake {
    config: MqttConfig,
    /// `None` once the daemon stops.
    deliveries: Option<UnboundedSender<Vec<Delivery>>>,
    settled: UnboundedReceiver<Vec<AckToken>>,
    outstanding_bytes: usize,
    progress: Progress,
    bytes_max: usize,
    pause_log: LogLimit,
    broker_state: BrokerState,
    old_subscriptions: OldSubscriptions,
    /// The last logged error of connecting.
    connect_error: Option<String>,
    stop: watch::Receiver<bool>,
}

/// Limits the log lines about a repeated event.
#[derive(Debug, Default)]
struct LogLimit {
    last: Option<Instant>,
}

impl LogLimit {
    /// An event is logged again after this time without one.
    const QUIET: Duration = Duration::from_secs(60);

    /// Records the event. Returns whether to log it.
    fn should_log(&mut self) -> bool {
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

    /// Logs why the connection failed, unless it was logged before. An error, since somebody may be
    /// setting up Ayaz.
    fn connect_failed(&mut self, error: &LinkError) -> String {
        self.broker_state.unreachable();
        let broker = self.config.url.address();
        let advice = error.advice();
        let text = format!("cannot connect to the broker at {broker}: {error}; {advice}");
        if self.connect_error.as_ref() != Some(&text) {
            let user = self
                .config
                .url
                .credentials()
                .map_or("none", |(user, _)| user);
            let client_id = self.config.client_id();
            tracing::error!(user, client_id, "{text}");
            self.connect_error = Some(text.clone());
        }
        text
    }

    /// Counts and logs a pause: nothing is read until something is stored.
    fn paused(&mut self) {
        metrics::add(metrics::INTAKE_PAUSES, 1);
        if self.pause_log.should_log() {
            tracing::warn!(
                // Its own target, so that a user can silence it while a backlog is read.
                target: "ayaz_ingest::intake",
                outstanding_bytes = self.outstanding_bytes,
                "memory limit reached: further messages stay in the broker until something is stored"
            );
        }
    }

    fn forward(&mut self, deliveries: Vec<Delivery>) {
        let bytes = deliveries.iter().map(|of| of.token.bytes()).sum();
        // The pipeline ends early only when the daemon fails. Then nothing is stored or acknowledged.
        if self
            .deliveries
            .as_ref()
            .is_some_and(|to| to.send(deliveries).is_ok())
        {
            self.update_memory(bytes, 0);
        }
    }

    /// Releases the memory of stored deliveries.
    fn release(&mut self, tokens: &[AckToken]) {
        self.update_memory(0, tokens.iter().map(AckToken::bytes).sum());
    }

    fn update_memory(&mut self, added: usize, released: usize) {
        self.outstanding_bytes = (self.outstanding_bytes + added).saturating_sub(released);
        self.progress.update(self.outstanding_bytes, released > 0);
        HOT.outstanding_bytes.set(self.outstanding_bytes as f64);
    }

    /// Waits longer after another client connected with our client id. Either may be the wrong one.
    async fn wait_after_takeover(&mut self, delays: &mut Delays, readiness: &Readiness) -> Waited {
        metrics::add(metrics::TAKEOVERS, 1);
        let client_id = self.config.client_id();
        let delay = delays.after_takeover();
        tracing::error!(
            client_id,
            ?delay,
            "another client connects with our client id, so this daemon waits: each client needs its \
             own login if the broker uses the login as client id, else its own mqtt.client_id"
        );
        // Without the id, which is often the login's name: /readyz has no authentication.
        let reason = "another client uses the client id of this daemon; the daemon's log names it";
        readiness.not_ready(PART, reason);
        self.wait(delay).await
    }

    async fn wait_after_loss(
        &mut self,
        error: String,
        delays: &mut Delays,
        readiness: &Readiness,
    ) -> Waited {
        readiness.not_ready(PART, self.broker_state.reason(error));
        let delay = delays.after_loss();
        tracing::debug!(?delay, "connecting again later");
        self.wait(delay).await
    }

    /// Waits between connections.
    async fn wait(&mut self, delay: Duration) -> Waited {
        match self.while_disconnected(tokio::time::sleep(delay)).await {
            Some(()) => Waited::Elapsed,
            None => Waited::Stopped,
        }
    }

    /// Waits for `work` while there is no connection. Deliveries that are stored meanwhile are delivered
    /// again, as duplicates. `None` if the writers have ended.
    async fn while_disconnected<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
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
