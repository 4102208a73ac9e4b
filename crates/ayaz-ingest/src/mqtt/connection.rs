//! One connection to the broker, from CONNECT to its end.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use ayaz_daemon::admin::Readiness;
use ayaz_model::UnixMicroseconds;
use bytes::Bytes;
use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::DisconnectReasonCode;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish, SubscribeReasonCode};
use rumqttc::v5::{
    AsyncClient, ClientError, ConnectionError, Event, EventLoop, MqttOptions, StateError,
};

use super::{DELIVERY_OVERHEAD_BYTES, Intake, MqttConfig, PART};
use crate::ack::{AckLedger, AckToken};
use crate::delivery::Delivery;
use crate::metrics::{self, HOT};

/// How long the last acknowledgements may take to leave when the daemon stops.
const DRAIN: Duration = Duration::from_secs(3);

/// Why a connection is over.
pub(super) enum Ended {
    /// The daemon stops, and everything that was stored is acknowledged.
    Stopped,
    /// Memory was full, has drained, and the broker is to deliver what was dropped.
    Shed,
    /// Another client has connected with our client id.
    TakenOver,
    /// The broker closed the connection without a word.
    Closed,
    /// The network, or the broker, or what it said.
    Lost(String),
}

pub(super) struct Connection {
    client: AsyncClient,
    events: EventLoop,
    outbox: Outbox,
    filters: Vec<Filter>,
    established: bool,
    shedding: bool,
}

impl Connection {
    pub(super) fn new(config: &MqttConfig, epoch: u64, receive_maximum: u16) -> Self {
        let mut options = MqttOptions::new(&config.client_id, config.url.host(), config.url.port());
        if let Some((user, password)) = config.url.credentials() {
            options.set_credentials(user, password);
        }
        options
            .set_keep_alive(Duration::from_secs(u64::from(config.keep_alive_s)))
            .set_clean_start(false)
            .set_session_expiry_interval(Some(config.session_expiry_s))
            .set_receive_maximum(Some(receive_maximum))
            // Both our own limit and, announced, the broker's: its default of 10 KiB would turn a
            // larger packet into an endless loop of reconnects.
            .set_max_packet_size(Some(config.packet_max_bytes))
            .set_manual_acks(true)
            // We publish nothing; rumqttc would keep room for 65,535 publishes.
            .set_outgoing_inflight_upper_limit(1)
            .set_connection_timeout(10);
        // Nagle's algorithm stays on: rumqttc writes every acknowledgement by itself, and so the
        // kernel gathers those of a batch into a few segments.
        let (client, events) = AsyncClient::new(options, usize::from(receive_maximum) + 16);
        let filters = config
            .filters()
            .into_iter()
            .map(|filter| Filter::new(filter, QoS::AtLeastOnce))
            .collect();
        Self {
            client: client.clone(),
            events,
            outbox: Outbox {
                client,
                ledger: AckLedger::new(epoch),
                unsent: VecDeque::new(),
                sent: 0,
                left: 0,
            },
            filters,
            established: false,
            shedding: false,
        }
    }

    /// Whether the broker had accepted the connection and the subscriptions.
    pub(super) fn was_established(&self) -> bool {
        self.established
    }

    pub(super) async fn run(&mut self, intake: &mut Intake, readiness: &Readiness) -> Ended {
        loop {
            if self.shedding && intake.has_drained() && self.outbox.is_empty() {
                return Ended::Shed;
            }
            if intake.settled_all {
                return self.finish().await;
            }
            let event = {
                // Polled to its end, except when the daemon stops: rumqttc does not say that a poll
                // may be cancelled. Then, what was read or half written stays in its buffers.
                let mut poll = pin!(self.events.poll());
                loop {
                    tokio::select! {
                        event = &mut poll => break Some(event),
                        tokens = intake.settled.recv() => match tokens {
                            Some(tokens) => {
                                intake.release(&tokens);
                                self.outbox.settle(tokens);
                            }
                            None => {
                                intake.settled_all = true;
                                break None;
                            }
                        },
                        Ok(()) = intake.stop.changed() => intake.deliveries = None,
                    }
                }
            };
            let mut next = match event {
                None => None,
                Some(Ok(event)) => Some(event),
                Some(Err(error)) => return ended_by(&error),
            };
            // Whatever came with it, without the way round through the runtime.
            while let Some(event) = next {
                if let Err(error) = self.handle(event, intake, readiness) {
                    return Ended::Lost(error);
                }
                next = self.events.state.events.pop_front();
            }
        }
    }

