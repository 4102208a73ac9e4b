//! A clock step shows only when readings that contradict it arrive.

use anyhow::Result;
use ayaz_analytics::work::Work;

use crate::fleet::Database;
use crate::refresh_all;

/// Reading numbers of a bus that sends a reading every 5 s from 05:00: start of a dead zone, start
/// of an hour, start and end of the wrong clock.
const DEAD_ZONE: i32 = 960;
const SEVEN: i32 = 1_440;
const OFF: i32 = 2_520;
const RIGHT: i32 = 2_880;
const END: i32 = 3_600;

/// At 08:30, for half an hour, the clock shows 06:20.
const STEP: &str = "-2 hours -10 minutes";

/// Inserts the readings with numbers from `from` to before `to`.
async fn arrive(database: &Database, vehicle: i32, from: i32, to: i32, off: &str) -> Result<()> {
    let sql = format!(
        "with arrived as (
            insert into reading (
                vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
                drive_cycle, speed_kmh, odometer_km, soc_percent, pack_voltage_volts,
                pack_current_amperes, exterior_temperature_celsius, cabin_heater_power_watts
            )
            select {vehicle},
                '2026-01-10 05:00:00+00'::timestamptz + n * interval '5 seconds' + interval '{off}',
                1, n, now(), 0, false, 1, 30 + 20 * sin(n / 37.0), 1000 + n / 24.0, 90 - n / 80.0,
                620, -60 + 120 * sin(n / 23.0), -20 - n / 300.0, 8000
            from generate_series({from}, {to} - 1) n
            returning vehicle_id, date_trunc('hour', recorded_at, 'UTC') as hour
        ), hours as (select distinct vehicle_id, hour from arrived)
        insert into dirty_hours (vehicle_ids, changed_from)
        select array_agg(vehicle_id), array_agg(hour) from hours"
    );
    database.execute(&sql).await
}

/// Every row that the worker writes for the vehicle, as text with every bit.
async fn rows(database: &Database, vehicle: i32, tables: &[&str]) -> Result<Vec<String>> {
    let mut rows = Vec::new();
    for table in tables {
        let sql = format!(
            "select coalesce(string_agg(line, E'\\n' order by line), '') from (
                select (to_jsonb(t) - 'vehicle_id' - 'refreshed_at')::text as line
                from {table} t where vehicle_id = {vehicle}
            ) as rows"
        );
        rows.push(format!("{table}\n{}", database.text(&sql).await?));
    }
    Ok(rows)
}

const SUMS: &[&str] = &[
    "energy_bucket",
    "session",
    "trip_band",
    "day_band",
    "day_charge",
    "month_band",
    "month_charge",
    "vehicle_band",
    "service_day_time",
];
const ALL: &[&str] = &[
    "energy_bucket",
    "session",
    "trip_band",
    "day_band",
    "day_charge",
    "month_band",
    "month_charge",
    "vehicle_band",
    "service_day_time",
    "hour_sequence",
    "flagged_span",
    "clock_run",
    "refreshed_hour",
];

const DOUBTED: &str = "select format(
        '%s %s to %s, %s to %s', count(*), min(sequence), max(sequence),
        to_char(min(recorded_at) at time zone 'UTC', 'HH24:MI'),
        to_char(max(recorded_at) at time zone 'UTC', 'HH24:MI')
    ) from flagged_reading where vehicle_id = 1 and checks = array['clock_step'] and whole_row";

#[tokio::test]
async fn late_data_that_shows_a_step_corrects_only_the_hours_concerned() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    // The bus is in a dead zone from 06:20. The wrong clock shows just that time.
    arrive(&database, 1, 0, DEAD_ZONE, "0").await?;
    arrive(&database, 1, OFF, RIGHT, STEP).await?;
    arrive(&database, 1, RIGHT, END, "0").await?;
    refresh_all(&database).await?;
    assert_eq!(database.text(DOUBTED).await?, "0  to ,  to ");

    // The readings from 07:00 to 08:30 show that those of 06:20 have a wrong time.
    arrive(&database, 1, SEVEN, OFF, "0").await?;
    let Work { hours, .. } = refresh_all(&database).await?;
    assert_eq!(hours, 3, "two with new readings, and the hour of the step");
    let flagged = "360 2520 to 2879, 06:20 to 06:49";
    assert_eq!(database.text(DOUBTED).await?, flagged);

    arrive(&database, 1, DEAD_ZONE, SEVEN, "0").await?;
    refresh_all(&database).await?;
    assert_eq!(database.text(DOUBTED).await?, flagged);

    // The same readings at once, and the same without the flagged ones.
    for (from, to, off) in [(0, OFF, "0"), (OFF, RIGHT, STEP), (RIGHT, END, "0")] {
        arrive(&database, 2, from, to, off).await?;
        if off == "0" {
            arrive(&database, 3, from, to, off).await?;
        }
    }
    refresh_all(&database).await?;
    let at_once = rows(&database, 2, ALL).await?;
    let late = rows(&database, 1, ALL).await?;
    for (late, at_once) in late.iter().zip(&at_once) {
        assert_eq!(late, at_once);
    }
    let of_the_others = rows(&database, 3, SUMS).await?;
    for (late, others) in rows(&database, 1, SUMS).await?.iter().zip(&of_the_others) {
        assert_eq!(late, others);
    }
    database.queue_everything().await?;
    refresh_all(&database).await?;
    assert_eq!(rows(&database, 1, ALL).await?, late, "refreshed again");
    Ok(())
}

#[tokio::test]
async fn a_step_that_has_not_ended_is_found_at_each_reading() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    database
        .execute(
            "insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
            values (1, 'astana', 'b1')",
        )
        .await?;
    arrive(&database, 1, 0, OFF, "0").await?;
    refresh_all(&database).await?;
    let sums = rows(&database, 1, SUMS).await?;
    for from in (OFF..RIGHT).step_by(90) {
        arrive(&database, 1, from, from + 90, STEP).await?;
        refresh_all(&database).await?;
        assert_eq!(rows(&database, 1, SUMS).await?, sums, "up to {}", from + 90);
    }
    let trusted = "select to_char(unflagged_share, 'FM0.0000') from bus_day_completeness
        where readings_flagged = 360 and readings_out_of_order = 0";
    assert_eq!(database.text(trusted).await?, "0.8750");
    Ok(())
}
