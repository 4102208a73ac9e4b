//! One task that owns the connection. It waits for the network and the clock only, never for
//! callers, so acknowledgements are always read.
//!
//! Each connection is a fresh client and event loop. The library's own resumption is not used: it
//! drops what is pending when the broker has no session for us, and its buffered events outlive a
//! connection.

use std::sync::Arc;
use std::time::Duration;

use ayaz_mqtt::{TakeoverDetector, advice};
use backon::{BackoffBuilder, ExponentialBuilder};
use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, DisconnectReasonCode, PubAckReason};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, Incoming, StateError};
use tokio::time::{Instant, sleep, timeout};

use crate::error::PublishError;
use crate::options::PublisherOptions;
use crate::shared::{Shared, State};

mod client;
mod subscribers;

use subscribers::Subscribers;

/// Longest silence from the event loop: it reports pings, so more means that it hangs in a write
/// to a peer that takes nothing.
const STALL_TIMEOUT: Duration = Duration::from_secs(45);

/// Longest wait for any acknowledgement while messages are under way.
const ACKNOWLEDGEMENT_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection that lasted this long starts the back-off anew.
const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// The window for [`TakeoverDetector`].
const TAKEOVER_WINDOW: Duration = Duration::from_secs(60);

/// Why a connection ended.
enum Ended {
    /// As asked.
    Goodbye,
    /// To be tried again.
    Lost(String),
    /// To be tried again, which sends this topic's message again: nobody has subscribed to it yet.
    Unsubscribed(String),
    /// Another connection has taken ours over, by the broker's word.
    TakenOver,
    /// The broker does not want us.
    Refused(String),
    /// Trying again cannot help.
    Failed(PublishError),
}

/// Keeps a connection until the publisher is finished, dropped or failed.
pub(crate) async fn run(options: PublisherOptions, shared: Arc<Shared>) {
    let broker = options.url.address();
    let user = match options.url.credentials() {
        Some((user, _)) => format!("as user {user}"),
        None => "without a user".to_owned(),
    };
    let _ended = Ending(&shared);
    let started = Instant::now();
    let mut delays = backoff();
    let mut subscribers = Subscribers::awaited(options.subscriber_wait);
    let mut takeovers = TakeoverDetector::new(TAKEOVER_WINDOW);
    let mut outage_is_logged = false;
    loop {
        let connected_at = Instant::now();
        let acknowledged_before = shared.lock().counts.messages;
        let (client, mut event_loop) = client::build(&options);
        let mut connection = Connection {
            shared: &shared,
            client,
            broker: &broker,
            subscribers: &mut subscribers,
            stood: false,
            in_flight: 0,
        };
        let ended = connection.keep(&mut event_loop).await;
        let stood = connection.stood;
        shared.lock().disconnected();

        let was_connected = shared.lock().was_connected;
        let moved = shared.lock().counts.messages > acknowledged_before;
        let told = matches!(ended, Ended::TakenOver);
        let reason = match ended {
            Ended::Goodbye => return,
            Ended::Failed(error) => return shared.fail(error),
            Ended::Refused(reason) if !was_connected => {
                return shared.fail(PublishError::Refused {
                    broker,
                    user,
                    reason,
                });
            }
            Ended::Unsubscribed(topic) => {
                if moved {
                    delays = backoff();
                }
                let delay = delays.next().unwrap_or(SETTLED_AFTER);
                match subscribers.missing(topic, Instant::now()) {
                    Ok(left) => sleep(delay.min(left)).await,
                    Err(error) => return shared.fail(error),
                }
                continue;
            }
            Ended::TakenOver => "another connection has taken it over".to_owned(),
            Ended::Refused(reason) | Ended::Lost(reason) => reason,
        };
        if let Some(limit) = options.give_up_after
            && !was_connected
            && started.elapsed() >= limit
        {
            return shared.fail(PublishError::Unreachable {
                broker,
                user,
                after: limit,
                reason,
            });
        }

        let taken_over = stood && (takeovers.lost(Instant::now().into_std()) || told);
        if taken_over {
            shared.lock().counts.takeovers += 1;
            tell_takeover(&options);
        } else if stood && (moved || connected_at.elapsed() > SETTLED_AFTER) {
            delays = backoff();
        }
        let waiting = shared.lock().window.len();
        if !was_connected && !outage_is_logged {
            // Somebody may be setting Ayaz up.
            tracing::error!("cannot connect to the broker at {broker} {user}: {reason}");
            outage_is_logged = true;
        } else if stood || !outage_is_logged {
            tracing::warn!(
                broker,
                reason,
                waiting,
                "no connection to the broker, trying again"
            );
            outage_is_logged = true;
        } else {
            tracing::debug!(broker, reason, "still no connection to the broker");
        }
        sleep(delays.next().unwrap_or(SETTLED_AFTER)).await;
    }
}

