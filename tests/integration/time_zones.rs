//! A worker on a machine with other time zone data than the database, or none.

use std::path::Path;

use anyhow::Result;
use ayaz_test_db::or_skip;
use system_tests::{Program, TestBed};

/// A drive in Astana, which was six hours ahead of UTC until March 2024 and is five hours ahead since. At
/// 21:30Z it is half past two, before the cut-over at three. By the old rule it would be after it.
const DRIVE: &str = "
    insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
    values (1, 'astana', 'b1');
    insert into depot (depot, zone, cut_over_hour) values ('north', 'Asia/Almaty', 3);
    insert into vehicle_context (vehicle_id, attribute, value) values (1, 'depot', 'north');
    insert into reading (
        vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
        speed_kmh, odometer_km, pack_voltage_volts, pack_current_amperes
    )
    select 1, timestamptz '2024-03-05 21:10Z' + s * interval '1 second', 1, s, now(), 0, false,
        36, 1000 + s / 100.0, 620, -100
    from generate_series(0, 1200) s;
    insert into dirty_hours (vehicle_ids, changed_from)
    values ('{1}', '{2024-03-05 21:10Z}')";

#[tokio::test]
async fn service_days_use_the_time_zones_of_the_database() -> Result<()> {
    let stale = tempfile::tempdir()?;
    let asia = stale.path().join("Asia");
    std::fs::create_dir(&asia)?;
    let six_hours_ahead = Path::new("/usr/share/zoneinfo/Etc/GMT-6");
    if !six_hours_ahead.exists() {
        println!("skipped: this machine has no time zone data");
        return Ok(());
    }
    std::fs::copy(six_hours_ahead, asia.join("Almaty"))?;
    let none = tempfile::tempdir()?;
    for zone_directory in [stale.path(), none.path()] {
        let bed = or_skip!(TestBed::new());
        bed.owner.client.batch_execute(DRIVE).await?;
        let mut environment = bed.environment();
        environment.push(("TZDIR", zone_directory.display().to_string()));
        Program::output("ayaz-analytics", &["--once"], &environment).await?;
        let as_in_sql = "select count(*) from energy_bucket
            where service_day = service_day(hour, 'Asia/Almaty', 3)
                and service_day = '2024-03-05'";
        assert!(bed.number(as_in_sql).await? > 0);
        let all = "select count(*) from energy_bucket";
        assert_eq!(bed.number(as_in_sql).await?, bed.number(all).await?);
    }
    Ok(())
}
