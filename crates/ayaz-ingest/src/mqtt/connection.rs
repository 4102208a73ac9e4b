//! One connection to the broker, from CONNECT to its end.

use std::time::{Duration, Instant};

use ayaz_daemon::admin::Readiness;
use ayaz_model::UnixMicroseconds;
use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Disconnect, DisconnectReasonCode, Packet, PingReq, PubAck, Publish,
    SubscribeReasonCode,
};
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::link::{self, Link, LinkError, Moved};
use super::{DELIVERY_OVERHEAD_BYTES, Intake, MqttConfig, PART};
use crate::ack::{AckLedger, AckToken};
use crate::delivery::Delivery;
use crate::metrics::{self, HOT};

/// How long the last acknowledgements may take to leave when the daemon stops.
const DRAIN: Duration = Duration::from_secs(3);

/// A connection that closes so soon after a pause is taken to close because of it.
const PATIENCE: Duration = Duration::from_secs(60);

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
    filters: Vec<String>,
    session_present: bool,
    established: bool,
}

impl Connection {
    /// Connects and asks for the subscriptions.
    pub(super) async fn open(config: &MqttConfig, epoch: u64) -> Result<Self, Ended> {
        let (mut link, answer) = Link::open(config).await?;
        // Also when the session is said to be present: a cluster that lost a node resumes sessions
        // without their subscriptions.
        link.put(&link::subscription(config))?;
        Ok(Self {
            link,
            ledger: AckLedger::new(epoch),
            received: Vec::new(),
            paused_at: None,
            unsent: 0,
            keep_alive: KeepAlive::new(keep_alive(config, &answer)),
            filters: config.filters(),
            session_present: answer.session_present,
            established: false,
        })
    }

    /// Works until the connection is over. Returns whether the broker had accepted the
    /// subscriptions, and why it is over.
    pub(super) async fn run(mut self, intake: &mut Intake, readiness: &Readiness) -> (bool, Ended) {
        intake.connected(self.session_present);
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
                        self.keep_alive.must_have_heard()?;
                    }
                    self.link.put(&Packet::PingReq(PingReq))?;
                }
                Ok(()) = intake.stop.changed() => intake.deliveries = None,
            }
        }
    }

    fn take_in(&mut self, intake: &Intake, readiness: &Readiness) -> Result<(), Ended> {
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
        intake: &Intake,
        readiness: &Readiness,
    ) -> Result<(), Ended> {
        match packet {
            Packet::Publish(publish) => self.receive(publish, arrived_at, intake),
            Packet::SubAck(answer) => {
                let refused = answer
                    .return_codes
                    .iter()
                    .position(|code| !matches!(code, SubscribeReasonCode::Success(_)));
                if let Some(index) = refused {
                    let filter = self.filters.get(index).map_or("?", String::as_str);
                    let code = answer.return_codes[index];
                    return Err(Ended::Lost(format!(
                        "the broker refused the subscription to {filter}: {code:?}"
                    )));
                }
                self.established = true;
                metrics::set(metrics::CONNECTED, 1.0);
                readiness.ready(PART);
            }
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
        let goodbye = Disconnect::new(DisconnectReasonCode::NormalDisconnection);
        if self.link.put(&Packet::Disconnect(goodbye)).is_ok() {
            // Whatever does not leave in time is delivered again, and found to be stored.
            let closed = tokio::time::timeout(DRAIN, self.link.close()).await;
            if let Ok(Ok(())) = closed {
                HOT.acknowledged.increment(self.unsent);
            }
        }
    }
}

/// The broker's word on it counts more than ours.
fn keep_alive(config: &MqttConfig, answer: &ConnAck) -> Duration {
    let demanded = answer
        .properties
        .as_ref()
        .and_then(|properties| properties.server_keep_alive)
        .filter(|seconds| *seconds > 0);
    Duration::from_secs(demanded.unwrap_or(config.keep_alive_s).into())
}

/// Asks the broker twice in a keep-alive whether it is there.
#[derive(Debug)]
struct KeepAlive {
    ticks: Interval,
    unanswered: u32,
}

impl KeepAlive {
    const UNANSWERED_MAX: u32 = 2;

    fn new(keep_alive: Duration) -> Self {
        let period = keep_alive / Self::UNANSWERED_MAX;
        let mut ticks = interval_at(tokio::time::Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            ticks,
            unanswered: 0,
        }
    }

    /// Time to ask.
    async fn tick(&mut self) {
        self.ticks.tick().await;
    }

    fn heard(&mut self) {
        self.unanswered = 0;
    }

    /// Counts another question, unless too many were not answered.
    fn must_have_heard(&mut self) -> Result<(), Ended> {
        if self.unanswered >= Self::UNANSWERED_MAX {
            let silence = self.ticks.period() * self.unanswered;
            return Err(Ended::Lost(format!(
                "nothing heard from the broker for {} s",
                silence.as_secs()
            )));
        }
        self.unanswered += 1;
        Ok(())
    }
}
