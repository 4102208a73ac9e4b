//! Revokes a bus: its login, its connection, its session, and its retained messages.

use anyhow::{Context, Result, ensure};
use ayaz_local::MosquittoRelease;
use system_tests::broker::{self, Broker, Files};
use system_tests::mqtt::{Client, Connect, Message};
use system_tests::wait;
use tokio::process::Command;

use crate::broker::login;

const BUS: &str = "astana/b1";
const OTHER: &str = "astana/b10";

async fn revoke(broker: &Broker, name: &str) -> Result<std::process::Output> {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .arg(broker::deploy().join("revoke.sh"))
        .arg(name)
        .env("PATH", format!("{}:{path}", broker.tools().display()))
        .env("USERS", broker.path("passwd"))
        .env("BROKER_PID", broker.pid().context("it runs")?.to_string())
        .env("PORT", broker.port.to_string())
        .output()
        .await?;
    Ok(output)
}

fn status(bus: &str) -> Message {
    Message {
        topic: format!("ayaz/v1/{bus}/status"),
        payload: b"online".to_vec(),
    }
}

/// The topics of all retained messages.
async fn retained(broker: &Broker) -> Result<Vec<String>> {
    let mut reader = Connect::transient(broker.port, login("ayaz-ingest"), "reader")
        .open()
        .await?;
    reader.subscribe(&["ayaz/v1/#".to_owned()], 1).await?;
    let topics = reader.deliveries().await?.into_iter().map(|of| of.topic);
    Ok(topics.collect())
}

async fn is_closed(mut client: Client) -> Result<()> {
    // A DISCONNECT may come before the end.
    while client.next().await?.is_some() {}
    Ok(())
}

fn files(release: &MosquittoRelease) -> Result<Files> {
    Files::shipped(release, &[BUS, OTHER])
}

#[tokio::test]
async fn a_revoked_bus_loses_everything_and_other_buses_nothing() -> Result<()> {
    for release in broker::releases().await {
        println!("{}", release.suite());
        let broker = Broker::start(&release, &files(&release)?).await?;
        let mut bus = Connect::lasting(broker.port, login(BUS), "bus")
            .open()
            .await?;
        let filters: Vec<_> = (0..100).map(|n| format!("filter/{n}")).collect();
        bus.subscribe(&filters, 1).await?;
        let mut other = Connect::lasting(broker.port, login(OTHER), "other")
            .open()
            .await?;
        bus.publish_as(&status(BUS), true).await?;
        other.publish_as(&status(OTHER), true).await?;
        let both = [BUS, OTHER].map(|bus| status(bus).topic);
        assert_eq!(sorted(retained(&broker).await?), both);

        let unknown = revoke(&broker, "astana/b").await?;
        assert!(!unknown.status.success(), "{unknown:?}");
        let own = revoke(&broker, "ayaz-ingest").await?;
        assert!(!own.status.success(), "{own:?}");
        let done = revoke(&broker, BUS).await?;
        ensure!(done.status.success(), "{done:?}\n{}", broker.log());

        is_closed(bus).await?;
        assert_eq!(sorted(retained(&broker).await?), [status(OTHER).topic]);
        other.publish_as(&status(OTHER), true).await?;
        wait::until("the login to be gone", 10, async || {
            let again = Connect::lasting(broker.port, login(BUS), "bus");
            Ok(again.attempt().await?.reason() != 0)
        })
        .await?;
        // A new bus with the same name gets no messages of the old one.
        let logins = files(&release)?.logins;
        broker.set_logins(&logins).await?;
        broker.reload().await?;
        let mut fresh = None;
        wait::until("the new login", 10, async || {
            let client = Connect::lasting(broker.port, login(BUS), "bus")
                .attempt()
                .await?;
            let accepted = client.reason() == 0;
            fresh = accepted.then_some(client);
            Ok(accepted)
        })
        .await?;
        assert!(!fresh.context("a connection")?.session_present());
    }
    Ok(())
}

fn sorted(mut topics: Vec<String>) -> Vec<String> {
    topics.sort();
    topics
}
