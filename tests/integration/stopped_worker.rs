//! A worker that is stopped in the middle of its work, and continues when another one has its lease.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ayaz_test_db::or_skip;
use system_tests::processes::signal;
use system_tests::{Program, TestBed, wait};

/// Twenty buses, ten hours each, a reading every ten seconds.
const DRIVES: &str = "
    insert into vehicle (fleet, vehicle) select 'astana', 'b' || n from generate_series(1, 20) n;
    insert into reading (
        vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
        speed_kmh, odometer_km, pack_voltage_volts, pack_current_amperes,
        exterior_temperature_celsius
    )
    select n, timestamptz '2026-01-12 06:00Z' + s * interval '10 seconds', 1, s, now(), 0, false,
        30 + 10 * sin(s / 7.0), 1000 + s / 10.0, 620, -100 + 50 * sin(s / 5.0), -30
    from generate_series(1, 20) n, generate_series(0, 3599) s";

const MARK_ALL_DIRTY: &str = "
    insert into dirty_hours (vehicle_ids, changed_from)
    select array_agg(vehicle_id), array_agg(hour) from (
        select distinct vehicle_id, date_trunc('hour', recorded_at, 'UTC') as hour from reading
    ) as hours";

const BUCKETS: &str = "select md5(string_agg(b::text, '|' order by b::text)) from energy_bucket b";

#[tokio::test]
async fn a_stopped_worker_is_replaced_in_time_and_does_no_harm_when_it_continues() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    bed.owner.client.batch_execute(DRIVES).await?;
    let worker = || {
        let config =
            "[database]\nurl = 'postgres://127.0.0.1/x'\n[refresh]\npoll_interval_ms = 100";
        let url = [("AYAZ_DATABASE_URL", bed.database_url.clone())];
        Program::daemon("ayaz-analytics", &url, config)
    };
    let first = worker()?;
    first.until_ready().await?;
    bed.owner.client.batch_execute(MARK_ALL_DIRTY).await?;
    // Stop it while it works.
    let refreshed = "select count(*) from refreshed_hour";
    wait::until("the first hours", 20, async || {
        Ok(bed.number(refreshed).await? > 0)
    })
    .await?;
    let pid = first.pid().context("it runs")?;
    signal("STOP", &[pid]).await?;
    let stopped_at = Instant::now();

    let second = worker()?;
    let holder = format!("(process {pid})");
    wait::until("the second to name the lease holder", 20, async || {
        Ok(second
            .get("/readyz")
            .await
            .is_ok_and(|answer| answer.contains(&holder)))
    })
    .await?;
    second.until_ready().await?;
    assert!(
        stopped_at.elapsed() < Duration::from_secs(30),
        "{:?}",
        stopped_at.elapsed()
    );
    signal("CONT", &[pid]).await?;
    wait::until("all hours", 30, async || {
        Ok(bed.number(refreshed).await? == 200)
    })
    .await?;
    wait::until("the first to stand by", 30, async || {
        let answer = first.get("/readyz").await?;
        Ok(answer.contains("standing by for ayaz-analytics"))
    })
    .await?;
    first.terminate().await?;
    second.terminate().await?;
    bed.analyse().await?;
    let buckets =
        async || -> Result<String> { Ok(bed.owner.client.query_one(BUCKETS, &[]).await?.get(0)) };
    let before = buckets().await?;
    bed.owner.client.batch_execute(MARK_ALL_DIRTY).await?;
    bed.analyse().await?;
    assert_eq!(
        before,
        buckets().await?,
        "two workers have the result of one"
    );
    Ok(())
}
