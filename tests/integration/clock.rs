//! A wrong clock of the daemon does not set readings aside.

use anyhow::{Context, Result};
use ayaz_test_db::or_skip;
use system_tests::{Program, TestBed, wait};

use crate::fixtures::{readings, vehicle};

const READINGS: usize = 120;
const STORED: &str = "select count(*) from reading where time_quality = 0";
const SET_ASIDE: &str = "select count(*) from set_aside where reason = 'future'";

async fn send(bed: &TestBed, ingest: &Program, bus: &str) -> Result<()> {
    let before = ingest
        .metric("ayaz_ingest_messages_acknowledged_total")
        .await?;
    let publisher = bed.publisher(bus).await?;
    for part in readings(1, READINGS as u64).chunks(60) {
        bed.publish(&publisher, &vehicle(bus), part).await?;
    }
    publisher.finish().await?;
    wait::until("all to be acknowledged", 20, async || {
        let now = ingest
            .metric("ayaz_ingest_messages_acknowledged_total")
            .await?;
        Ok(now >= before + 2.0)
    })
    .await
    .with_context(|| ingest.log())
}

#[tokio::test]
async fn while_clocks_differ_the_database_decides_and_the_daemon_is_not_ready() -> Result<()> {
    for (shift_s, says) in [(-3_600, "3600 s behind"), (3_600, "3600 s ahead of")] {
        let bed = or_skip!(TestBed::new());
        let ingest = bed.ingest_configured("", &format!("[clock]\ntest_shift_s = {shift_s}"))?;
        wait::until("/readyz to report the clock", 20, async || {
            let answer = ingest.get("/readyz").await;
            Ok(answer.is_ok_and(|answer| answer.contains("503") && answer.contains(says)))
        })
        .await
        .with_context(|| ingest.log())?;
        let offset = ingest.metric("ayaz_ingest_clock_offset_seconds").await?;
        assert!((offset - f64::from(shift_s)).abs() < 5.0, "{offset}");
        // It works nevertheless.
        send(&bed, &ingest, "bus").await?;
        assert_eq!(bed.number(STORED).await?, READINGS as i64, "{says}");
        assert_eq!(bed.number(SET_ASIDE).await?, 0, "{says}");
        let received = "select count(*) from reading
            where received_at between now() - interval '1 minute' and now() + interval '1 minute'";
        assert_eq!(bed.number(received).await?, READINGS as i64, "{says}");
        ingest.terminate().await?;
    }
    let bed = or_skip!(TestBed::new());
    let ingest = bed.ingest().await?;
    let offset = ingest.metric("ayaz_ingest_clock_offset_seconds").await?;
    assert!(offset.abs() < 5.0, "{offset}");
    ingest.terminate().await
}

#[tokio::test]
async fn readings_set_aside_by_a_wrong_clock_are_reassessed_and_enter_the_sums() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    let right = bed.ingest().await?;
    send(&bed, &right, "right").await?;
    right.terminate().await?;
    // As if daemon and database were on one machine with a wrong clock.
    let both_wrong = "[clock]\noffset_max_ms = 4000000000\ntest_shift_s = -3600";
    let wrong = bed.ingest_configured("", both_wrong)?;
    wrong.until_ready().await?;
    send(&bed, &wrong, "wrong").await?;
    assert_eq!(bed.number(STORED).await?, READINGS as i64);
    assert_eq!(bed.number(SET_ASIDE).await?, READINGS as i64);
    bed.analyse().await?;
    let seconds = "select count(*) from (
            select vehicle, sum(seconds) as seconds, sum(intervals) as intervals
            from energy_bucket join vehicle using (vehicle_id)
            group by vehicle
        ) as bus where seconds = 119 and intervals = 119";
    assert_eq!(bed.number(seconds).await?, 1);

    let told = bed
        .ayaz(&["readings", "list", "--reason", "future"])
        .await?;
    assert!(told.contains("wrong") && told.contains("120"), "{told}");
    let behind = ["readings", "reassess", "--clock-behind", "1h"];
    let dry = bed.ayaz(&[&behind[..], &["--dry-run"]].concat()).await?;
    assert!(dry.starts_with("120 readings of"), "{dry}");
    assert_eq!(
        bed.number(SET_ASIDE).await?,
        READINGS as i64,
        "a dry run changes nothing"
    );
    let told = bed.ayaz(&behind).await?;
    assert!(told.starts_with("120 readings of"), "{told}");
    assert_eq!(bed.number(SET_ASIDE).await?, 0);
    bed.analyse().await?;
    assert_eq!(
        bed.number(seconds).await?,
        2,
        "as for the bus with a right clock"
    );
    wrong.terminate().await
}