    fn handle(
        &mut self,
        event: Event,
        intake: &mut Intake,
        readiness: &Readiness,
    ) -> Result<(), String> {
        match event {
            Event::Incoming(Packet::Publish(publish)) => self.receive(publish, intake),
            Event::Incoming(Packet::ConnAck(answer)) => {
                metrics::add(metrics::CONNECTIONS, 1);
                if intake.has_session && !answer.session_present {
                    metrics::add(metrics::SESSIONS_LOST, 1);
                    tracing::warn!("the broker has lost our session, and what it held for us");
                }
                intake.has_session = true;
                tracing::info!(
                    session_present = answer.session_present,
                    "connected to the broker"
                );
                // Also when the session is said to be present: a cluster that lost a node resumes
                // sessions without their subscriptions.
                self.client
                    .try_subscribe_many(self.filters.clone())
                    .map_err(|error| format!("subscribe: {error}"))?;
            }
            Event::Incoming(Packet::SubAck(answer)) => {
                let refused = answer
                    .return_codes
                    .iter()
                    .position(|code| !matches!(code, SubscribeReasonCode::Success(_)));
                if let Some(index) = refused {
                    let filter = self.filters.get(index).map_or("?", |filter| &filter.path);
                    let code = answer.return_codes[index];
                    return Err(format!(
                        "the broker refused the subscription to {filter}: {code:?}"
                    ));
                }
                self.established = true;
                metrics::set(metrics::CONNECTED, 1.0);
                readiness.ready(PART);
            }
            Event::Outgoing(Outgoing::PubAck(_)) => self.outbox.one_left(),
            _ => {}
        }
        Ok(())
    }

    fn receive(&mut self, publish: Publish, intake: &mut Intake) {
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
        if self.shedding || intake.is_full() {
            if !self.shedding && intake.shed.note() {
                tracing::warn!(
                    outstanding_bytes = intake.outstanding_bytes,
                    "memory bound reached: further messages stay with the broker until this \
                     is stored"
                );
            }
            self.shedding = true;
            HOT.shed.increment(1);
            return;
        }
        let bytes = publish.topic.len() + publish.payload.len() + DELIVERY_OVERHEAD_BYTES;
        let ledger = &mut self.outbox.ledger;
        let token = if publish.qos == QoS::AtMostOnce {
            ledger.receive_unacknowledged(bytes)
        } else {
            ledger.receive(publish.pkid, bytes)
        };
        HOT.outstanding_messages.set(ledger.outstanding() as f64);
        intake.hand_on(Delivery {
            // Copied out of the client's read buffer: a slice would keep the whole buffer alive, many
            // times what the account of memory knows of.
            topic: Bytes::copy_from_slice(&publish.topic),
            payload: Bytes::copy_from_slice(&publish.payload),
            received_at: UnixMicroseconds::now(),
            token,
        });
    }

    /// Lets the last acknowledgements leave, then says goodbye, so that the broker knows at once
    /// that we are gone.
    async fn finish(&mut self) -> Ended {
        let drain = async {
            while self.established && !self.outbox.is_empty() {
                match self.events.poll().await {
                    Ok(Event::Outgoing(Outgoing::PubAck(_))) => self.outbox.one_left(),
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
            if self.established && self.client.try_disconnect().is_ok() {
                while !matches!(
                    self.events.poll().await,
                    Ok(Event::Outgoing(Outgoing::Disconnect)) | Err(_)
                ) {}
            }
        };
        // Whatever did not leave in time is delivered again, and found to be stored.
        let _ = tokio::time::timeout(DRAIN, drain).await;
        Ended::Stopped
    }
}

fn ended_by(error: &ConnectionError) -> Ended {
    match error {
        ConnectionError::MqttState(StateError::ServerDisconnect {
            reason_code: DisconnectReasonCode::SessionTakenOver,
            ..
        }) => Ended::TakenOver,
        ConnectionError::MqttState(StateError::ConnectionAborted) => Ended::Closed,
        other => Ended::Lost(other.to_string()),
    }
}

/// Acknowledgements on their way to the broker, in the order of receipt.
struct Outbox {
    client: AsyncClient,
    ledger: AckLedger,
    unsent: VecDeque<u16>,
    /// Handed to the client.
    sent: u64,
    /// Written to the network.
    left: u64,
}

impl Outbox {
    fn settle(&mut self, tokens: Vec<AckToken>) {
        let mut packets = Vec::with_capacity(tokens.len());
        for token in tokens {
            self.ledger.settle(token, &mut packets);
        }
        HOT.outstanding_messages
            .set(self.ledger.outstanding() as f64);
        self.unsent.extend(packets);
        ayaz_store::failpoint!("before_acknowledgement");
        self.send();
    }

    /// The client's queue has room for a whole Receive Maximum; a broker that delivers more than
    /// that makes us wait for room, which every acknowledgement that leaves gives.
    fn send(&mut self) {
        while let Some(&pkid) = self.unsent.front() {
            let packet = Publish {
                pkid,
                qos: QoS::AtLeastOnce,
                ..Publish::default()
            };
            match self.client.try_ack(&packet) {
                Ok(()) => {
                    self.unsent.pop_front();
                    self.sent += 1;
                }
                Err(ClientError::TryRequest(_) | ClientError::Request(_)) => break,
            }
        }
    }

    /// One was written to the network, which makes room for another.
    fn one_left(&mut self) {
        self.left += 1;
        HOT.acknowledged.increment(1);
        self.send();
    }

    fn is_empty(&self) -> bool {
        self.unsent.is_empty() && self.sent == self.left
    }
}
