//! Ingest compares the QoS and subscriptions that a real broker grants with the requested ones.

use anyhow::Result;
use ayaz_model::{FleetId, TopicKind};
use ayaz_proto::Message as _;
use ayaz_publisher::encode;
use ayaz_test_db::or_skip;
use system_tests::private_broker::{PrivateBroker, free_port};
use system_tests::{Program, TestBed, wait};

use crate::fixtures::{readings, vehicle};

/// One listener for buses, and one that allows QoS 0 only.
async fn broker_with_two_listeners() -> Result<Option<(PrivateBroker, u16, u16)>> {
    let (buses, ours) = (free_port()?, free_port()?);
    let configuration = format!(
        "per_listener_settings true\nlistener {buses} 127.0.0.1\nallow_anonymous true\n\
         listener {ours} 127.0.0.1\nallow_anonymous true\nmax_qos 0\n"
    );
    let broker = PrivateBroker::start(&configuration, &[buses, ours]).await?;
    Ok(broker.map(|broker| (broker, buses, ours)))
}

async fn bed_on(port: u16) -> Result<Option<TestBed>> {
    TestBed::on_broker(&format!("mqtt://127.0.0.1:{port}")).await
}

#[tokio::test]
async fn a_listener_that_grants_qos_0_keeps_ingest_unready_but_messages_are_stored() -> Result<()> {
    let (_broker, buses, ours) = or_skip!(broker_with_two_listeners());
    let bed = or_skip!(bed_on(buses));
    let restricted = format!("mqtt://127.0.0.1:{ours}");
    let ingest = bed.ingest_with(&[("AYAZ_MQTT_URL", &restricted)], "", "")?;
    let topic = format!("ayaz/v1/{}/+/telemetry", bed.fleet);
    let is_told = async || {
        let answer = ingest.get("/readyz").await.unwrap_or_default();
        Ok(answer.contains("503") && answer.contains("QoS 0") && answer.contains(&topic))
    };
    wait::until("/readyz to name the topic", 20, is_told).await?;

    let publisher = bed.publisher("bus").await?;
    bed.publish(&publisher, &vehicle("bus"), &readings(1, 10))
        .await?;
    publisher.finish().await?;
    wait::until("the messages to be stored", 20, async || {
        Ok(bed.number("select count(*) from reading").await? == 10)
    })
    .await?;
    assert!(is_told().await?, "stored messages do not make it ready");
    assert!(ingest.metric("ayaz_ingest_broker_shortfalls").await? >= 1.0);
    let log = ingest.log();
    assert!(log.contains("ERROR") && log.contains("max_qos 1"), "{log}");
    ingest.terminate().await?;

    // With QoS 1, the same configuration is ready.
    bed.ingest().await?.terminate().await
}

/// Starts an ingest daemon with the same client id and these fleets.
async fn with_fleets(bed: &TestBed, fleets: &str) -> Result<Program> {
    let config = format!(
        "[mqtt]\nurl = 'mqtt://127.0.0.1'\nclient_id = 'ingest'\nfleets = [{fleets}]\n\
         [database]\nurl = 'postgres://127.0.0.1/x'\n"
    );
    let ingest = Program::daemon("ayaz-ingest", &bed.environment(), &config)?;
    ingest.until_ready().await?;
    Ok(ingest)
}

#[tokio::test]
async fn a_fleet_that_is_removed_from_the_configuration_is_unsubscribed() -> Result<()> {
    let port = free_port()?;
    let configuration = format!("listener {port} 127.0.0.1\nallow_anonymous true\n");
    let _broker = or_skip!(PrivateBroker::start(&configuration, &[port]));
    let bed = or_skip!(bed_on(port));
    let (bus, kept) = (vehicle("bus"), format!("'{}'", bed.fleet));
    let publisher = bed.publisher("buses").await?;
    let mut sequence = 0;
    let mut send = async |fleet: &FleetId| -> Result<()> {
        sequence += 1;
        let one = readings(sequence, 1);
        let message = encode::telemetry_batch(&bus, false, &one).encode_to_vec();
        let topic = TopicKind::Telemetry.topic(fleet, &bus);
        Ok(publisher.publish(topic, message.into()).await?)
    };
    let of = async |fleet: &FleetId| {
        let sql = format!(
            "select count(*) from reading join vehicle using (vehicle_id) where fleet = '{fleet}'"
        );
        bed.number(&sql).await
    };
    // Named, and as one of all fleets.
    for (number, before) in ["named", "all"].into_iter().enumerate() {
        let out: FleetId = format!("out-{before}").parse()?;
        let wide = match before {
            "named" => format!("{kept}, '{out}'"),
            _ => String::new(),
        };
        with_fleets(&bed, &wide).await?.terminate().await?;
        send(&out).await?;
        let ingest = with_fleets(&bed, &kept).await?;
        // They arrived while the fleet was configured.
        wait::until("the broker's queue to be stored", 20, async || {
            Ok(of(&out).await? == 1)
        })
        .await?;
        wait::until("the unsubscription", 20, async || {
            Ok(ingest.log().contains("unsubscribed from old subscriptions"))
        })
        .await?;
        send(&out).await?;
        send(&bed.fleet).await?;
        wait::until("the configured fleet to be stored", 20, async || {
            Ok(of(&bed.fleet).await? == number as i64 + 1)
        })
        .await?;
        assert_eq!(of(&out).await?, 1, "{before}: the fleet is still stored");
        ingest.terminate().await?;
    }
    publisher.finish().await?;
    Ok(())
}
