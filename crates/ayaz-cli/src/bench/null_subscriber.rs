//! A subscriber that stores nothing: the limit that broker and client library set to any daemon.
//!
//! It subscribes as the ingest daemon does, with the same configuration, and acknowledges each
//! message by hand as soon as it has it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ayaz_daemon::admin::{Admin, Readiness};
use ayaz_daemon::shutdown;
use ayaz_ingest::metrics::MESSAGES_ACKNOWLEDGED;
use ayaz_ingest::mqtt::MqttConfig;
use clap::Args;
use metrics::counter;
use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};

use crate::cli::BadConfig;

const PART: &str = "broker";

/// Receives telemetry, acknowledges it and throws it away.
#[derive(Debug, Args)]
pub(super) struct NullSubscriberArgs {
    /// A configuration of the ingest daemon.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs until SIGTERM or Ctrl-C, on one thread as the daemon does.
pub(super) async fn run(args: NullSubscriberArgs) -> Result<()> {
    let on_one_thread = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(subscribe(args))
    };
    tokio::task::spawn_blocking(on_one_thread).await?
}

async fn subscribe(args: NullSubscriberArgs) -> Result<()> {
    let config = ayaz_ingest::Config::load(Some(&args.config))
        .map_err(|error| BadConfig(error.to_string()))?;
    let recorder = ayaz_daemon::metrics::install();
    let readiness = Readiness::waiting_for(&[PART]);
    let admin = Admin::bind(&config.admin).await?;
    let admin = tokio::spawn(admin.serve(recorder, readiness.clone(), std::future::pending()));
    tokio::select! {
        ended = receive(config.mqtt, readiness) => ended,
        _ = admin => bail!("the admin server has ended"),
        () = shutdown::requested() => Ok(()),
    }
}

async fn receive(config: MqttConfig, readiness: Readiness) -> Result<()> {
    let mut options = MqttOptions::new(&config.client_id, config.url.host(), config.url.port());
    if let Some((user, password)) = config.url.credentials() {
        options.set_credentials(user, password);
    }
    options
        .set_keep_alive(Duration::from_secs(config.keep_alive_s.into()))
        .set_clean_start(false)
        .set_session_expiry_interval(Some(config.session_expiry_s))
        .set_receive_maximum(Some(config.receive_maximum))
        .set_max_packet_size(Some(config.packet_max_bytes))
        .set_manual_acks(true)
        .set_outgoing_inflight_upper_limit(1)
        .set_connection_timeout(10);
    let (client, mut events) = AsyncClient::new(options, usize::from(config.receive_maximum) + 16);
    let acknowledged = counter!(MESSAGES_ACKNOWLEDGED);
    // A broker may deliver more than the Receive Maximum, which the client's queue holds.
    let mut unsent: VecDeque<Publish> = VecDeque::new();
    loop {
        match events
            .poll()
            .await
            .context("the null subscriber's connection")?
        {
            Event::Incoming(Packet::Publish(publish)) => {
                unsent.push_back(publish);
                acknowledge(&client, &mut unsent);
            }
            Event::Outgoing(Outgoing::PubAck(_)) => {
                acknowledged.increment(1);
                acknowledge(&client, &mut unsent);
            }
            Event::Incoming(Packet::ConnAck(_)) => {
                let filters = config.filters().into_iter();
                client.try_subscribe_many(
                    filters.map(|filter| Filter::new(filter, QoS::AtLeastOnce)),
                )?;
            }
            Event::Incoming(Packet::SubAck(answer)) => {
                let granted = |code| matches!(code, &SubscribeReasonCode::Success(_));
                if !answer.return_codes.iter().all(granted) {
                    bail!("the broker refused the subscription: {answer:?}");
                }
                readiness.ready(PART);
            }
            _ => {}
        }
    }
}

/// As many as the client takes, each by itself.
fn acknowledge(client: &AsyncClient, unsent: &mut VecDeque<Publish>) {
    while let Some(publish) = unsent.front()
        && client.try_ack(publish).is_ok()
    {
        unsent.pop_front();
    }
}
