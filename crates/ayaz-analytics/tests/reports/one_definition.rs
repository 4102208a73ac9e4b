//! Range by band has one definition: the function of reports and panels and the view of stored sums
//! give the same values for the same trips.

use anyhow::{Context, Result};
use ayaz_model::temperature_band::{lower_edge_celsius, width_celsius};
use ayaz_store::reports::{
    Band, RangeBand, RangeGroup, TripSelection, figure_settings, range_by_band,
};
use ayaz_test_db::{Database, or_skip};

use super::{Bucket, all, fleet, insert};

/// A trip of an hour and 20 km in one band, this many days after 10 January.
fn trip(vehicle_id: i32, day: i64, number: i64, band: i16, kwh_per_km: f64) -> Bucket {
    let instant = |hour: i64, minute: i64| -> &'static str {
        let start: jiff::Timestamp = "2026-01-10T00:00:00Z".parse().expect("an instant");
        let span = jiff::SignedDuration::from_mins((24 * day + 4 + number + hour) * 60 + minute);
        (start + span).to_string().leak()
    };
    Bucket {
        vehicle_id,
        hour: instant(0, 0),
        drive_cycle: Some(100 * day + number),
        band: Some(band),
        started_at: instant(0, 0),
        ended_at: instant(1, 0),
        net_kwh: 20.0 * kwh_per_km,
        ..Bucket::default()
    }
}

/// Two buses with trips in cold, mild and thin bands over 30 days.
async fn season(database: &Database) -> Result<()> {
    let mut buckets = Vec::new();
    for day in 0..30 {
        for (vehicle, factor) in [(1, 1.0), (3, 1.3)] {
            buckets.push(trip(vehicle, day, 0, -30, 2.0 * factor + 0.01 * day as f64));
            if day % 2 == 0 {
                buckets.push(trip(vehicle, day, 2, 10, 0.9 * factor));
            }
            // Only two trips: the warmer mild band has not enough data, and is no reference.
            if day < 2 {
                buckets.push(trip(vehicle, day, 4, 15, 7.0));
            }
        }
    }
    insert(database, &buckets).await
}

