//! Whoever can reach the admin port takes nothing from the daemon's work.

use anyhow::{Context, Result};
use system_tests::{Bed, wait};
use tokio::net::TcpStream;

use crate::fixtures::{readings, vehicle};

#[tokio::test]
async fn connections_that_say_nothing_leave_the_daemon_its_descriptors() -> Result<()> {
    let bed = Bed::new().await?;
    let ingest = bed.ingest().await?;
    let before = ingest.descriptors().context("it runs")?;
    let mut silent = Vec::new();
    for _ in 0..500 {
        silent.push(TcpStream::connect(ingest.admin_address()).await?);
    }
    // It is answered once those before it were taken.
    let answer = ingest.get("/readyz").await?;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let now = ingest.descriptors().context("it runs")?;
    assert!(now < before + 50, "{before} descriptors, then {now}");

    let publisher = bed.publisher("bus").await?;
    bed.publish(&publisher, &vehicle("bus"), &readings(1, 60))
        .await?;
    publisher.finish().await?;
    wait::until("the readings", 20, async || {
        Ok(bed.number("select count(*) from reading").await? == 60)
    })
    .await?;
    ingest.terminate().await
}
