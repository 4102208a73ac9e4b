//! The task that owns the connection. It waits for the network and the clock only, never for
//! callers, so it always reads acknowledgements.
//!
//! Each connection has a new client and event loop. The reconnection of the library would discard
//! pending messages if the broker has no session, and keeps events of the earlier connection.

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

/// Longest time without an event. The event loop reports pings, so a longer silence means that it
/// blocks in a write to a peer that does not read.
const STALL_TIMEOUT: Duration = Duration::from_secs(45);

/// Longest wait for an acknowledgement while messages are in flight.
const ACKNOWLEDGEMENT_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection that lasted this long resets the back-off.
const STABLE_AFTER: Duration = Duration::from_secs(10);

/// The window for [`TakeoverDetector`].
const TAKEOVER_WINDOW: Duration = Duration::from_secs(60);

/// Why a connection ended.
enum Ended {
    /// The publisher finished.
    Finished,
    /// Lost; connect again.
    Lost(String),
    /// Nobody has subscribed to this topic yet; connect again, which sends the message again.
    Unsubscribed(String),
    /// The broker reports that another client connected with our client id.
    TakenOver,
    /// The broker refused the connection.
    Refused(String),
    /// A retry cannot help.
    Failed(PublishError),
}

/// Keeps a connection until the publisher is finished or dropped, or fails.
pub(crate) async fn run(options: PublisherOptions, shared: Arc<Shared>) {
    let broker = options.url.address();
    let user = match options.url.credentials() {
        Some((user, _)) => format!("as user {user}"),
        None => "without a user".to_owned(),
    };
    let _fail_on_drop = FailOnDrop(&shared);
    let started = Instant::now();
    let mut delays = backoff();
    let mut subscribers = Subscribers::new(options.subscriber_wait);
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
            accepted: false,
            in_flight: 0,
        };
        let ended = connection.run(&mut event_loop).await;
        let accepted = connection.accepted;
        shared.lock().disconnected();

        let was_connected = shared.lock().was_connected;
        let has_progress = shared.lock().counts.messages > acknowledged_before;
        let is_reported = matches!(ended, Ended::TakenOver);
        let reason = match ended {
            Ended::Finished => return,
            Ended::Failed(error) => return shared.fail(error),
            Ended::Refused(reason) if !was_connected => {
                return shared.fail(PublishError::Refused {
                    broker,
                    user,
                    reason,
                });
            }
            Ended::Unsubscribed(topic) => {
                if has_progress {
                    delays = backoff();
                }
                let delay = delays.next().unwrap_or(STABLE_AFTER);
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

        let is_often = accepted && takeovers.lost(Instant::now().into_std());
        if accepted && (is_often || is_reported) {
            shared.lock().counts.takeovers += 1;
            log_takeover(&options);
        } else if accepted && (has_progress || connected_at.elapsed() > STABLE_AFTER) {
            delays = backoff();
        }
        let waiting = shared.lock().window.len();
        if !was_connected && !outage_is_logged {
            // An error, since somebody may be setting up Ayaz.
            tracing::error!("cannot connect to the broker at {broker} {user}: {reason}");
            outage_is_logged = true;
        } else if accepted || !outage_is_logged {
            tracing::warn!(
                broker,
                reason,
                waiting,
                "no connection to the broker; connecting again"
            );
            outage_is_logged = true;
        } else {
            tracing::debug!(broker, reason, "cannot connect to the broker yet");
        }
        sleep(delays.next().unwrap_or(STABLE_AFTER)).await;
    }
}

/// Logs what to do about two connections with one login.
fn log_takeover(options: &PublisherOptions) {
    let login = options.url.credentials().map_or("", |(user, _)| user);
    tracing::error!(
        login,
        client_id = options.client_id,
        "another client connects with this login, and the two disconnect each other again and again: \
         a broker that binds client ids to logins allows one connection for each login, so give each \
         device, gateway and replay its own login"
    );
}

/// Wakes all waiting callers however the task ends.
struct FailOnDrop<'a>(&'a Shared);

impl Drop for FailOnDrop<'_> {
    fn drop(&mut self) {
        self.0.fail(PublishError::Stopped);
    }
}

fn backoff() -> impl Iterator<Item = Duration> {
    // Jitter at most doubles a delay, so no delay exceeds 10 s.
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
    /// Whether the broker has accepted the connection.
    accepted: bool,
    /// Messages sent over it and not acknowledged.
    in_flight: u64,
}

