//! Limits of the deployed broker for one login.

use anyhow::{Context, Result};
use ayaz_local::MosquittoRelease;
use system_tests::broker::{self, Broker, Files};
use system_tests::mqtt::{Connect, Message, kind};
use system_tests::wait;

use crate::broker::login;

const BUS: &str = "astana/b1";
/// A login that may read `$SYS`.
const INSPECTOR: &str = "inspector";

fn files(release: &MosquittoRelease) -> Result<Files> {
    let mut files = Files::shipped(release, &[BUS, INSPECTOR])?;
    files.acl += "\nuser inspector\ntopic read $SYS/#\n";
    Ok(files)
}

fn telemetry(bytes: usize) -> Message {
    Message {
        topic: format!("ayaz/v1/{BUS}/telemetry"),
        payload: vec![b'x'; bytes],
    }
}

fn bus(broker: &Broker) -> Connect<'static> {
    Connect::lasting(broker.port, login(BUS), "bus")
}

/// A client with the daemon's login and session.
fn store(broker: &Broker) -> Connect<'static> {
    Connect::lasting(broker.port, login("ayaz-ingest"), "store")
}

async fn subscribe(store: &Connect<'_>) -> Result<()> {
    let mut client = store.open().await?;
    client
        .subscribe(&["ayaz/v1/+/+/telemetry".to_owned()], 1)
        .await?;
    client.close().await
}

/// Waits until the broker counts this number of sessions, with the one that reads it.
async fn until_sessions(broker: &Broker, count: &str) -> Result<()> {
    let mut inspector = Connect::transient(broker.port, login(INSPECTOR), "i")
        .open()
        .await?;
    let topic = "$SYS/broker/clients/total".to_owned();
    inspector.subscribe(&[topic], 0).await?;
    let mut last = None;
    // The broker publishes it every ten seconds.
    let counted = wait::until("sessions", 30, async || {
        last = inspector.deliveries().await?.pop().or(last.take());
        Ok(last
            .as_ref()
            .is_some_and(|last| last.payload == count.as_bytes()))
    });
    counted
        .await
        .with_context(|| format!("the count is {last:?} and should be {count}"))
}

#[tokio::test]
async fn one_login_has_one_session_and_limits_on_qos_keep_alive_and_size() -> Result<()> {
    const ATTEMPTS: usize = 3_000;
    for release in broker::releases().await {
        println!("{}", release.suite());
        let broker = Broker::start(&release, &files(&release)?).await?;
        for number in 0..ATTEMPTS {
            let id = format!("session-{number}");
            let session = Connect {
                client_id: &id,
                ..bus(&broker)
            };
            let client = session.open().await?;
            assert_eq!(client.session_present(), number > 0, "{id}");
        }
        // The sessions of the bus and of the inspector.
        until_sessions(&broker, "2").await?;

        let asked = Connect {
            keep_alive_s: 0,
            ..bus(&broker)
        };
        let mut client = asked.open().await?;
        assert_eq!(client.server_keep_alive(), Some(600));
        let granted = client.subscribe(&[format!("ayaz/v1/{BUS}/#")], 2).await?;
        assert_eq!(granted, [1]);
        client.put(&telemetry(10), 2, false).await?;
        let answer = client.next().await?.context("a DISCONNECT")?;
        let qos_not_supported = 0x9b;
        assert_eq!(
            (answer.first, answer.body[0]),
            (kind::DISCONNECT, qos_not_supported)
        );

        let mut client = bus(&broker).open().await?;
        let too_large = client.publish(&telemetry(1_048_577)).await;
        assert!(too_large.is_err(), "larger than max_packet_size");
    }
    Ok(())
}

#[tokio::test]
async fn messages_in_flight_are_limited_in_bytes() -> Result<()> {
    const BYTES: usize = 1_000_000;
    for release in broker::releases().await {
        println!("{}", release.suite());
        let broker = Broker::start(&release, &files(&release)?).await?;
        subscribe(&store(&broker)).await?;
        let mut sender = bus(&broker).open().await?;
        for _ in 0..80 {
            assert_eq!(sender.publish(&telemetry(BYTES)).await?, 0);
        }
        // This client acknowledges nothing.
        let mut receiver = store(&broker).open().await?;
        receiver.send(kind::PINGREQ, &[]).await?;
        let mut received = 0;
        while let Some(packet) = receiver.next().await? {
            match packet.first & 0xf0 {
                kind::PUBLISH => received += 1,
                kind::PINGRESP => break,
                _ => {}
            }
        }
        // 2.0.11 ignores the limit when a session is resumed.
        let most = if release.suite() == "bookworm" {
            80
        } else {
            65
        };
        assert!((50..=most).contains(&received), "{received} MB in flight");
        drop(receiver);
        let mut receiver = store(&broker).open().await?;
        assert_eq!(receiver.deliveries().await?.len(), 80, "none is lost");
    }
    Ok(())
}

/// With a smaller memory limit than the shipped one, which is too large for a test.
#[tokio::test]
async fn at_the_memory_limit_messages_are_refused_and_accepted_ones_are_kept() -> Result<()> {
    let limit = "memory_limit 7000000000";
    for release in broker::releases().await {
        println!("{}", release.suite());
        let small = files(&release)?.with(limit, "memory_limit 30000000")?;
        let mut broker = Broker::start(&release, &small).await?;
        subscribe(&store(&broker)).await?;
        let mut sender = bus(&broker).open().await?;
        let mut taken = 0;
        while sender.publish(&telemetry(3_000)).await.is_ok() {
            taken += 1;
            assert!(taken < 20_000, "no limit");
        }
        println!("{taken} taken");
        assert!(taken > 5_000);
        // With free memory again, as the shipped limit leaves beside a full queue.
        broker.stop().await?;
        broker.set_files(&files(&release)?)?;
        broker.run().await?;
        let mut receiver = store(&broker).open().await?;
        assert!(receiver.session_present());
        assert_eq!(receiver.deliveries().await?.len(), taken);
    }
    Ok(())
}

#[test]
fn the_shipped_limits_are_valid_for_mosquitto_and_fit_together() -> Result<()> {
    let configuration = std::fs::read_to_string(broker::deploy().join("mosquitto.conf"))?;
    let value = |option: &str| -> Result<u64> {
        let line = configuration
            .lines()
            .find_map(|line| line.strip_prefix(option)?.strip_prefix(' '));
        Ok(line.context(option.to_owned())?.parse()?)
    };
    for option in [
        "max_queued_bytes",
        "max_queued_messages",
        "max_inflight_bytes",
    ] {
        let most = i32::MAX as u64;
        assert!(
            (1..=most).contains(&value(option)?),
            "{option}: 2.0 would read it as no limit"
        );
    }
    // Otherwise the memory limit is reached before that of the queue, and the daemon cannot work.
    let queue = value("max_queued_bytes")? + 350 * value("max_queued_messages")?;
    assert!(value("memory_limit")? > queue + value("max_inflight_bytes")? * 2);
    Ok(())
}
