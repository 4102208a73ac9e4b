//! The broker as it is deployed: a session belongs to a login, and no other gets at it.

use std::time::Duration;

use anyhow::Result;
use ayaz_local::MosquittoRelease;
use ayaz_model::TopicKind;
use ayaz_proto::Message as _;
use ayaz_publisher::encode;
use ayaz_test_db::or_skip;
use system_tests::broker::{self, Broker, Files, PASSWORD};
use system_tests::mqtt::{Connect, Message};
use system_tests::{Program, TestBed, wait};
use tokio::process::Command;

use crate::fixtures::{readings, vehicle};

/// Readings of one bus, one message each.
const MESSAGES: usize = 50;

/// The line that binds client ids to logins.
const BINDING: &str = "use_username_as_clientid true";

/// A login with the password of the tests.
pub(crate) fn login(name: &str) -> Option<(&str, &str)> {
    Some((name, PASSWORD))
}

/// Sends readings as a bus does, each in a message.
async fn send(broker: &Broker, bed: &TestBed, from: usize) -> Result<()> {
    let bus = vehicle("b1");
    let name = format!("{}/b1", bed.fleet);
    let mut client = Connect::transient(broker.port, login(&name), "b1")
        .open()
        .await?;
    for reading in &readings(1, 2 * MESSAGES as u64)[from..from + MESSAGES] {
        let message = encode::telemetry_batch(&bus, false, std::slice::from_ref(reading));
        let reason = client
            .publish(&Message {
                topic: TopicKind::Telemetry.topic(&bed.fleet, &bus),
                payload: message.encode_to_vec(),
            })
            .await?;
        assert_eq!(reason, 0, "the broker has a session for it");
    }
    client.close().await
}

async fn until_stored(bed: &TestBed, messages: usize) -> Result<()> {
    let stored = "select count(*) from reading";
    wait::until("the readings to be stored", 30, async || {
        Ok(bed.number(stored).await? >= messages as i64)
    })
    .await?;
    assert_eq!(bed.number(stored).await?, messages as i64);
    Ok(())
}

/// A test bed with a new broker of this release, one line of whose configuration is replaced.
async fn bed_on(
    release: &MosquittoRelease,
    change: (&str, &str),
) -> Result<Option<(TestBed, Broker)>> {
    let Some(mut bed) = TestBed::new().await? else {
        return Ok(None);
    };
    let bus = |name| format!("{}/{name}", bed.fleet);
    let files = Files::shipped(release, &[&bus("b1"), &bus("thief")])?;
    let broker = Broker::start(release, &files.with(change.0, change.1)?).await?;
    bed.mqtt_url = broker.url("ayaz-ingest");
    Ok(Some((bed, broker)))
}

async fn ready(bed: &TestBed) -> Result<Program> {
    let ingest = bed.ingest_as_login(&[], "", "")?;
    ingest.until_ready().await?;
    Ok(ingest)
}

#[tokio::test]
async fn another_login_cannot_take_the_daemons_session() -> Result<()> {
    for release in broker::releases().await {
        println!("{}", release.suite());
        let (bed, broker) = or_skip!(bed_on(&release, (BINDING, BINDING)));
        // The session exists, and the daemon is stopped.
        ready(&bed).await?.terminate().await?;
        send(&broker, &bed, 0).await?;
        let name = format!("{}/thief", bed.fleet);
        let theft = Connect::lasting(broker.port, login(&name), "ayaz-ingest");
        let mut thief = theft.open().await?;
        assert!(!thief.session_present());
        assert_eq!(thief.deliveries().await?, []);
        thief.close().await?;
        let ingest = ready(&bed).await?;
        until_stored(&bed, MESSAGES).await?;

        // The same while the daemon runs.
        let mut thief = theft.open().await?;
        thief
            .subscribe(&["ayaz/v1/+/+/telemetry".to_owned(), "#".to_owned()], 1)
            .await?;
        send(&broker, &bed, MESSAGES).await?;
        until_stored(&bed, 2 * MESSAGES).await?;
        assert_eq!(thief.deliveries().await?, []);
        let connections = ingest.metric("ayaz_ingest_connections_total").await?;
        assert_eq!(connections, 1.0, "{}", ingest.log());
        ingest.terminate().await?;
    }
    Ok(())
}

