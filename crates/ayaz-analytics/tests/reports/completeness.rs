//! Trips below the requested completeness are counted, marked or left out.

use anyhow::Result;
use ayaz_store::reports::{
    Band, IncompleteTrips, RangeGroup, energy_by_band, energy_by_trip, incomplete_trips,
    range_by_band, range_by_trip, sessions,
};
use ayaz_test_db::{Database, or_skip};

use super::{Bucket, all, fleet, insert};

/// A trip on another morning.
fn on(day: u8, bucket: &Bucket) -> Bucket {
    let at = |hour| -> &'static str {
        Box::leak(format!("2026-01-{day:02}T{hour:02}:00:00Z").into_boxed_str())
    };
    Bucket {
        hour: at(6),
        started_at: at(6),
        ended_at: at(7),
        drive_cycle: Some(i64::from(day)),
        ..bucket.clone()
    }
}

/// Two complete trips at −30 °C; one with half of it missing, there and at −20 °C; one that is
/// flagged; and one that its odometer contradicts.
async fn trips(database: &Database) -> Result<()> {
    let whole = Bucket::default();
    let half = on(12, &whole);
    insert(
        database,
        &[
            on(10, &whole),
            on(11, &whole),
            Bucket {
                seconds: 900.0,
                km: 10.0,
                ..half.clone()
            },
            Bucket {
                seconds: 900.0,
                km: 10.0,
                band: Some(-20),
                ..half
            },
            on(13, &whole),
            on(14, &whole),
        ],
    )
    .await?;
    database
        .execute(
            "update session set flagged_seconds = 3600 where started_at = '2026-01-13T06:00:00Z';
            update session set odometer_start_km = 1000, odometer_end_km = 1040
            where started_at = '2026-01-14T06:00:00Z';
            update session set odometer_start_km = 960, odometer_end_km = 981
            where started_at = '2026-01-10T06:00:00Z'",
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn incomplete_trips_are_left_out_of_ranges_and_counted_by_cause() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    trips(&database).await?;
    let client = &reader.client;

    let trips = energy_by_trip(client, &all()).await?;
    let shares: Vec<Option<f64>> = trips.iter().map(|trip| trip.completeness).collect();
    // A kilometre less than the odometer is within its resolution; 20 of 40 km are 19 too few.
    assert_eq!(
        shares,
        [Some(1.0), Some(1.0), Some(0.5), Some(0.5), Some(0.525)]
    );
    let of_sessions: Vec<Option<f64>> = sessions(client, &all(), Some("trip"))
        .await?
        .iter()
        .map(|session| session.completeness)
        .collect();
    assert_eq!(of_sessions, shares);

    let found = incomplete_trips(client, &all(), 0.9).await?;
    let expected = IncompleteTrips {
        trips: 5,
        incomplete: 3,
        silent: 1,
        flagged: 1,
        odometer: 1,
        unknown: 0,
    };
    assert_eq!(found, expected);
    assert_eq!(incomplete_trips(client, &all(), 0.0).await?.incomplete, 0);

    let counts = async |completeness_min| -> Result<Vec<_>> {
        let bands = range_by_band(client, RangeGroup::Bus, &all(), completeness_min).await?;
        let counts = |band: &ayaz_store::reports::RangeBand| {
            (
                band.band,
                band.trips,
                band.trips_left_out,
                band.energy.km,
                band.range_km,
            )
        };
        Ok(bands.iter().map(counts).collect())
    };
    let cold = (Band::From(-30), 2, 3, Some(40.0), Some(150.0));
    // Nothing is left of it, and the report shows it.
    let mild = (Band::From(-20), 0, 1, None, None);
    assert_eq!(counts(0.9).await?, [cold, mild]);
    assert_eq!(counts(0.5).await?[1].1, 1, "just complete enough");
    let all_of_them = (
        Band::From(-30),
        5,
        0,
        Some(90.0),
        Some(300.0 * 90.0 / 200.0),
    );
    assert_eq!(counts(0.0).await?[0], all_of_them);

    // The trips behind them agree.
    let names = ["astana/b1".to_owned()];
    let points = range_by_trip(client, RangeGroup::Bus, &names, &all()).await?;
    let of_points: Vec<Option<f64>> = points.iter().map(|trip| trip.completeness).collect();
    assert_eq!(of_points, shares);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn energy_by_temperature_keeps_all_trips_and_shows_completeness() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    trips(&database).await?;
    let bands = energy_by_band(&reader.client, &all(), 0.9).await?;
    let found: Vec<_> = bands
        .iter()
        .map(|band| (band.band, band.trips, band.trips_incomplete, band.energy.km))
        .collect();
    // The trip in two bands counts once in the total.
    assert_eq!(
        found,
        [
            (Band::From(-30), 5, 3, Some(90.0)),
            (Band::From(-20), 1, 1, Some(10.0)),
            (Band::Total, 5, 3, Some(100.0)),
        ]
    );
    let odometer = 1.0 - 20.0 / 61.0;
    assert_eq!(bands[2].completeness, Some(odometer));
    assert_eq!(bands[1].completeness, Some(0.5));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn energy_is_split_by_meter_or_by_consumption_while_standing() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let whole = Bucket::default();
    insert(&database, &[on(10, &whole), on(11, &whole), on(12, &whole)]).await?;
    // 10 kWh in 20 minutes of standing: 30 in an hour, and 10 of the 40 are traction.
    database
        .execute(
            "update trip_band set standing_seconds = 1200, standing_net_kwh = 10
            where started_at = '2026-01-11T06:00:00Z';
            update trip_band set traction_kwh = 25, traction_base_kwh = 40, unexplained_kwh = 2,
                unexplained_base_kwh = 40
            where started_at = '2026-01-12T06:00:00Z'",
        )
        .await?;
    let trips = energy_by_trip(&reader.client, &all()).await?;
    let splits: Vec<_> = trips
        .iter()
        .map(|trip| {
            let split = &trip.energy.split;
            (split.traction_kwh, split.other_kwh, split.source.as_deref())
        })
        .collect();
    assert_eq!(
        splits,
        [
            (None, None, None),
            (Some(10.0), Some(30.0), Some("estimated")),
            (Some(25.0), Some(15.0), Some("metered")),
        ]
    );
    assert_eq!(trips[2].energy.unexplained.share(), Some(0.05));
    Ok(())
}
