//! A subscriber that stores nothing. It shows the limit of broker and client library for any
//! daemon.
//!
//! It connects like the ingest daemon, with the same code and configuration, and acknowledges each
//! message at once.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use ayaz_daemon::admin::{Admin, Readiness};
use ayaz_daemon::shutdown;
use ayaz_ingest::metrics::MESSAGES_ACKNOWLEDGED;
use ayaz_ingest::mqtt::MqttConfig;
use ayaz_ingest::mqtt::link::{self, Link, Moved};
use clap::Args;
use metrics::counter;
use rumqttc::v5::mqttbytes::v5::{Packet, PingReq, PubAck, SubscribeReasonCode};

const PART: &str = "broker";

/// Receives telemetry, acknowledges it and discards it.
#[derive(Debug, Args)]
pub(super) struct NullSubscriberArgs {
    /// A configuration of the ingest daemon.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs until SIGTERM or Ctrl-C, on one thread like the daemon.
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
    let config = ayaz_ingest::Config::load(Some(&args.config))?;
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
    let (mut link, _) = Link::open(&config).await?;
    link.put(&link::subscription(&config))?;
    let acknowledged = counter!(MESSAGES_ACKNOWLEDGED);
    let mut unsent = 0;
    let mut pings = tokio::time::interval(Duration::from_secs(config.keep_alive_s.into()) / 2);
    loop {
        while let Some(packet) = link.packet()? {
            match packet {
                Packet::Publish(publish) => {
                    link.put(&Packet::PubAck(PubAck::new(publish.pkid, None)))?;
                    unsent += 1;
                }
                Packet::SubAck(answer) => {
                    let granted = |code| matches!(code, &SubscribeReasonCode::Success(_));
                    if !answer.return_codes.iter().all(granted) {
                        bail!("the broker refused the subscription: {answer:?}");
                    }
                    readiness.ready(PART);
                }
                _ => {}
            }
        }
        tokio::select! {
            moved = link.exchange(true) => {
                if moved? == Moved::Out && !link.has_unsent() {
                    acknowledged.increment(std::mem::take(&mut unsent));
                }
            }
            _ = pings.tick() => link.put(&Packet::PingReq(PingReq))?,
        }
    }
}