/// Says what to do about two that use one login.
fn tell_takeover(options: &PublisherOptions) {
    let login = options.url.credentials().map_or("", |(user, _)| user);
    tracing::error!(
        login,
        client_id = options.client_id,
        "another connection with this login takes ours over again and again, and ours takes over its: \
         at a broker that binds client ids to logins, one login is one connection, so give each \
         device, each gateway and each replay beside them a login of its own"
    );
}

/// However the task ends, nobody waits for it any longer.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.fail(PublishError::Stopped);
    }
}

fn backoff() -> impl Iterator<Item = Duration> {
    // Jitter adds up to as much again, so no delay exceeds 10 s.
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(5))
        .without_max_times()
        .with_jitter()
        .build()
}

struct Connection<'a> {
    shared: &'a Shared,
    client: AsyncClient,
    broker: &'a str,
    subscribers: &'a mut Subscribers,
    /// Whether the broker has accepted it.
    stood: bool,
    /// Messages sent over it and not acknowledged.
    in_flight: u64,
}

impl Connection<'_> {
    async fn keep(&mut self, event_loop: &mut EventLoop) -> Ended {
        let mut moved_at = Instant::now();
        loop {
            let polled = match timeout(STALL_TIMEOUT, event_loop.poll()).await {
                Ok(polled) => polled,
                Err(_) => return Ended::Lost("broker takes nothing".to_owned()),
            };
            let event = match polled {
                Ok(event) => event,
                Err(error) => {
                    // Acknowledgements that were read before the error count.
                    while let Some(event) = event_loop.state.events.pop_front() {
                        if let Err(ended) = self.handle(event) {
                            return ended;
                        }
                    }
                    return self.ended(error);
                }
            };
            match self.handle(event) {
                Ok(true) => moved_at = Instant::now(),
                Ok(false) if moved_at.elapsed() < ACKNOWLEDGEMENT_TIMEOUT => {}
                Ok(false) if self.in_flight == 0 => {}
                Ok(false) => return Ended::Lost("broker acknowledges nothing".to_owned()),
                Err(ended) => return ended,
            }
        }
    }

    /// Returns whether messages move: one was acknowledged, or the first one was sent.
    fn handle(&mut self, event: Event) -> Result<bool, Ended> {
        match event {
            Event::Outgoing(Outgoing::Publish(packet_id)) => {
                let mut state = self.shared.lock();
                match state.window.sent(packet_id) {
                    Some(again) => state.counts.resent += u64::from(again),
                    None => return Err(Ended::Lost("a message went out of turn".to_owned())),
                }
                self.in_flight += 1;
                Ok(self.in_flight == 1)
            }
            Event::Incoming(Incoming::PubAck(ack)) => self.acknowledged(ack.pkid, ack.reason),
            Event::Incoming(Incoming::ConnAck(ack)) => {
                let limits = ack.properties.as_ref();
                let mut state = self.shared.lock();
                let waiting = state
                    .connected(
                        &self.client,
                        limits.and_then(|limits| limits.max_packet_size),
                    )
                    .map_err(Ended::Failed)?;
                drop(state);
                self.stood = true;
                let inflight_max = limits.and_then(|limits| limits.receive_max);
                tracing::info!(broker = self.broker, waiting, ?inflight_max, "connected");
                self.shared.changed.notify_waiters();
                Ok(true)
            }
            Event::Outgoing(Outgoing::Disconnect) => Err(Ended::Goodbye),
            _ => Ok(false),
        }
    }

    fn acknowledged(&mut self, packet_id: u16, reason: PubAckReason) -> Result<bool, Ended> {
        let mut state = self.shared.lock();
        let unsubscribed = reason == PubAckReason::NoMatchingSubscribers;
        if unsubscribed
            && self.subscribers.are_awaited()
            && let Some(message) = state.window.waiting_under(packet_id)
            && !message.retain
        {
            return Err(Ended::Unsubscribed(message.topic.clone()));
        }
        let Some(message) = state.window.acknowledged(packet_id) else {
            return Ok(false);
        };
        self.in_flight = self.in_flight.saturating_sub(1);
        // Nobody listening is the broker's success: it has taken the message.
        if reason != PubAckReason::Success && !unsubscribed {
            let reason = format!("{reason:?}");
            return Err(Ended::Failed(PublishError::Rejected {
                topic: message.topic,
                reason,
            }));
        }
        if !unsubscribed {
            self.subscribers.found();
        }
        state.counts.messages += 1;
        let is_empty = state.window.is_empty();
        drop(state);
        self.shared.budget.add_permits(message.cost as usize);
        if is_empty {
            self.shared.changed.notify_waiters();
        }
        Ok(true)
    }

    fn ended(&self, error: ConnectionError) -> Ended {
        use ConnectReturnCode as Code;
        match error {
            ConnectionError::ConnectionRefused(code) => {
                let reason = format!("{code:?}; {}", advice::on_refusal(code));
                match code {
                    Code::BadUserNamePassword
                    | Code::NotAuthorized
                    | Code::Banned
                    | Code::BadAuthenticationMethod
                    | Code::UnsupportedProtocolVersion
                    | Code::RefusedProtocolVersion => Ended::Refused(reason),
                    // Anything else may pass, as a client id that a dead node still holds.
                    _ => Ended::Lost(format!("connection refused: {reason}")),
                }
            }
            ConnectionError::MqttState(StateError::ServerDisconnect {
                reason_code: DisconnectReasonCode::PacketTooLarge,
                ..
            }) => match largest(&self.shared.lock()) {
                Some(error) => Ended::Failed(error),
                None => Ended::Lost("broker calls a packet too large".to_owned()),
            },
            ConnectionError::MqttState(StateError::ServerDisconnect {
                reason_code: DisconnectReasonCode::SessionTakenOver,
                ..
            }) => Ended::TakenOver,
            other if self.stood => Ended::Lost(other.to_string()),
            other => Ended::Lost(unreached(&other)),
        }
    }
}

/// Why no connection came about, and what to try.
fn unreached(error: &ConnectionError) -> String {
    let no_broker = |what: &str| format!("{what}; {}", advice::CHECK_THE_PORT);
    match error {
        ConnectionError::Io(error) => format!("{error}; {}", advice::on_network(error)),
        ConnectionError::Timeout(_) => no_broker("no answer to CONNECT in time"),
        ConnectionError::MqttState(StateError::ConnectionAborted) => {
            no_broker("it closes the connection without an answer of MQTT 5 to CONNECT")
        }
        ConnectionError::MqttState(StateError::Deserialization(_))
        | ConnectionError::NotConnAck(_) => no_broker("what answers there is no MQTT 5 broker"),
        other => other.to_string(),
    }
}

fn largest(state: &State) -> Option<PublishError> {
    let message = state
        .window
        .messages()
        .max_by_key(|message| message.packet_size())?;
    let (topic, size) = (message.topic.clone(), message.packet_size());
    Some(PublishError::BrokeOffTooLarge { topic, size })
}
