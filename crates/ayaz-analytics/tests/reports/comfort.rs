//! What explains an energy figure: a warm cabin, regeneration at the wheels, heat by source.

use anyhow::Result;
use ayaz_store::reports::{RangeGroup, energy_by_band, range_by_band, range_by_trip};
use ayaz_test_db::or_skip;

use super::{Bucket, add_up, all, fleet, insert};

/// An hour of driving of each of the three vehicles; the second and third have no heat.
const CABINS: &str = "
    update energy_bucket set
        cabin_seconds = 3600,
        cabin_kelvin_seconds = 3600 * (273.15 + case vehicle_id when 1 then 19.5 when 2 then 4 else -2 end),
        -- The third one sends no set-point.
        setpoint_seconds = case when vehicle_id < 3 then 3600 else 0 end,
        setpoint_near_seconds = case vehicle_id when 1 then 3240 else 0 end,
        cabin_cold_seconds = case vehicle_id when 1 then 360 when 2 then 3600 else 0 end";

#[tokio::test(flavor = "multi_thread")]
async fn bands_with_a_cold_cabin_are_marked() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let buckets = [1, 2, 3].map(|vehicle_id| Bucket {
        vehicle_id,
        // The warm one consumes most.
        net_kwh: if vehicle_id == 1 { 40.0 } else { 25.0 },
        ..Bucket::default()
    });
    insert(&database, &buckets).await?;
    let cold = "select string_agg(
            concat_ws(' ', fleet || '/' || vehicle, is_cabin_cold,
                round(cabin_temperature_mean_celsius::numeric, 1), round(setpoint_near_share::numeric, 2)),
            ', ' order by vehicle_id)
        from ";
    let of = async |view: &str| -> Result<Option<String>> {
        let row = reader
            .client
            .query_one(&format!("{cold}{view}"), &[])
            .await?;
        Ok(row.get(0))
    };
    // The cabin was not measured yet.
    assert_eq!(
        of("band_energy").await?.as_deref(),
        Some("astana/b1, astana/b2, almaty/b1")
    );
    database.execute(CABINS).await?;
    add_up(&database, &buckets).await?;
    let marked = "astana/b1 f 19.5 0.90, astana/b2 t 4.0 0.00, almaty/b1 t -2.0";
    for view in [
        "band_energy",
        "winter_range",
        "trip_band_energy",
        "trip_energy",
        "session_energy",
        "day_energy",
        "hour_energy",
    ] {
        assert_eq!(of(view).await?.as_deref(), Some(marked), "{view}");
    }
    let by_bus = range_by_band(&reader.client, RangeGroup::Bus, &all(), 0.0).await?;
    let of_buses: Vec<_> = by_bus
        .iter()
        .map(|row| (row.group.as_str(), row.energy.is_cabin_cold))
        .collect();
    assert_eq!(
        of_buses,
        [
            ("almaty/b1", Some(true)),
            ("astana/b1", Some(false)),
            ("astana/b2", Some(true))
        ]
    );
    let buses = ["almaty/b1", "astana/b1", "astana/b2"].map(str::to_owned);
    let trips = range_by_trip(&reader.client, RangeGroup::Bus, &buses, &all()).await?;
    let of_trips: Vec<_> = trips
        .iter()
        .map(|trip| (&*trip.group, trip.is_cabin_cold))
        .collect();
    assert_eq!(of_trips, of_buses);
    let bands = energy_by_band(&reader.client, &all(), 0.0).await?;
    // 3,960 of 7,200 s with a set-point were cold.
    assert_eq!(bands[0].energy.is_cabin_cold, Some(true));
    assert_eq!(bands[0].energy.setpoint_near_share, Some(0.45));
    // The operator may change the limit.
    let operator = database.connect_as(ayaz_store::Role::Operator).await?;
    operator
        .client
        .batch_execute("update energy_setting set cold_cabin_share_max = 0.6")
        .await?;
    let bands = energy_by_band(&reader.client, &all(), 0.0).await?;
    assert_eq!(bands[0].energy.is_cabin_cold, Some(false));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_of_regeneration_in_the_cold_is_shown_at_wheels_and_battery() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let in_band = |band, hour, drive_cycle| Bucket {
        band: Some(band),
        drive_cycle: Some(drive_cycle),
        hour,
        started_at: hour,
        ended_at: if drive_cycle == 1 {
            "2026-01-10T06:59:00Z"
        } else {
            "2026-01-10T07:59:00Z"
        },
        ..Bucket::default()
    };
    let buckets = [
        in_band(10, "2026-01-10T06:00:00Z", 1),
        in_band(-30, "2026-01-10T07:00:00Z", 2),
    ];
    insert(&database, &buckets).await?;
    // In the cold, the wheels give back 0.22 instead of 0.3 kWh/km, and heaters leave 0.087 of it.
    database
        .execute(
            "update energy_bucket set
                wheel_regen_base_km = 20,
                wheel_regen_kwh = case band_celsius when 10 then 6 else 4.375 end,
                regen_kwh = case band_celsius when 10 then 6 else 1.75 end",
        )
        .await?;
    add_up(&database, &buckets).await?;
    let loss = |column: &str| {
        format!(
            "select round(100 * (min({column}) filter (where band_celsius = -30)
                / min({column}) filter (where band_celsius = 10) - 1))::bigint
            from winter_range"
        )
    };
    assert_eq!(database.number(&loss("wheel_regen_kwh_per_km")).await?, -27);
    assert_eq!(database.number(&loss("regen_kwh_per_km")).await?, -71);
    let bands = energy_by_band(&reader.client, &all(), 0.0).await?;
    let wheels: Vec<_> = bands.iter().map(|row| row.energy.wheel_regen_kwh).collect();
    assert_eq!(wheels, [Some(4.375), Some(6.0), Some(10.375)]);
    assert_eq!(bands[2].energy.wheel_regen_base_km, Some(40.0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn heat_is_shown_by_source_and_in_total() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let buckets = [Bucket {
        heater: Some((8.0, 40.0)),
        ..Bucket::default()
    }];
    insert(&database, &buckets).await?;
    database
        .execute(
            "update energy_bucket set heat_pump_kwh = 6, heat_pump_base_kwh = 40, battery_heater_kwh = 2,
                battery_heater_base_kwh = 40, fuel_litres = 1",
        )
        .await?;
    add_up(&database, &buckets).await?;
    let shares =
        "select concat_ws(' ', heater_share, heat_pump_share, battery_heater_share, heat_share,
        heat_kwh, fuel_heat_kwh) from ";
    for view in ["trip_energy", "trip_band_energy", "band_energy"] {
        let row = reader
            .client
            .query_one(&format!("{shares}{view}"), &[])
            .await?;
        assert_eq!(row.get::<_, &str>(0), "0.2 0.15 0.05 0.4 16 9.9", "{view}");
    }
    let row = reader
        .client
        .query_one(
            "select concat_ws(' ', heater_kwh_per_km, heat_pump_kwh_per_km, battery_heater_kwh_per_km,
                heat_kwh_per_km, fuel_heat_kwh_per_km) from winter_range",
            &[],
        )
        .await?;
    assert_eq!(row.get::<_, &str>(0), "0.4 0.3 0.1 0.8 0.495");
    let bands = energy_by_band(&reader.client, &all(), 0.0).await?;
    let energy = &bands[0].energy;
    assert_eq!(
        (energy.heat_kwh, energy.heat_share),
        (Some(16.0), Some(0.4))
    );
    // A heat pump that was metered for half of the driving: shares of different energies do not add
    // up.
    database
        .execute("update energy_bucket set heat_pump_base_kwh = 20")
        .await?;
    add_up(&database, &buckets).await?;
    let bands = energy_by_band(&reader.client, &all(), 0.0).await?;
    let energy = &bands[0].energy;
    assert_eq!((energy.heat_kwh, energy.heat_share), (Some(16.0), None));
    Ok(())
}
