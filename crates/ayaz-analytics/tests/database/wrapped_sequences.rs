//! A wrap of a 16 or 32 bit sequence number is not a gap.

use anyhow::Result;
use ayaz_analytics::run::run_once;

use crate::config;
use crate::fleet::Database;

/// Four hours of driving, a reading a second; `lost` selects the seconds whose readings are
/// missing.
fn drive(vehicle: i32, first: i64, count: i64, lost: &str) -> String {
    format!(
        "with arrived as (
            insert into reading (
                vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
                speed_kmh, odometer_km, pack_voltage_volts, pack_current_amperes
            )
            select {vehicle}, timestamptz '2026-01-12 08:00Z' + s * interval '1 second', 1,
                ({first} + s) % {count}, now(), 0, false, 36, 1000 + s / 100.0, 620, -100
            from generate_series(0, 14399) s where not {lost}
            returning recorded_at
        )
        insert into dirty_hours (vehicle_ids, changed_from)
        select array_agg({vehicle}), array_agg(hour) from (
            select distinct date_trunc('hour', recorded_at, 'UTC') as hour from arrived
        ) as hours"
    )
}

#[tokio::test]
async fn a_counter_wrap_is_no_gap() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    let bits_16 = 1_i64 << 16;
    let bits_32 = 1_i64 << 32;
    // Wrap within an hour; at the end of one; with lost readings around it; no wrap.
    let cases = [
        (bits_16 - 5_000, bits_16, "false", 0),
        (bits_16 - 7_200, bits_16, "false", 0),
        (bits_16 - 7_200, bits_16, "s between 7100 and 7299", 200),
        (bits_32 - 5_000, bits_32, "false", 0),
        (bits_32 - 3_600, bits_32, "s between 3000 and 4000", 1_001),
        (bits_16 - 5_000, i64::MAX, "false", 0),
        (bits_32 - 7_200, i64::MAX, "false", 0),
    ];
    for (vehicle, (first, count, lost, _)) in (1..).zip(cases) {
        database
            .execute(&format!(
                "insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
                values ({vehicle}, 'test', 'bus-{vehicle}')"
            ))
            .await?;
        database
            .execute(&drive(vehicle, first, count, lost))
            .await?;
    }
    run_once(config(&database), std::future::pending()).await?;
    for (vehicle, (first, count, lost, missing)) in (1..).zip(cases) {
        let counts = database.missing(vehicle).await?;
        assert_eq!(
            counts,
            (14_400 - missing, missing, 0),
            "{first} of {count} without {lost}"
        );
    }
    Ok(())
}
