//! The worker does not depend on settings that a database applies to its connections.

use anyhow::Result;
use ayaz_analytics::config::Config;
use ayaz_analytics::run::run_once;
use ayaz_store::migrate::migrate;
use ayaz_test_db::{Database, or_skip};

/// Tables of another application, and settings that break programs which do not override them.
const HOSTILE: &str = include_str!("../../../ayaz-store/tests/store/hostile_settings.sql");

/// Half an hour of driving.
const READINGS: &str = "
    insert into vehicle (fleet, vehicle) values ('astana', 'b1');
    insert into reading (
        vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
        drive_cycle, speed_kmh, pack_voltage_volts, pack_current_amperes
    )
    select vehicle_id, timestamptz '2026-01-10T06:00:00Z' + n * interval '1 second', 1, n, now(), 0,
        false, 1, 36, 600, -100
    from vehicle, generate_series(0, 1800) n;
    insert into dirty_hours (vehicle_ids, changed_from)
    select array[vehicle_id], array[timestamptz '2026-01-10T06:00:00Z'] from vehicle";

/// Grids of kWh and km have steps of 2^-24.
const TRIPS: &str = "select count(*) from session
    where kind = 'trip' and seconds = 1800 and abs(net_kwh - 30) < 1e-7 and abs(km - 18) < 1e-7";

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_another_application_and_its_settings_changes_nothing() -> Result<()> {
    let database = or_skip!(Database::empty());
    database.execute(HOSTILE).await?;
    migrate(&database.url).await?;
    database.execute(READINGS).await?;
    let mut config = Config::with_database(database.url.clone());
    config.admin.enabled = false;
    let work = run_once(config, std::future::pending()).await?;
    assert_eq!((work.hours, work.readings), (1, 1_801));
    assert_eq!(database.number(TRIPS).await?, 1);
    Ok(())
}
