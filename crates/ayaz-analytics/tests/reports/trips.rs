//! The definition of one trip.

use anyhow::{Context, Result};
use ayaz_store::reports::{TripSelection, energy_by_band, energy_by_trip};
use ayaz_test_db::or_skip;

use super::{Bucket, all, fleet, insert};

#[tokio::test(flavor = "multi_thread")]
async fn a_trip_over_midnight_is_one_row_and_charging_is_none() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    insert(
        &database,
        &[
            Bucket {
                hour: "2026-01-10T23:00:00Z",
                started_at: "2026-01-10T23:30:00Z",
                ended_at: "2026-01-11T00:00:01Z",
                seconds: 1700.0,
                soc: Some((90.0, 80.0)),
                heater: Some((10.0, 40.0)),
                route: Some("10"),
                ..Bucket::default()
            },
            Bucket {
                hour: "2026-01-11T00:00:00Z",
                band: Some(-35),
                started_at: "2026-01-11T00:00:01Z",
                ended_at: "2026-01-11T00:30:00Z",
                seconds: 1000.0,
                soc: Some((80.0, 71.0)),
                ..Bucket::default()
            },
            Bucket {
                drive_cycle: Some(2),
                plugged_in: true,
                net_kwh: -30.0,
                ..Bucket::default()
            },
            // Key off and no trip: standing.
            Bucket {
                drive_cycle: None,
                ..Bucket::default()
            },
        ],
    )
    .await?;
    let trips = energy_by_trip(&reader.client, &all()).await?;
    assert_eq!(trips.len(), 1, "{trips:#?}");
    let trip = &trips[0];
    assert_eq!(trip.started_at.to_string(), "2026-01-10T23:30:00Z");
    assert_eq!(trip.ended_at.to_string(), "2026-01-11T00:30:00Z");
    assert_eq!(
        (trip.soc_start_percent, trip.soc_end_percent),
        (Some(90.0), Some(71.0))
    );
    assert_eq!(trip.route.as_deref(), Some("10"));
    assert_eq!(trip.coverage, Some(2700.0 / 3600.0));
    assert_eq!(trip.energy.net_kwh, Some(80.0));
    assert_eq!(trip.energy.kwh_per_km, Some(2.0));
    // The heater was metered in one of the two buckets: its share is relative to that one.
    assert_eq!(trip.energy.heater.share(), Some(0.25));
    assert_eq!(trip.energy.auxiliary.kwh, None);
    assert_eq!(trip.energy.exterior_temperature_mean_celsius, None);

    // A time range selects whole trips, by their start.
    let after_midnight = TripSelection {
        from: Some("2026-01-11T00:00:00Z".parse()?),
        ..all()
    };
    assert!(
        energy_by_trip(&reader.client, &after_midnight)
            .await?
            .is_empty()
    );
    assert!(
        energy_by_band(&reader.client, &after_midnight, 0.0)
            .await?
            .is_empty()
    );
    let before_midnight = TripSelection {
        to: Some("2026-01-11T00:00:00Z".parse()?),
        ..all()
    };
    let total = energy_by_band(&reader.client, &before_midnight, 0.0)
        .await?
        .pop()
        .context("total")?;
    assert_eq!(total.energy.net_kwh, Some(80.0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_that_restarts_makes_new_trips() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let part = |hour, ended_at| Bucket {
        hour,
        started_at: hour,
        ended_at,
        ..Bucket::default()
    };
    insert(
        &database,
        &[
            part("2024-01-10T06:00:00Z", "2024-01-10T07:00:00Z"),
            // Two buckets with the same start, and a pause of less than a day.
            part("2026-01-10T06:00:00Z", "2026-01-10T07:00:00Z"),
            part("2026-01-10T06:00:00Z", "2026-01-10T06:30:00Z"),
            part("2026-01-11T06:00:00Z", "2026-01-11T07:00:00Z"),
            // More than a day after the end of all before.
            part("2026-01-12T08:00:00Z", "2026-01-12T09:00:00Z"),
        ],
    )
    .await?;
    let began = async |selection: &TripSelection| -> Result<Vec<String>> {
        let trips = energy_by_trip(&reader.client, selection).await?;
        let total = energy_by_band(&reader.client, selection, 0.0).await?.pop();
        assert_eq!(total.map_or(0, |total| total.trips), trips.len() as i64);
        Ok(trips.iter().map(|t| t.started_at.to_string()).collect())
    };
    let (first, second, third) = (
        "2024-01-10T06:00:00Z",
        "2026-01-10T06:00:00Z",
        "2026-01-12T08:00:00Z",
    );
    assert_eq!(began(&all()).await?, [first, second, third]);
    let selection = |from: &str, to: &str| -> Result<TripSelection> {
        Ok(TripSelection {
            from: Some(from.parse()?),
            to: Some(to.parse()?),
            ..all()
        })
    };
    let of_2026 = selection("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z")?;
    assert_eq!(began(&of_2026).await?, [second]);
    let trips = energy_by_trip(&reader.client, &of_2026).await?;
    assert_eq!(trips[0].energy.km, Some(60.0), "with its part after --to");
    // A trip that began before is not cut.
    let later = selection("2026-01-11T00:00:00Z", "2026-02-01T00:00:00Z")?;
    assert_eq!(began(&later).await?, [third]);

    let views = reader.client.query(
        "select km, coverage, (select sum(trips) from band_energy)::bigint from trip_energy
        order by started_at",
        &[],
    );
    let views: Vec<(f64, f64, i64)> = views
        .await?
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let reports: Vec<(f64, f64, i64)> = energy_by_trip(&reader.client, &all())
        .await?
        .iter()
        .map(|t| (t.energy.km.unwrap_or(0.0), t.coverage.unwrap_or(0.0), 3))
        .collect();
    assert_eq!(views, reports);
    Ok(())
}
