//! Impossible values, written into the table of readings past all checks.

use anyhow::Result;
use ayaz_analytics::config::Config;
use ayaz_analytics::run::run_once;
use ayaz_store::reports::{
    RangeGroup, completeness, energy_by_band, energy_by_trip, incomplete_trips, range_by_band,
    range_by_trip, sessions,
};
use ayaz_test_db::or_skip;

use super::{all, fleet};

/// Half an hour of driving for each bus. The first one's odometer jumps between the ends of the
/// number range, and its counters are at their ends; the second is a normal bus.
const READINGS: &str = "
    insert into reading (
        vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
        drive_cycle, speed_kmh, odometer_km, pack_voltage_volts, pack_current_amperes,
        cabin_heater_power_watts, fuel_heater_rate_litres_per_hour, traction_power_watts,
        auxiliary_power_watts, exterior_temperature_celsius, soc_percent
    )
    select
        v, timestamptz '2026-01-10T06:00:00Z' + n * interval '1 second',
        case v when 1 then 9223372036854775807 else 1 end,
        case v when 1 then 9223372036854774007 + n else n end,
        now(), 0, false,
        case v when 1 then -9223372036854775808 else 1 end,
        36, case v when 1 then 1e308 * (n % 2 * 2 - 1) else 1000 + n * 0.01 end,
        case v when 1 then 3e38 else 600 end, case v when 1 then -3e38 else -100 end,
        case v when 1 then 3e38 else 9000 end, case v when 1 then 3e38 else 1 end,
        case v when 1 then -3e38 else 40000 end, case v when 1 then 3e38 else 5000 end,
        case v when 1 then 3e38 else -20 end, case v when 1 then -3e38 else 80 end
    from generate_series(1, 2) v, generate_series(0, 1800) n;
    insert into dirty_hours (vehicle_ids, changed_from)
    values ('{1, 2}', '{2026-01-10T06:00:00Z, 2026-01-10T06:00:00Z}')";

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_with_impossible_values_does_not_break_reports_of_others() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    database.execute(READINGS).await?;
    let mut config = Config::with_database(database.url.clone());
    config.admin.enabled = false;
    run_once(config, std::future::pending()).await?;

    let client = &reader.client;
    let found = sessions(client, &all(), None).await?;
    let good: Vec<_> = found.iter().filter(|row| row.vehicle == "b2").collect();
    assert_eq!(good.len(), 1, "{found:?}");
    assert_eq!(good[0].completeness, Some(1.0));
    assert!(found.iter().any(|row| row.vehicle == "b1"), "{found:?}");
    assert_eq!(energy_by_trip(client, &all()).await?.len(), 2);
    assert!(!energy_by_band(client, &all(), 0.9).await?.is_empty());
    for group in [RangeGroup::Bus, RangeGroup::Model, RangeGroup::Route] {
        range_by_band(client, group, &all(), 0.9).await?;
    }
    let names = ["astana/b1".to_owned()];
    range_by_trip(client, RangeGroup::Bus, &names, &all()).await?;
    assert_eq!(incomplete_trips(client, &all(), 0.9).await?.trips, 2);
    assert_eq!(completeness(client, &all()).await?.len(), 2);
    for view in [
        "session_energy",
        "trip_energy",
        "trip_band_energy",
        "hour_energy",
        "band_energy",
        "winter_range",
        "bus_day_completeness",
        "preheating",
        "day_energy",
    ] {
        let rows = client.query(&format!("select * from {view}"), &[]).await;
        anyhow::ensure!(rows.is_ok(), "{view}: {:?}", rows.err());
    }
    let odometers = "select count(odometer_end_km) from session where vehicle_id = 1";
    assert_eq!(
        database.number(odometers).await?,
        0,
        "no odometer reads that"
    );
    Ok(())
}
