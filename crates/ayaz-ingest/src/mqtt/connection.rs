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

use super::answer;
use super::keep_alive::KeepAlive;
use super::link::{Link, LinkError, Moved};
use super::subscriptions::Subscriptions;
use super::{DELIVERY_OVERHEAD_BYTES, Intake, MqttConfig};
use crate::ack::{AckLedger, AckToken};
use crate::delivery::Delivery;
use crate::metrics::{self, HOT};

/// How long the last acknowledgements may take to leave when the daemon stops, and how long the
/// goodbye alone, which nobody needs.
const DRAIN: Duration = Duration::from_secs(3);
const GOODBYE: Duration = Duration::from_millis(200);

/// A connection that closes so soon after a pause is taken to close because of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a subscription that was refused is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// Why a connection is over.
pub(super) enum Ended {
    /// The daemon stops, and everything that was stored is acknowledged.
    Stopped,
    /// Another client has connected with our client id.
    TakenOver,
    /// The broker closed the connection without a word.
    Closed,
    /// The network, or the broker, or what it said.
    Lost(String),
}

impl Ended {
    fn silent(silence: Duration) -> Self {
        Self::Lost(format!(
            "nothing heard from the broker for {} s",
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
    /// What has come and is not handed on yet.
    received: Vec<Delivery>,
    /// When nothing was read for want of memory, the last time.
    paused_at: Option<Instant>,
    /// Acknowledgements that wait in the link.
    unsent: u64,
    keep_alive: KeepAlive,
    subscriptions: Subscriptions,
    ask_again: Interval,
    answer: ConnAck,
    epoch: u64,
    established: bool,
}

impl Connection {
    /// Connects and asks for the subscriptions.
    pub(super) async fn open(config: &MqttConfig, epoch: u64) -> Result<Self, LinkError> {
        let (mut link, answer) = Link::open(config).await?;
        let granted = answer.properties.as_ref();
        let packet_max_bytes = granted.and_then(|granted| granted.max_packet_size);
        let mut subscriptions = Subscriptions::new(&config.filters(), packet_max_bytes);
        // Also when the session is said to be present: a cluster that lost a node resumes sessions
        // without their subscriptions.
        for packet in subscriptions.ask() {
            link.put(&packet)?;
        }
        let mut ask_again = interval_at(tokio::time::Instant::now() + ASK_AGAIN, ASK_AGAIN);
        ask_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            link,
            ledger: AckLedger::new(epoch),
            received: Vec::new(),
            paused_at: None,
            unsent: 0,
            keep_alive: KeepAlive::new(config, &answer),
            subscriptions,
            ask_again,
            answer,
            epoch,
            established: false,
        })
    }

    /// Works until the connection is over. Returns whether the broker had answered to the
    /// subscriptions, and why it is over.
    pub(super) async fn run(mut self, intake: &mut Intake, readiness: &Readiness) -> (bool, Ended) {
        let lacking = answer::of_connection(&intake.config, &self.answer);
        let resumed = self.answer.session_present;
        let standing = &mut intake.standing;
        standing.connected(&intake.config, resumed, lacking, readiness);
        let Err(ended) = self.serve(intake, readiness).await else {
            let established = self.established;
            self.finish().await;
            return (established, Ended::Stopped);
        };
        let ended = match ended {
            Ended::Closed if self.has_lately_paused() => {
                let why = "the broker closed the connection, from which nothing was read while \
                           memory was full";
                Ended::Lost(why.to_owned())
            }
            other => other,
        };
        (self.established, ended)
    }

    /// Some brokers lose patience with who does not read (EMQX after 15 s), and we learn of it only
    /// once we have read what they sent before.
    fn has_lately_paused(&self) -> bool {
        self.paused_at.is_some_and(|at| at.elapsed() < PATIENCE)
    }

    /// Returns when everything is settled and the daemon stops.
    async fn serve(&mut self, intake: &mut Intake, readiness: &Readiness) -> Result<(), Ended> {
        if self.answer.session_present {
            self.take_back(intake.leftovers.when_resumed())?;
        }
        let mut was_paused = false;
        loop {
            // What was read before a pause, or behind the CONNACK, waits in the link.
            if !intake.is_full() {
                self.take_in(intake, readiness)?;
            }
            if !self.received.is_empty() {
                intake.hand_on(std::mem::take(&mut self.received));
                self.tell_outstanding();
                // A broker that always has more must not keep the other tasks waiting.
                tokio::task::yield_now().await;
            }
            // At the memory bound nothing more is read, and the broker keeps the rest.
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
                    Moved::In => self.keep_alive.heard(),
                    Moved::Out => self.left(),
                },
                tokens = intake.settled.recv() => match tokens {
                    Some(tokens) => self.settle(tokens, intake)?,
                    None => return Ok(()),
                },
                () = self.keep_alive.tick() => {
                    if !paused {
                        self.keep_alive.must_have_heard().map_err(Ended::silent)?;
                    }
                    self.link.put(&Packet::PingReq(PingReq))?;
                }
                _ = self.ask_again.tick(), if self.subscriptions.are_open() => {
                    for packet in self.subscriptions.ask() {
                        self.link.put(&packet)?;
                    }
                }
                () = intake.standing.session_was_told() => {
                    intake.standing.forget_lost_session(readiness);
                }
                Ok(()) = intake.stop.changed() => intake.deliveries = None,
            }
        }
    }

    fn take_back(&mut self, filters: &[String]) -> Result<(), LinkError> {
        for packet in self.subscriptions.take_back(filters) {
            self.link.put(&packet)?;
        }
        Ok(())
    }

    fn take_in(&mut self, intake: &mut Intake, readiness: &Readiness) -> Result<(), Ended> {
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
                let unnamed = intake.leftovers.when_received(&publish.topic, self.epoch);
                self.take_back(&unnamed)?;
                self.receive(publish, arrived_at, intake);
            }
            Packet::SubAck(answer) => {
                if let Some(lacking) = self.subscriptions.granted(&answer) {
                    self.established = true;
                    let all = !self.subscriptions.are_open();
                    metrics::set(metrics::CONNECTED, f64::from(u8::from(all)));
                    intake.standing.subscribed(lacking, readiness);
                }
            }
            Packet::UnsubAck(answer) => self.subscriptions.taken_back(&answer),
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
            // Stopping: it will be delivered again.
            return;
        }
        let bytes = publish.topic.len() + publish.payload.len() + DELIVERY_OVERHEAD_BYTES;
        let token = if publish.qos == QoS::AtMostOnce {
            self.ledger.receive_unacknowledged(bytes)
        } else {
            self.ledger.receive(publish.pkid, bytes)
        };
        self.received.push(Delivery {
            // Copied out of the buffer that was read into: a slice would keep all of it alive, many
            // times what the account of memory knows of.
            topic: Bytes::copy_from_slice(&publish.topic),
            payload: Bytes::copy_from_slice(&publish.payload),
            received_at: arrived_at,
            token,
        });
    }

    /// Acknowledges what is stored, and whatever waited for it.
    fn settle(&mut self, tokens: Vec<AckToken>, intake: &mut Intake) -> Result<(), Ended> {
        intake.release(&tokens);
        let mut packet_ids = Vec::with_capacity(tokens.len());
        for token in tokens {
            self.ledger.settle(token, &mut packet_ids);
        }
        self.tell_outstanding();
        ayaz_store::failpoint!("before_acknowledgement");
        for packet_id in packet_ids {
            self.link
                .put(&Packet::PubAck(PubAck::new(packet_id, None)))?;
            self.unsent += 1;
        }
        Ok(())
    }

    fn tell_outstanding(&self) {
        HOT.outstanding_messages
            .set(self.ledger.outstanding() as f64);
    }

    /// Bytes went out.
    fn left(&mut self) {
        if !self.link.has_unsent() {
            HOT.acknowledged.increment(std::mem::take(&mut self.unsent));
        }
    }

    /// Lets the last acknowledgements leave, and says goodbye, so that the broker knows at once that
    /// we are gone.
    async fn finish(mut self) {
        let patience = if self.unsent > 0 { DRAIN } else { GOODBYE };
        let goodbye = Disconnect::new(DisconnectReasonCode::NormalDisconnection);
        if self.link.put(&Packet::Disconnect(goodbye)).is_ok() {
            // Whatever does not leave in time is delivered again, and found to be stored.
            let closed = tokio::time::timeout(patience, self.link.close()).await;
            if let Ok(Ok(())) = closed {
                HOT.acknowledged.increment(self.unsent);
            }
        }
    }
}
