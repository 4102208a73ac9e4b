//! Views and reports, on hand-made buckets that the worker adds up, and on readings that it
//! refreshes.

mod bands;
mod comfort;
mod completeness;
mod day_bands;
mod hostile;
mod incomplete;
mod one_definition;
mod preheating;
mod settings;
mod states;
mod trip_ranges;
mod trips;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use ayaz_analytics::refresh::refresh_sessions;
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_store::analytics::{HourRange, Refresh, RefreshStatements, RefreshStorage};
use ayaz_store::reports::TripSelection;
use ayaz_store::{Connection, Role};
use ayaz_test_db::Database;
use jiff::Timestamp;

/// A bucket with the fields that tests vary; the rest is derived.
#[derive(Clone)]
struct Bucket {
    vehicle_id: i32,
    hour: &'static str,
    drive_cycle: Option<i64>,
    plugged_in: bool,
    route: Option<&'static str>,
    band: Option<i16>,
    started_at: &'static str,
    ended_at: &'static str,
    seconds: f64,
    km: f64,
    net_kwh: f64,
    heater: Option<(f64, f64)>,
    soc: Option<(f32, f32)>,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            vehicle_id: 1,
            hour: "2026-01-10T06:00:00Z",
            drive_cycle: Some(1),
            plugged_in: false,
            route: None,
            band: Some(-30),
            started_at: "2026-01-10T06:00:00Z",
            ended_at: "2026-01-10T07:00:00Z",
            seconds: 3600.0,
            km: 20.0,
            net_kwh: 40.0,
            heater: None,
            soc: None,
        }
    }
}

/// A database with three vehicles, as the owner and as a reader.
async fn fleet() -> Result<Option<(Database, Connection)>> {
    let Some(database) = Database::new().await? else {
        return Ok(None);
    };
    database
        .execute(
            "insert into vehicle_model values ('E12', 12, 300), ('nameless', 12, null);
            insert into vehicle (fleet, vehicle, model) values
                ('astana', 'b1', 'E12'), ('astana', 'b2', 'nameless'), ('almaty', 'b1', null)",
        )
        .await?;
    let reader = database.connect_as(Role::Reader).await?;
    Ok(Some((database, reader)))
}

async fn insert(database: &Database, buckets: &[Bucket]) -> Result<()> {
    for (index, bucket) in buckets.iter().enumerate() {
        let number = i32::try_from(index)?;
        let (heater, heater_base) = bucket.heater.unzip();
        let (soc_start, soc_end) = bucket.soc.unzip();
        database
            .owner
            .client
            .execute(
                "insert into energy_bucket (
                    vehicle_id, hour, piece, drive_cycle, plugged_in, route, band_celsius,
                    started_at, ended_at, service_day, activity, stretch_started_at, intervals,
                    seconds, distance_seconds, km, energy_seconds, net_kwh, discharge_kwh,
                    regen_kwh, paired_km, paired_net_kwh, heater_kwh, heater_base_kwh,
                    exterior_kelvin_seconds, exterior_seconds, flagged_seconds, standing_seconds,
                    standing_net_kwh, soc_start_percent, soc_start_at, soc_end_percent, soc_end_at
                ) values (
                    $1, $2::text::timestamptz, $3, $4, $5, $6, $7,
                    $8::text::timestamptz, $9::text::timestamptz,
                    ($8::text::timestamptz at time zone 'UTC' - interval '3 hours')::date,
                    case when $5 then 'charging' when $4::bigint is null then 'parking'
                        else 'trip' end,
                    case when $5 or $4::bigint is null then $8::text::timestamptz end,
                    10, $10, $10, $11, $10, $12, $12::double precision + 1, 1, $11, $12,
                    $13, $14, 0, 0, 0, 0, 0,
                    $15::real, case when $15::real is not null then $8::text::timestamptz end,
                    $16::real, case when $16::real is not null then $9::text::timestamptz end
                )",
                &[
                    &bucket.vehicle_id,
                    &bucket.hour,
                    &number,
                    &bucket.drive_cycle,
                    &bucket.plugged_in,
                    &bucket.route,
                    &bucket.band,
                    &bucket.started_at,
                    &bucket.ended_at,
                    &bucket.seconds,
                    &bucket.km,
                    &bucket.net_kwh,
                    &heater,
                    &heater_base,
                    &soc_start,
                    &soc_end,
                ],
            )
            .await?;
    }
    add_up(database, buckets).await
}

/// Sessions and their sums, as the worker computes them from buckets.
async fn add_up(database: &Database, buckets: &[Bucket]) -> Result<()> {
    let mut worker = database.connect_as(Role::Analytics).await?;
    let statements = RefreshStatements::prepare(&worker.client).await?;
    let mut hours: BTreeMap<i32, Vec<UnixMicroseconds>> = BTreeMap::new();
    for bucket in buckets {
        let hour: Timestamp = bucket.hour.parse()?;
        hours
            .entry(bucket.vehicle_id)
            .or_default()
            .push(hour.into());
    }
    for (vehicle, hours) in hours {
        let from = hours.iter().min().copied().context("an hour")?;
        let last = hours.iter().max().copied().context("an hour")?;
        let range = HourRange {
            vehicle,
            from,
            count: usize::try_from((last.0 - from.0) / HOUR_MICROSECONDS + 1)?,
        };
        let refresh = Refresh::begin(&mut worker.client, &statements, range).await?;
        refresh_sessions(&refresh, &refresh.service_day_rules().await?).await?;
        refresh.commit().await?;
    }
    Ok(())
}

fn all() -> TripSelection {
    TripSelection::default()
}
