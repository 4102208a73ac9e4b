//! Every QoS 1 message becomes its rows exactly once, or one dead letter.

use anyhow::Result;
use ayaz_test_db::or_skip;
use system_tests::{TestBed, wait};

use crate::fixtures::{readings, vehicle};

#[tokio::test]
async fn readings_that_are_sent_twice_are_stored_once() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    let ingest = bed.ingest().await?;
    let readings = readings(1, 600);
    let bus = vehicle("E12-001");
    for _ in 0..2 {
        let publisher = bed.publisher("bus").await?;
        for minute in readings.chunks(60) {
            bed.publish(&publisher, &bus, minute).await?;
        }
        assert_eq!(publisher.finish().await?.messages, 10);
    }
    wait::until("20 messages to be acknowledged", 20, async || {
        Ok(ingest
            .metric("ayaz_ingest_messages_acknowledged_total")
            .await?
            >= 20.0)
    })
    .await?;
    assert_eq!(bed.number("select count(*) from reading").await?, 600);
    assert_eq!(
        ingest.metric("ayaz_ingest_readings_written_total").await?,
        600.0
    );
    assert_eq!(
        ingest
            .metric("ayaz_ingest_readings_duplicate_total")
            .await?,
        600.0
    );
    let same = "select count(*) from reading
        where soc_percent = 80 and exterior_temperature_celsius = -31.5 and route = '10'
            and boot_id = 1 and not historical and time_quality = 0 and speed_kmh is null";
    assert_eq!(bed.number(same).await?, 600);
    let hours = "select count(distinct (vehicle_ids, changed_from)) from dirty_hours";
    assert!(bed.number(hours).await? >= 1, "the hours must be dirty");
    ingest.terminate().await
}