/// Shows that the test above can fail.
#[tokio::test]
async fn without_the_binding_another_login_gets_the_queue() -> Result<()> {
    for release in broker::releases().await {
        println!("{}", release.suite());
        let (bed, broker) = or_skip!(bed_on(&release, (BINDING, "")));
        ready(&bed).await?.terminate().await?;
        send(&broker, &bed, 0).await?;
        let name = format!("{}/thief", bed.fleet);
        let theft = Connect::lasting(broker.port, login(&name), "ayaz-ingest");
        let mut thief = theft.open().await?;
        assert!(thief.session_present());
        let stolen = thief.deliveries().await?;
        // Whether or not the client got them, the session has lost them.
        println!("{} of {MESSAGES} stolen", stolen.len());
        thief.close().await?;
        let ingest = ready(&bed).await?;
        send(&broker, &bed, MESSAGES).await?;
        until_stored(&bed, MESSAGES).await?;
        ingest.terminate().await?;
    }
    Ok(())
}

/// Follows the steps in deploy/README.md.
#[tokio::test]
async fn a_changed_client_id_loses_nothing_of_the_old_session() -> Result<()> {
    for release in broker::releases().await {
        println!("{}", release.suite());
        let (mut bed, mut broker) = or_skip!(bed_on(&release, (BINDING, "")));
        let old = bed.ingest_as_login(&[], "client_id = 'old-id'", "")?;
        old.until_ready().await?;
        old.terminate().await?;
        send(&broker, &bed, 0).await?;

        // The broker now binds client ids, and has a login for the old id.
        let names = ["b1", "thief"].map(|bus| format!("{}/{bus}", bed.fleet));
        let logins = [names[0].as_str(), names[1].as_str(), "old-id"];
        let mut files = Files::shipped(&release, &logins)?;
        files.acl += "\nuser old-id\ntopic read ayaz/v1/#\n";
        broker.stop().await?;
        broker.set_files(&files)?;
        broker.set_logins(&files.logins).await?;
        broker.run().await?;
        let ingest = ready(&bed).await?;
        send(&broker, &bed, MESSAGES).await?;
        until_stored(&bed, MESSAGES).await?;

        bed.mqtt_url = broker.url("old-id");
        let drain = ready(&bed).await?;
        until_stored(&bed, 2 * MESSAGES).await?;
        wait::until("all to be acknowledged", 20, async || {
            Ok(drain.metric("ayaz_ingest_outstanding_messages").await? == 0.0)
        })
        .await?;
        drain.terminate().await?;
        let ended = Command::new(broker.tools().join("mosquitto_sub"))
            .args(["-p", &broker.port.to_string(), "-u", "old-id"])
            .args(["-P", PASSWORD, "-t", "none", "-E"])
            .output()
            .await?;
        assert!(ended.status.success(), "{ended:?}");
        let old = Connect::lasting(broker.port, login("old-id"), "old-id");
        assert!(!old.open().await?.session_present(), "it was deleted");
        ingest.terminate().await?;
    }
    Ok(())
}

/// As deploy/README.md says.
#[tokio::test]
async fn a_killed_broker_restarts_with_the_messages_of_its_last_save() -> Result<()> {
    for release in broker::releases().await {
        println!("{}", release.suite());
        let (bed, mut broker) = or_skip!(bed_on(&release, (BINDING, BINDING)));
        ready(&bed).await?.terminate().await?;
        send(&broker, &bed, 0).await?;
        let saved = broker.path("data/mosquitto.db");
        // Compare with the time before: another save may have been in progress.
        let saved_at = || {
            std::fs::metadata(&saved)
                .and_then(|file| file.modified())
                .ok()
        };
        let before = saved_at();
        broker.save().await?;
        wait::until("a save", 10, async || Ok(saved_at() != before)).await?;
        send(&broker, &bed, MESSAGES).await?;
        broker.kill().await?;
        broker.run().await?;
        let ingest = ready(&bed).await?;
        until_stored(&bed, MESSAGES).await?;
        ingest.terminate().await?;
    }
    Ok(())
}

#[tokio::test]
async fn two_devices_with_one_login_take_over_from_each_other_and_lose_nothing() -> Result<()> {
    for release in broker::releases().await {
        let (mut bed, broker) = or_skip!(bed_on(&release, (BINDING, BINDING)));
        let ingest = ready(&bed).await?;
        bed.mqtt_url = broker.url(&format!("{}/b1", bed.fleet));
        // Their client ids differ, but the broker uses the login instead.
        let (first, second) = tokio::try_join!(bed.publisher("one"), bed.publisher("two"))?;
        let (bus, sent) = (vehicle("b1"), readings(1, 2 * MESSAGES as u64));
        for pair in sent.chunks(2) {
            bed.publish(&first, &bus, &pair[..1]).await?;
            bed.publish(&second, &bus, &pair[1..]).await?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        wait::until("a takeover", 30, async || {
            Ok(first.takeovers() + second.takeovers() > 0)
        })
        .await?;
        first.finish().await?;
        second.finish().await?;
        until_stored(&bed, 2 * MESSAGES).await?;
        ingest.terminate().await?;
    }
    Ok(())
}