impl Connection<'_> {
    async fn run(&mut self, event_loop: &mut EventLoop) -> Ended {
        let mut progress_at = Instant::now();
        loop {
            let polled = match timeout(STALL_TIMEOUT, event_loop.poll()).await {
                Ok(polled) => polled,
                Err(_) => return Ended::Lost("the broker does not read".to_owned()),
            };
            let event = match polled {
                Ok(event) => event,
                Err(error) => {
                    // Acknowledgements read before the error are valid.
                    while let Some(event) = event_loop.state.events.pop_front() {
                        if let Err(ended) = self.handle(event) {
                            return ended;
                        }
                    }
                    return self.classify(error);
                }
            };
            match self.handle(event) {
                Ok(true) => progress_at = Instant::now(),
                Ok(false) if progress_at.elapsed() < ACKNOWLEDGEMENT_TIMEOUT => {}
                Ok(false) if self.in_flight == 0 => {}
                Ok(false) => return Ended::Lost("the broker does not acknowledge".to_owned()),
                Err(ended) => return ended,
            }
        }
    }

    /// Returns whether there is progress: an acknowledgement, a connection, or a first message sent.
    fn handle(&mut self, event: Event) -> Result<bool, Ended> {
        match event {
            Event::Outgoing(Outgoing::Publish(packet_id)) => {
                let mut state = self.shared.lock();
                match state.window.sent(packet_id) {
                    Some(was_sent) => state.counts.resent += u64::from(was_sent),
                    None => return Err(Ended::Lost("a message was sent out of order".to_owned())),
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
                self.accepted = true;
                let inflight_max = limits.and_then(|limits| limits.receive_max);
                tracing::info!(broker = self.broker, waiting, ?inflight_max, "connected");
                self.shared.changed.notify_waiters();
                Ok(true)
            }
            Event::Outgoing(Outgoing::Disconnect) => Err(Ended::Finished),
            _ => Ok(false),
        }
    }

    fn acknowledged(&mut self, packet_id: u16, reason: PubAckReason) -> Result<bool, Ended> {
        let mut state = self.shared.lock();
        let unsubscribed = reason == PubAckReason::NoMatchingSubscribers;
        if unsubscribed
            && self.subscribers.are_required()
            && let Some(message) = state.window.message_of(packet_id)
            && !message.retain
        {
            return Err(Ended::Unsubscribed(message.topic.clone()));
        }
        let Some(message) = state.window.acknowledged(packet_id) else {
            return Ok(false);
        };
        self.in_flight = self.in_flight.saturating_sub(1);
        // Without a subscriber the broker has still accepted the message.
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

    fn classify(&self, error: ConnectionError) -> Ended {
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
                    // Other codes may be temporary, such as a client id that a dead node holds.
                    _ => Ended::Lost(format!("connection refused: {reason}")),
                }
            }
            ConnectionError::MqttState(StateError::ServerDisconnect {
                reason_code: DisconnectReasonCode::PacketTooLarge,
                ..
            }) => match largest_message_error(&self.shared.lock()) {
                Some(error) => Ended::Failed(error),
                None => Ended::Lost("the broker reports a packet that is too large".to_owned()),
            },
            ConnectionError::MqttState(StateError::ServerDisconnect {
                reason_code: DisconnectReasonCode::SessionTakenOver,
                ..
            }) => Ended::TakenOver,
            other if self.accepted => Ended::Lost(other.to_string()),
            other => Ended::Lost(explain(&other)),
        }
    }
}

/// Explains why the broker did not accept a connection, with advice.
fn explain(error: &ConnectionError) -> String {
    let no_broker = |what: &str| format!("{what}; {}", advice::CHECK_THE_PORT);
    match error {
        ConnectionError::Io(error) => format!("{error}; {}", advice::on_network(error)),
        ConnectionError::Timeout(_) => no_broker("no answer to CONNECT in time"),
        ConnectionError::MqttState(StateError::ConnectionAborted) => {
            no_broker("the server closes the connection without an MQTT 5 answer to CONNECT")
        }
        ConnectionError::MqttState(StateError::Deserialization(_))
        | ConnectionError::NotConnAck(_) => no_broker("the server is not an MQTT 5 broker"),
        other => other.to_string(),
    }
}

fn largest_message_error(state: &State) -> Option<PublishError> {
    let message = state
        .window
        .messages()
        .max_by_key(|message| message.packet_size())?;
    let (topic, size) = (message.topic.clone(), message.packet_size());
    Some(PublishError::DisconnectedTooLarge { topic, size })
}
