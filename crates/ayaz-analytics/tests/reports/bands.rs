//! Energy and range by temperature band.

use anyhow::{Context, Result};
use ayaz_store::reports::{
    Band, RangeGroup, TripSelection, energy_by_band, range_by_band, range_by_trip,
};
use ayaz_test_db::or_skip;

use super::{Bucket, all, fleet, insert};

#[tokio::test(flavor = "multi_thread")]
async fn bands_are_ordered_and_the_total_counts_a_trip_once() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let trip = |drive_cycle, band, heater| Bucket {
        drive_cycle: Some(drive_cycle),
        band,
        heater,
        ..Bucket::default()
    };
    insert(
        &database,
        &[
            trip(1, None, None),
            trip(1, Some(-5), Some((8.0, 40.0))),
            trip(1, Some(-40), None),
            trip(2, Some(-5), Some((0.0, 40.0))),
            Bucket {
                vehicle_id: 3,
                ..trip(1, Some(-5), None)
            },
        ],
    )
    .await?;
    let bands = energy_by_band(&reader.client, &all(), 0.0).await?;
    let shape: Vec<(Band, i64, Option<f64>)> = bands
        .iter()
        .map(|row| (row.band, row.trips, row.energy.heater.kwh))
        .collect();
    assert_eq!(
        shape,
        [
            (Band::From(-40), 1, None),
            (Band::From(-5), 3, Some(8.0)),
            (Band::Unknown, 1, None),
            (Band::Total, 3, Some(8.0)),
        ]
    );
    assert_eq!(bands[3].energy.net_kwh, Some(200.0));
    assert_eq!(bands[3].energy.heater.share(), Some(0.1));
    let one_fleet = TripSelection {
        fleet: Some("almaty".to_owned()),
        ..all()
    };
    let bands = energy_by_band(&reader.client, &one_fleet, 0.0).await?;
    assert_eq!(
        bands.len(),
        2,
        "no unknown band where there is none: {bands:#?}"
    );

    // The views give the same values as the report.
    let row = reader
        .client
        .query_one(
            "select sum(trips)::bigint, sum(net_kwh), sum(heater_kwh), count(heater_kwh)
            from band_energy where band_celsius = -5",
            &[],
        )
        .await?;
    assert_eq!((row.get::<_, i64>(0), row.get::<_, f64>(1)), (3, 120.0));
    assert_eq!((row.get::<_, f64>(2), row.get::<_, i64>(3)), (8.0, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn range_uses_the_model_or_the_state_of_charge_or_is_unknown() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let cycle = |vehicle_id, drive_cycle, soc| Bucket {
        vehicle_id,
        drive_cycle: Some(drive_cycle),
        route: Some("10"),
        soc,
        ..Bucket::default()
    };
    insert(
        &database,
        &[
            cycle(1, 1, None),
            // 80 kWh for 40 points: 200 kWh.
            cycle(2, 1, Some((90.0, 70.0))),
            cycle(2, 2, Some((70.0, 50.0))),
            // A trip with half of its energy missing would make the battery look small.
            Bucket {
                seconds: 1800.0,
                ..cycle(2, 3, Some((50.0, 10.0)))
            },
            // Only 39 points.
            cycle(3, 1, Some((90.0, 51.0))),
        ],
    )
    .await?;
    let by_bus = range_by_band(&reader.client, RangeGroup::Bus, &all(), 0.0).await?;
    let shape: Vec<_> = by_bus
        .iter()
        .map(|row| {
            (
                row.group.as_str(),
                row.range_km,
                row.usable_energy_source.as_deref(),
                row.trips,
            )
        })
        .collect();
    assert_eq!(
        shape,
        [
            ("almaty/b1", None, None, 1),
            ("astana/b1", Some(150.0), Some("model"), 1),
            ("astana/b2", Some(100.0), Some("soc"), 3),
        ]
    );
    assert_eq!(by_bus[2].coverage, Some(2.5 / 3.0));
    let by_route = range_by_band(&reader.client, RangeGroup::Route, &all(), 0.0).await?;
    let route = by_route
        .iter()
        .find(|row| row.group == "astana/10")
        .context("route")?;
    assert_eq!(
        (route.vehicles, route.range_vehicles, route.trips),
        (2, 2, 4)
    );
    assert_eq!(route.usable_energy_source.as_deref(), Some("mixed"));
    // (300 · 20 km + 200 · 60 km) over 160 kWh.
    assert_eq!(route.range_km, Some(112.5));

    let from_view = reader
        .client
        .query_one(
            "select range_km from winter_range where vehicle = 'b2'",
            &[],
        )
        .await?;
    assert_eq!(from_view.get::<_, f64>(0), 100.0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_battery_counts_from_the_day_of_its_installation() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    database
        .execute(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_from, valid_to)
            values (1, 'usable_energy_kwh', '200', '-infinity', '2026-02-01Z'),
                (1, 'usable_energy_kwh', '400', '2026-02-01Z', 'infinity')",
        )
        .await?;
    let later = Bucket {
        drive_cycle: Some(2),
        hour: "2026-02-20T06:00:00Z",
        started_at: "2026-02-20T06:00:00Z",
        ended_at: "2026-02-20T07:00:00Z",
        ..Bucket::default()
    };
    insert(&database, &[Bucket::default(), later]).await?;
    let by_bus = range_by_band(&reader.client, RangeGroup::Bus, &all(), 0.0).await?;
    // 2 kWh/km: 100 km with the old battery, 200 km with the new one, half of the distance each.
    assert_eq!(by_bus[0].range_km, Some(150.0));
    let trips = range_by_trip(
        &reader.client,
        RangeGroup::Bus,
        &["astana/b1".to_owned()],
        &all(),
    )
    .await?;
    let ranges: Vec<_> = trips.iter().map(|trip| trip.range_km()).collect();
    assert_eq!(ranges, [Some(100.0), Some(200.0)]);
    let row = reader
        .client
        .query_one(
            "select range_km, usable_energy_kwh, usable_energy_source from winter_range",
            &[],
        )
        .await?;
    assert_eq!((row.get(0), row.get(1)), (150.0, 300.0));
    assert_eq!(row.get::<_, &str>(2), "vehicle");
    Ok(())
}