fn of<'a>(bands: &'a [RangeBand], group: &str, edge: i16) -> Result<&'a RangeBand> {
    bands
        .iter()
        .find(|it| it.group == group && it.band == Band::From(edge))
        .with_context(|| format!("{group} at {edge}: {bands:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_is_relative_to_mild_bands_with_enough_data() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    season(&database).await?;
    let bands = range_by_band(&reader.client, RangeGroup::Bus, &all(), 0.0).await?;
    let cold = of(&bands, "astana/b1", -30)?;
    let mild = of(&bands, "astana/b1", 10)?;
    let thin = of(&bands, "astana/b1", 15)?;
    assert!(cold.has_enough_data && mild.has_enough_data && !thin.has_enough_data);
    let expected = 1.0 - 0.9 / (2.0 + 0.01 * 14.5);
    let loss = cold.range_loss_share.context("a loss")?;
    assert!((loss - expected).abs() < 1e-9, "{loss} for {expected}");
    assert_eq!(mild.range_loss_share, Some(0.0));

    // The operator's setting applies everywhere at once.
    let operator = database.connect_as(ayaz_store::Role::Operator).await?;
    operator
        .client
        .batch_execute("update energy_setting set band_trips_min = 2, mild_bands_celsius = '{15}'")
        .await?;
    let bands = range_by_band(&reader.client, RangeGroup::Bus, &all(), 0.0).await?;
    assert!(of(&bands, "astana/b1", 15)?.has_enough_data);
    let loss = of(&bands, "astana/b1", 10)?.range_loss_share;
    assert!(loss.is_some_and(|loss| loss < -6.0), "{loss:?}");
    let settings = figure_settings(&reader.client).await?;
    assert_eq!(
        (
            settings.band_trips_min,
            settings.mild_from_celsius,
            settings.mild_to_celsius
        ),
        (2, 15, 20)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_stands_and_heats_has_no_range() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let buckets: Vec<Bucket> = (0..5)
        .map(|day| Bucket {
            km: 0.04,
            net_kwh: 12.0,
            ..trip(1, day, 0, -40, 1.0)
        })
        .collect();
    insert(&database, &buckets).await?;
    let bands = range_by_band(&reader.client, RangeGroup::Bus, &all(), 0.0).await?;
    assert!(!of(&bands, "astana/b1", -40)?.has_enough_data);
    Ok(())
}

/// The usable energy of bus 1 over time: never set; constant; another one from an instant within a
/// day of trips; for a limited time; for less than a day.
const CONTEXTS: [&str; 5] = [
    "select",
    "insert into vehicle_context (vehicle_id, attribute, value) values (1, 'usable_energy_kwh', '250')",
    "insert into vehicle_context (vehicle_id, attribute, value, valid_from, valid_to) values
        (1, 'usable_energy_kwh', '300', '-infinity', '2026-01-24 05:30Z'),
        (1, 'usable_energy_kwh', '240.5', '2026-01-24 05:30Z', 'infinity')",
    "insert into vehicle_context (vehicle_id, attribute, value, valid_from, valid_to) values
        (1, 'usable_energy_kwh', '200', '2026-01-13 04:00Z', '2026-02-01 07:00Z')",
    "insert into vehicle_context (vehicle_id, attribute, value, valid_from, valid_to) values
        (1, 'usable_energy_kwh', '200', '2026-01-13 05:00Z', '2026-01-13 07:00Z')",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_view_equals_the_report() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    season(&database).await?;
    for context in CONTEXTS {
        database
            .execute(&format!("truncate vehicle_context; {context}"))
            .await?;
        let bands = range_by_band(&reader.client, RangeGroup::Bus, &all(), 0.0).await?;
        let rows = reader
            .client
            .query(
                "select fleet || '/' || vehicle as name, band_celsius, range_km, range_loss_share,
                    has_enough_data, trips, kwh_per_km, usable_energy_kwh, completeness, coverage,
                    heat_share, is_cabin_cold
                from winter_range",
                &[],
            )
            .await?;
        assert_eq!(rows.len(), bands.len());
        for row in &rows {
            let band = of(&bands, row.get("name"), row.get("band_celsius"))?;
            let about = format!("{context}: {band:#?}");
            let near = |column: &str, expected: Option<f64>| {
                let found: Option<f64> = row.get(column);
                let is_near = match (found, expected) {
                    (Some(found), Some(expected)) => {
                        (found - expected).abs() <= 1e-12 * expected.abs().max(1.0)
                    }
                    (found, expected) => found == expected,
                };
                assert!(is_near, "{column} is {found:?} in the view, {about}");
            };
            near("range_km", band.range_km);
            near("range_loss_share", band.range_loss_share);
            near("kwh_per_km", band.energy.kwh_per_km);
            near("usable_energy_kwh", band.usable_energy_kwh);
            near("completeness", band.completeness);
            near("coverage", band.coverage);
            near("heat_share", band.energy.heat_share);
            assert_eq!(
                row.get::<_, bool>("has_enough_data"),
                band.has_enough_data,
                "{about}"
            );
            assert_eq!(row.get::<_, i64>("trips"), band.trips, "{about}");
            let is_cold: Option<bool> = row.get("is_cabin_cold");
            assert_eq!(is_cold, band.energy.is_cabin_cold, "{about}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn cold_against_mild_equals_the_bands() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    season(&database).await?;
    let bands = range_by_band(&reader.client, RangeGroup::Bus, &all(), 0.0).await?;
    let rows = reader
        .client
        .query(
            "select fleet || '/' || vehicle as name, cold_range_km, mild_range_km, range_loss_share,
                cold_trips, mild_trips
            from cold_against_mild(null, null, null, null, 0)",
            &[],
        )
        .await?;
    assert_eq!(rows.len(), 2);
    for row in &rows {
        let (cold, mild) = (
            of(&bands, row.get("name"), -30)?,
            of(&bands, row.get("name"), 10)?,
        );
        let figures: [Option<f64>; 3] = [row.get(1), row.get(2), row.get(3)];
        let expected = [cold.range_km, mild.range_km, cold.range_loss_share];
        assert_eq!(figures, expected);
        assert_eq!((row.get(4), row.get(5)), (cold.trips, mild.trips));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_trips_are_selected_by_their_start() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    season(&database).await?;
    let selection = TripSelection {
        fleet: Some("astana".to_owned()),
        vehicle: Some("b1".to_owned()),
        from: Some("2026-01-12T04:00:00Z".parse()?),
        to: Some("2026-01-14T04:00:00Z".parse()?),
    };
    let bands = range_by_band(&reader.client, RangeGroup::Model, &selection, 0.0).await?;
    assert_eq!(
        of(&bands, "E12", -30)?.trips,
        2,
        "the first is in, the last is not"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bands_have_the_edges_of_the_worker() -> Result<()> {
    let (_database, reader) = or_skip!(fleet());
    for tenth in -700..=700 {
        let edge = lower_edge_celsius(f64::from(tenth) / 10.0);
        let upper: i32 = reader
            .client
            .query_one("select band_upper_celsius($1)", &[&i32::from(edge)])
            .await?
            .get(0);
        assert_eq!(upper, i32::from(edge + width_celsius(edge)), "{edge} °C");
    }
    Ok(())
}
