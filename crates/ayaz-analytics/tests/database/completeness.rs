//! Completeness of a day: the accounted time, and driving without readings.

use anyhow::Result;

use crate::fleet::Database;
use crate::refresh_all;

/// Buses that report each minute of one UTC service day, 2026-01-10 from 03:00, for which `has_reading`
/// is true. They drive 60 km/h from minute 120 to 240 and from 600 to 720, and stand otherwise.
/// `number` is the device's sequence number.
fn day(vehicle: i32, has_reading: &str, number: &str) -> String {
    format!(
        "insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
        values ({vehicle}, 'astana', 'b{vehicle}') on conflict do nothing;
        with minutes as (
            select m, m between 120 and 239 or m between 600 and 719 as drives,
                1000.0 + greatest(least(m, 240) - 120, 0) + greatest(least(m, 720) - 600, 0) as km
            from generate_series(0, 1440) m
        ), arrived as (
            insert into reading (
                vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
                speed_kmh, odometer_km, drive_cycle
            )
            select {vehicle}, '2026-01-10 03:00Z'::timestamptz + m * interval '1 minute', 1, {number},
                now(), 0, false, case when drives then 60 else 0 end, km,
                case when m between 120 and 240 then 1 when m between 600 and 720 then 2 end
            from minutes
            where {has_reading}
            on conflict do nothing
            returning vehicle_id, date_trunc('hour', recorded_at, 'UTC') as hour
        ), hours as (select distinct vehicle_id, hour from arrived)
        insert into dirty_hours (vehicle_ids, changed_from)
        select array_agg(vehicle_id), array_agg(hour) from hours"
    )
}

/// Shares of the first day in per cent: time, distance, sequence, unflagged, and the least.
async fn shares(database: &Database, vehicle: i32) -> Result<String> {
    database
        .text(&format!(
            "select concat_ws(' ',
                round(100 * time_share::numeric, 1), round(100 * distance_share::numeric, 1),
                round(100 * sequence_share::numeric, 1), round(100 * trip_coverage::numeric, 1),
                round(100 * completeness::numeric, 1))
            from bus_day_completeness
            where vehicle_id = {vehicle} and service_day = '2026-01-10'"
        ))
        .await
}

#[tokio::test]
async fn completeness_of_a_day_is_its_accounted_share() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    let buses = [
        // Readings all day.
        (1, "true", "m"),
        // Ten minutes of a standing bus.
        (2, "m <= 10", "m"),
        // Silent while it stood: the odometer shows it.
        (
            3,
            "m between 120 and 240 or m between 600 and 720",
            "m + case when m > 240 then -359 else 0 end",
        ),
        // The second drive is missing, and its sequence numbers too.
        (4, "m < 590 or m > 730", "m"),
        // The same, but the device was restarted: no sequence numbers are missing.
        (
            5,
            "m < 590 or m > 730",
            "m + case when m > 730 then -141 else 0 end",
        ),
    ];
    for (vehicle, has_reading, number) in buses {
        database.execute(&day(vehicle, has_reading, number)).await?;
    }
    refresh_all(&database).await?;
    assert_eq!(shares(&database, 1).await?, "100.0 100.0 100.0 100.0 100.0");
    assert_eq!(shares(&database, 2).await?, "0.7 100.0 0.7");
    assert_eq!(shares(&database, 3).await?, "41.7 100.0 100.0 100.0 41.7");
    assert_eq!(shares(&database, 4).await?, "90.1 50.2 90.2 100.0 50.2");
    assert_eq!(shares(&database, 5).await?, "90.1 50.2 100.0 100.0 50.2");

    // Late data corrects the day.
    for vehicle in [4, 5] {
        database.execute(&day(vehicle, "true", "m")).await?;
    }
    refresh_all(&database).await?;
    assert_eq!(shares(&database, 4).await?, shares(&database, 1).await?);
    assert_eq!(database.rows(4).await?, database.rows(1).await?);
    Ok(())
}

#[tokio::test]
async fn last_readings_before_a_rest_are_no_day_and_a_silent_day_of_driving_is_one() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    // Its last reading is at 03:00:00 on the next day.
    database.execute(&day(1, "true", "m")).await?;
    // The same, and the next reading comes two days later.
    for (vehicle, km) in [(2, 1240), (3, 1300)] {
        database.execute(&day(vehicle, "true", "m")).await?;
        let later = format!(
            "insert into reading (
                vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
                speed_kmh, odometer_km
            )
            select {vehicle}, '2026-01-12 05:00Z'::timestamptz + m * interval '1 minute', 1, 1441 + m,
                now(), 0, false, 0, {km}
            from generate_series(0, 9) m;
            insert into dirty_hours (vehicle_ids, changed_from)
            values (array[{vehicle}], array[timestamptz '2026-01-12 05:00Z'])"
        );
        database.execute(&later).await?;
    }
    refresh_all(&database).await?;
    let days = |vehicle: i32, view: &str| {
        format!(
            "select string_agg(
                concat_ws(' ', to_char(service_day, 'DD'), round(100 * completeness::numeric, 1)), ', '
                order by service_day
            ) from {view} where vehicle_id = {vehicle}"
        )
    };
    for view in ["bus_day_completeness", "day_energy"] {
        let found = database.text(&days(1, view)).await?;
        assert_eq!(
            found, "10 100.0",
            "{view}: no day for a reading at its cut-over"
        );
        // By its odometer it stood for two days, and then for two hours.
        let found = database.text(&days(2, view)).await?;
        assert_eq!(found, "10 100.0, 11 100.0, 12 9.0", "{view}: it stood");
        // It drove 60 km without readings.
        let found = database.text(&days(3, view)).await?;
        assert_eq!(found, "10 100.0, 11 0.0, 12 0.6", "{view}: it drove");
    }
    Ok(())
}
