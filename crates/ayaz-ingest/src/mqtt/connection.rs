//! One connection to the broker, from CONNECT to its end.

use std::time::{Duration, Instant};

use ayaz_daemon::admin::Readiness;
use ayaz_model::UnixMicroseconds;
use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Disconnect, DisconnectReasonCode, Packet, PingReq, PubAck, Publish,
};
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::grants;
use super::keep_alive::KeepAlive;
use super::link::{Link, LinkError, Moved};
use super::subscriptions::Subscriptions;
use super::{DELIVERY_OVERHEAD_BYTES, Intake, MqttConfig};
use crate::ack::{AckLedger, AckToken};
use crate::delivery::Delivery;
use crate::metrics::{self, HOT};

/// Time limits at a stop: for the last acknowledgements, and for DISCONNECT alone.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
const DISCONNECT_TIMEOUT: Duration = Duration::from_millis(200);

/// A connection that closes this soon after a pause probably closed because of it.
const PAUSE_EFFECT: Duration = Duration::from_secs(60);

/// How often a refused subscription is requested again.
const SUBSCRIBE_INTERVAL: Duration = Duration::from_secs(30);

/// Why a connection ended.
pub(super) enum Ended {
    /// The daemon stops, and all stored messages are acknowledged.
    Stopped,
    /// Another client connected with our client id.
    TakenOver,
    /// The broker closed the connection without DISCONNECT.
    Closed,
    /// An error of the network or of the broker.
    Lost(String),
}

impl Ended {
    fn silent(silence: Duration) -> Self {
        Self::Lost(format!(
            "no answer from the broker for {} s",
            silence.as_secs()
        ))
    }
}

impl From<LinkError> for Ended {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Closed => Self::Closed,
            other => Self::Lost(other.to_string()),
        }
    }
}

pub(super) struct Connection {
    link: Link,
    ledger: AckLedger,
    /// Received deliveries that are not forwarded yet.
    received: Vec<Delivery>,
    /// When reading last paused at the memory limit.
    paused_at: Option<Instant>,
    /// Acknowledgements that are not sent yet.
    unsent: u64,
    keep_alive: KeepAlive,
    subscriptions: Subscriptions,
    subscribe_ticks: Interval,
    answer: ConnAck,
    epoch: u64,
    established: bool,
}

