//! Hours, last known states, and a database with nothing in it.

use anyhow::Result;
use ayaz_store::reports::{
    RangeGroup, Subject, any, energy_by_band, energy_by_trip, range_by_band,
};
use ayaz_test_db::or_skip;

use super::{Bucket, all, fleet, insert};

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_separates_driving_and_charging() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    insert(
        &database,
        &[
            Bucket {
                seconds: 1200.0,
                ..Bucket::default()
            },
            Bucket {
                plugged_in: true,
                seconds: 600.0,
                km: 0.0,
                net_kwh: -30.0,
                ..Bucket::default()
            },
        ],
    )
    .await?;
    let row = reader
        .client
        .query_one(
            "select net_kwh, charged_kwh, coverage, plugged_seconds, heater_kwh from hour_energy",
            &[],
        )
        .await?;
    let figures = [0, 1, 2, 3].map(|column| row.get::<_, f64>(column));
    assert_eq!(figures, [40.0, 30.0, 0.5, 600.0]);
    assert_eq!(row.get::<_, Option<f64>>(4), None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_known_state_ignores_bad_clocks_and_backfill() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    database
        .execute(
            "insert into reading (vehicle_id, recorded_at, boot_id, sequence, received_at,
                time_quality, historical, soc_percent, charge_state, cabin_temperature_celsius)
            values
                (1, '2026-01-10T05:00:00Z', 1, 1, now(), 0, false, 55, 2, 4),
                (1, '2026-01-10T05:59:40Z', 1, 2, now(), 0, false, 54, 3, null),
                (1, '2026-01-10T06:00:00Z', 1, 3, now(), 0, false, null, null, 0),
                (1, '2036-01-10T06:00:00Z', 1, 4, now(), 1, false, 99, 1, 20),
                (1, '2026-01-10T07:00:00Z', 1, 5, now(), 0, true, 98, 1, 20);
            insert into vehicle_status values (1, false, 1, now())",
        )
        .await?;
    let rows = reader
        .client
        .query(
            "select vehicle_id, soc_percent, charge_state, plugged_in, cabin_temperature_celsius,
                online, to_char(recorded_at at time zone 'UTC', 'HH24:MI'), samples
            from vehicle_now order by vehicle_id",
            &[],
        )
        .await?;
    assert_eq!(
        rows.len(),
        3,
        "a vehicle that never sent anything is listed too"
    );
    let row = &rows[0];
    assert_eq!(
        row.get::<_, Option<f32>>(1),
        Some(54.0),
        "within the last minute"
    );
    assert_eq!(row.get::<_, Option<&str>>(2), Some("charging"));
    assert_eq!(row.get::<_, Option<bool>>(3), Some(true));
    assert_eq!(row.get::<_, Option<f32>>(4), Some(0.0), "0 °C is a value");
    assert_eq!(row.get::<_, Option<bool>>(5), Some(false));
    assert_eq!(row.get::<_, Option<&str>>(6), Some("06:00"));
    assert_eq!(row.get::<_, Option<i64>>(7), Some(2));
    assert_eq!(rows[1].get::<_, Option<bool>>(5), None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_gives_empty_reports() -> Result<()> {
    let (_database, reader) = or_skip!(fleet());
    assert!(!any(&reader.client, Subject::Trip).await?);
    assert!(energy_by_trip(&reader.client, &all()).await?.is_empty());
    assert!(
        energy_by_band(&reader.client, &all(), 0.0)
            .await?
            .is_empty()
    );
    for group in [RangeGroup::Bus, RangeGroup::Model, RangeGroup::Route] {
        assert!(
            range_by_band(&reader.client, group, &all(), 0.0)
                .await?
                .is_empty()
        );
    }
    Ok(())
}
