//! A refresh of a bus that is parked for months reads no more than that of a bus parked since
//! yesterday.

use anyhow::Result;
use ayaz_analytics::refresh::session_window;
use ayaz_model::UnixMicroseconds;
use ayaz_store::analytics::{HourRange, Refresh, RefreshStatements, RefreshStorage};
use ayaz_store::{Connection, Role};
use jiff::Timestamp;

use crate::fleet::Database;
use crate::refresh_all;

const DAYS: i64 = 100;

/// A bus that stands on its charger with two readings an hour, except for one morning.
fn parked(vehicle: i32, drive_cycle: &str) -> String {
    format!(
        "with arrived as (
            insert into reading (
                vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
                drive_cycle, charge_state, speed_kmh, odometer_km, soc_percent
            )
            select {vehicle}, at, 1, extract(epoch from at), at, 0, true, {drive_cycle}, 2, 0, 100, 90
            from generate_series(
                timestamptz '2026-01-01 00:05Z', timestamptz '2026-04-10 23:59Z',
                interval '30 minutes'
            ) at
            where at not between '2026-02-20 08:00Z' and '2026-02-20 10:00Z'
            returning recorded_at
        )
        insert into dirty_hours (vehicle_ids, changed_from)
        select array_agg({vehicle}), array_agg(hour)
        from (select distinct date_trunc('hour', recorded_at, 'UTC') as hour from arrived) h"
    )
}

/// The trip in that morning, on which it charged with the key on from 08:50 to 09:20.
fn trip(vehicle: i32) -> String {
    format!(
        "insert into reading (
            vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
            drive_cycle, charge_state, speed_kmh, odometer_km, soc_percent
        )
        select {vehicle}, at, 1, extract(epoch from at), at, 0, true, 7,
            case when at between '2026-02-20 08:50Z' and '2026-02-20 09:20Z' then 2 else 1 end,
            case when at between '2026-02-20 08:50Z' and '2026-02-20 09:20Z' then 0 else 30 end,
            100, 80
        from generate_series(
            timestamptz '2026-02-20 08:10Z', timestamptz '2026-02-20 09:50Z', interval '30 seconds'
        ) at;
        insert into dirty_hours (vehicle_ids, changed_from)
        values (array[{vehicle}, {vehicle}],
            array['2026-02-20 08:00Z', '2026-02-20 09:00Z']::timestamptz[])"
    )
}

/// How many buckets a refresh of that hour reads to assemble sessions.
async fn buckets_read(database: &Database, vehicle: i32, hour: &str) -> Result<usize> {
    let mut connection = Connection::open(&database.url, Role::Analytics).await?;
    let statements = RefreshStatements::prepare(&connection.client).await?;
    let from: UnixMicroseconds = hour.parse::<Timestamp>()?.into();
    let range = HourRange {
        vehicle,
        from,
        count: 1,
    };
    let refresh = Refresh::begin(&mut connection.client, &statements, range).await?;
    let window = session_window(&refresh).await?;
    let (from, to) = window.hours(range.from, range.to());
    Ok(refresh.buckets(from, to).await?.len())
}

#[tokio::test]
async fn a_bus_parked_for_months_is_refreshed_from_buckets_of_a_few_days() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    // With the key off, and with a drive cycle that never ends.
    for (vehicle, drive_cycle) in [(1, "null"), (11, "7")] {
        database.execute(&parked(vehicle, drive_cycle)).await?;
        refresh_all(&database).await?;
        let buckets = database.rows_of("energy_bucket", vehicle).await?.len();
        assert!(buckets >= 24 * DAYS as usize - 3, "{buckets}");
        let newest = buckets_read(&database, vehicle, "2026-04-10T23:00:00Z").await?;
        assert!(newest <= 2 * 24, "{newest} buckets for the last hour");
        let late = buckets_read(&database, vehicle, "2026-02-20T08:00:00Z").await?;
        assert!(late <= 8 * 24, "{late} buckets for an hour in the middle");

        // The trip arrives late for one bus, and with everything else for the other.
        database.execute(&trip(vehicle)).await?;
        refresh_all(&database).await?;
        database.execute(&parked(vehicle + 1, drive_cycle)).await?;
        database.execute(&trip(vehicle + 1)).await?;
        refresh_all(&database).await?;
        let found = database.rows_of("session", vehicle).await?;
        assert_eq!(
            database.rows(vehicle).await?,
            database.rows(vehicle + 1).await?
        );
        let trips = found
            .iter()
            .filter(|row| row.contains("\"kind\": \"trip\""));
        assert_eq!(trips.count(), 1, "{found:#?}");
        // A first stay of three days, then one each day; and again after the trip.
        let days = found.len() as i64;
        assert!((DAYS - 8..=DAYS).contains(&days), "{days} sessions");
    }
    Ok(())
}