impl Connection {
    /// Connects and subscribes.
    pub(super) async fn open(config: &MqttConfig, epoch: u64) -> Result<Self, LinkError> {
        let (mut link, answer) = Link::open(config).await?;
        let granted = answer.properties.as_ref();
        let packet_max_bytes = granted.and_then(|granted| granted.max_packet_size);
        let mut subscriptions = Subscriptions::new(&config.filters(), packet_max_bytes);
        // Also if the broker resumed the session: a cluster that lost a node resumes sessions without
        // their subscriptions.
        for packet in subscriptions.request() {
            link.put(&packet)?;
        }
        let mut subscribe_ticks = interval_at(
            tokio::time::Instant::now() + SUBSCRIBE_INTERVAL,
            SUBSCRIBE_INTERVAL,
        );
        subscribe_ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            link,
            ledger: AckLedger::new(epoch),
            received: Vec::new(),
            paused_at: None,
            unsent: 0,
            keep_alive: KeepAlive::new(config, &answer),
            subscriptions,
            subscribe_ticks,
            answer,
            epoch,
            established: false,
        })
    }

    /// Runs until the connection ends. Returns whether the broker had answered SUBSCRIBE, and why the
    /// connection ended.
    pub(super) async fn run(mut self, intake: &mut Intake, readiness: &Readiness) -> (bool, Ended) {
        let shortfalls = grants::of_connection(&intake.config, &self.answer);
        let resumed = self.answer.session_present;
        let state = &mut intake.broker_state;
        state.connected(&intake.config, resumed, shortfalls, readiness);
        let Err(ended) = self.serve(intake, readiness).await else {
            let established = self.established;
            self.finish().await;
            return (established, Ended::Stopped);
        };
        let ended = match ended {
            Ended::Closed if self.paused_recently() => {
                let why = "the broker closed the connection while the daemon did not read it, because \
                           its memory limit was reached";
                Ended::Lost(why.to_owned())
            }
            other => other,
        };
        (self.established, ended)
    }

    /// Some brokers close a connection that is not read (EMQX after 15 s). The daemon notices it only
    /// after it has read the earlier bytes.
    fn paused_recently(&self) -> bool {
        self.paused_at.is_some_and(|at| at.elapsed() < PAUSE_EFFECT)
    }

    /// Returns when the daemon stops and all deliveries are settled.
    async fn serve(&mut self, intake: &mut Intake, readiness: &Readiness) -> Result<(), Ended> {
        if self.answer.session_present {
            self.unsubscribe(intake.old_subscriptions.on_resume())?;
        }
        let mut was_paused = false;
        loop {
            // The link may hold packets read before a pause, or together with the CONNACK.
            if !intake.is_full() {
                self.handle_packets(intake, readiness)?;
            }
            if !self.received.is_empty() {
                intake.forward(std::mem::take(&mut self.received));
                self.update_outstanding();
                // A broker that always sends more must not block the other tasks.
                tokio::task::yield_now().await;
            }
            // At the memory limit nothing is read, and the broker keeps the messages.
            let paused = intake.is_full();
            if paused {
                self.paused_at = Some(Instant::now());
                if !was_paused {
                    intake.paused();
                }
            }
            was_paused = paused;
            tokio::select! {
                moved = self.link.exchange(!paused) => match moved? {
                    Moved::In => self.keep_alive.received(),
                    Moved::Out => self.sent(),
                },
                tokens = intake.settled.recv() => match tokens {
                    Some(tokens) => self.settle(tokens, intake)?,
                    None => return Ok(()),
                },
                () = self.keep_alive.tick() => {
                    if !paused {
                        self.keep_alive.count_ping().map_err(Ended::silent)?;
                    }
                    self.link.put(&Packet::PingReq(PingReq))?;
                }
                _ = self.subscribe_ticks.tick(), if self.subscriptions.are_incomplete() => {
                    for packet in self.subscriptions.request() {
                        self.link.put(&packet)?;
                    }
                }
                () = intake.broker_state.session_loss_expired() => {
                    intake.broker_state.forget_lost_session(readiness);
                }
                Ok(()) = intake.stop.changed() => intake.deliveries = None,
            }
        }
    }

    fn unsubscribe(&mut self, filters: &[String]) -> Result<(), LinkError> {
        for packet in self.subscriptions.unsubscribe(filters) {
            self.link.put(&packet)?;
        }
        Ok(())
    }

    fn handle_packets(&mut self, intake: &mut Intake, readiness: &Readiness) -> Result<(), Ended> {
        let arrived_at = UnixMicroseconds::now();
        while let Some(packet) = self.link.packet()? {
            self.handle(packet, arrived_at, intake, readiness)?;
        }
        Ok(())
    }

    fn handle(
        &mut self,
        packet: Packet,
        arrived_at: UnixMicroseconds,
        intake: &mut Intake,
        readiness: &Readiness,
    ) -> Result<(), Ended> {
        match packet {
            Packet::Publish(publish) => {
                let old = intake
                    .old_subscriptions
                    .on_message(&publish.topic, self.epoch);
                self.unsubscribe(&old)?;
                self.receive(publish, arrived_at, intake);
            }
            Packet::SubAck(answer) => {
                if let Some(shortfalls) = self.subscriptions.granted(&answer) {
                    self.established = true;
                    let is_complete = !self.subscriptions.are_incomplete();
                    metrics::set(metrics::CONNECTED, f64::from(u8::from(is_complete)));
                    intake.broker_state.subscribed(shortfalls, readiness);
                }
            }
            Packet::UnsubAck(answer) => self.subscriptions.unsubscribed(&answer),
            Packet::Disconnect(Disconnect { reason_code, .. }) => {
                return Err(match reason_code {
                    DisconnectReasonCode::SessionTakenOver => Ended::TakenOver,
                    other => Ended::Lost(format!("the broker ended the connection: {other:?}")),
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn receive(&mut self, publish: Publish, arrived_at: UnixMicroseconds, intake: &Intake) {
        let received = if publish.qos == QoS::AtMostOnce {
            &HOT.received_qos0
        } else {
            &HOT.received_qos1
        };
        received.increment(1);
        if intake.deliveries.is_none() {
            // The daemon stops; the broker delivers the message again.
            return;
        }
        let bytes = publish.topic.len() + publish.payload.len() + DELIVERY_OVERHEAD_BYTES;
        let token = if publish.qos == QoS::AtMostOnce {
            self.ledger.receive_unacknowledged(bytes)
        } else {
            self.ledger.receive(publish.pkid, bytes)
        };
        self.received.push(Delivery {
            // A copy: a slice would keep the whole input buffer in memory, which is not counted.
            topic: Bytes::copy_from_slice(&publish.topic),
            payload: Bytes::copy_from_slice(&publish.payload),
            received_at: arrived_at,
            token,
        });
    }

    /// Settles stored deliveries, and acknowledges all packets that this allows.
    fn settle(&mut self, tokens: Vec<AckToken>, intake: &mut Intake) -> Result<(), Ended> {
        intake.release(&tokens);
        let mut packet_ids = Vec::with_capacity(tokens.len());
        for token in tokens {
            self.ledger.settle(token, &mut packet_ids);
        }
        self.update_outstanding();
        ayaz_store::failpoint!("before_acknowledgement");
        for packet_id in packet_ids {
            self.link
                .put(&Packet::PubAck(PubAck::new(packet_id, None)))?;
            self.unsent += 1;
        }
        Ok(())
    }

    fn update_outstanding(&self) {
        HOT.outstanding_messages
            .set(self.ledger.outstanding() as f64);
    }

    /// Counts the acknowledgements after the link has sent all bytes.
    fn sent(&mut self) {
        if !self.link.has_unsent() {
            HOT.acknowledged.increment(std::mem::take(&mut self.unsent));
        }
    }

    /// Sends the last acknowledgements and DISCONNECT, so that the broker knows at once that the daemon
    /// stopped.
    async fn finish(mut self) {
        let time_limit = if self.unsent > 0 {
            DRAIN_TIMEOUT
        } else {
            DISCONNECT_TIMEOUT
        };
        let disconnect = Disconnect::new(DisconnectReasonCode::NormalDisconnection);
        if self.link.put(&Packet::Disconnect(disconnect)).is_ok() {
            // The broker delivers unacknowledged messages again, as duplicates.
            let closed = tokio::time::timeout(time_limit, self.link.close()).await;
            if let Ok(Ok(())) = closed {
                HOT.acknowledged.increment(self.unsent);
            }
        }
    }
}
