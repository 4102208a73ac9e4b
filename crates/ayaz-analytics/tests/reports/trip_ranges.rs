//! The trips behind a range.

use anyhow::{Context, Result};
use ayaz_store::reports::{RangeGroup, range_by_trip};
use ayaz_test_db::or_skip;

use super::{Bucket, add_up, all, fleet, insert};

#[tokio::test(flavor = "multi_thread")]
async fn the_trips_behind_a_range_have_their_basis() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let part = |vehicle_id, route, km| Bucket {
        vehicle_id,
        route,
        km,
        ..Bucket::default()
    };
    let buckets = [
        // One trip on two routes, with half of its time missing.
        Bucket {
            seconds: 1200.0,
            ..part(1, Some("10"), 20.0)
        },
        Bucket {
            seconds: 600.0,
            net_kwh: 10.0,
            ..part(1, Some("12"), 10.0)
        },
        // Usable energy is not known.
        part(3, Some("10"), 5.0),
        // On a plug: no trip.
        Bucket {
            plugged_in: true,
            drive_cycle: Some(2),
            ..part(1, Some("10"), 0.0)
        },
    ];
    insert(&database, &buckets).await?;
    database
        .execute(
            "update energy_bucket set exterior_seconds = 600,
                exterior_kelvin_seconds = 600 * (273.15 + case when route = '10' then -30 else -20 end)
            where vehicle_id = 1",
        )
        .await?;
    add_up(&database, &buckets).await?;
    let trips = async |group, names: &[&str]| {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        range_by_trip(&reader.client, group, &names, &all()).await
    };
    let by_bus = trips(RangeGroup::Bus, &["astana/b1", "almaty/b1", "no/such"]).await?;
    let [other, whole] = by_bus.as_slice() else {
        panic!("{by_bus:#?}")
    };
    assert_eq!((&*other.group, &*whole.group), ("almaty/b1", "astana/b1"));
    assert_eq!((other.vehicle_id, other.range_km()), (3, None));
    assert_eq!(other.exterior_temperature_mean_celsius, None);
    assert_eq!((whole.paired_km, whole.range_km()), (30.0, Some(180.0)));
    let mean = whole.exterior_temperature_mean_celsius.context("mean")?;
    assert!((mean + 25.0).abs() < 1e-9, "{mean}");
    assert_eq!(
        (whole.measured_seconds, whole.duration_seconds),
        (1800.0, 3600.0)
    );

    let by_route = trips(RangeGroup::Route, &["astana/10", "astana/12"]).await?;
    let shape: Vec<_> = by_route
        .iter()
        .map(|trip| {
            (
                &*trip.group,
                trip.paired_km,
                trip.range_km(),
                trip.measured_seconds,
            )
        })
        .collect();
    assert_eq!(
        shape,
        [
            ("astana/10", 20.0, Some(150.0), 1800.0),
            ("astana/12", 10.0, Some(300.0), 1800.0),
        ]
    );
    assert!(trips(RangeGroup::Model, &[]).await?.is_empty());
    let model = trips(RangeGroup::Model, &["E12", "unknown model"]).await?;
    assert_eq!(model.len(), 2);
    Ok(())
}
