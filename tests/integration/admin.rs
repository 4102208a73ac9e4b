//! Clients of the admin port cannot disturb the daemon.

use anyhow::{Context, Result};
use ayaz_test_db::or_skip;
use system_tests::{TestBed, wait};
use tokio::net::TcpStream;

use crate::fixtures::{readings, vehicle};

#[tokio::test]
async fn silent_connections_do_not_use_up_the_daemons_file_descriptors() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    let ingest = bed.ingest().await?;
    let before = ingest.descriptors().context("it runs")?;
    let mut silent = Vec::new();
    for _ in 0..500 {
        silent.push(TcpStream::connect(ingest.admin_address()).await?);
    }
    // The answer comes after the daemon has accepted the connections before.
    let answer = ingest.get("/readyz").await?;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let now = ingest.descriptors().context("it runs")?;
    assert!(now < before + 50, "{before} descriptors, then {now}");

    let publisher = bed.publisher("bus").await?;
    bed.publish(&publisher, &vehicle("bus"), &readings(1, 60))
        .await?;
    publisher.finish().await?;
    wait::until("all readings to be stored", 20, async || {
        Ok(bed.number("select count(*) from reading").await? == 60)
    })
    .await?;
    ingest.terminate().await
}
