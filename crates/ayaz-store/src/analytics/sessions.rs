//! Rows of `session` and `trip_band`, described in their migration.

use ayaz_energy::sessions::{CUT_REACH_MICROSECONDS, GAP_MICROSECONDS_MAX, Session, TripBand};
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use futures_util::future::try_join;
use jiff::civil::Date;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Statement, Transaction};

use super::energy;
use super::rows::{CopyIn, Value, positions};
use super::timestamp;
use crate::error::StoreError;

/// Blocks do not overlap, so the block of the last session that began before the hours is the last
/// one that can touch them. Only if it begins on a plug with the key on, it may turn out to be a
/// part of the trip before it.
///
/// After the hours, a block that was cut off touches the one before it. A block that was not begins
/// where it began if what ends last before it ends after the hours; unless it is a drive cycle that
/// may turn out to be the rest of one in the hours, less than a day ago, with nothing but a plug and
/// the key on since. Those that were cut off begin where they began only once the hours are out of
/// reach; and where a trip may have gone on after a plug with the key on, more than what is before the
/// cut would be needed to tell.
fn window_statement() -> String {
    format!(
        "-- session_window
        with last as (
            select block_started_at as at
            from session
            where vehicle_id = $1 and started_at < $2
            order by started_at desc, number desc
            limit 1
        ), first as (
            select case when s.kind = 'trip' or s.drive_cycle is null then last.at else coalesce((
                select p.block_started_at
                from session p
                where p.vehicle_id = $1 and p.started_at < last.at
                order by p.started_at desc, p.number desc
                limit 1
            ), last.at) end as at
            from last
            join session s on s.vehicle_id = $1 and s.started_at = last.at and s.number = 0
        ), later as (
            select
                started_at, kind, drive_cycle, block_started_at,
                max(ended_at) over before as ended_before,
                max(ended_at) filter (where kind = 'trip') over before as trip_ended_before,
                lag(kind) over w as kind_before,
                lag(block_started_at) over w as block_before
            from session
            where vehicle_id = $1
                and started_at >= (
                    select block_started_at from session
                    where vehicle_id = $1 and ended_at >= $3
                    order by ended_at
                    limit 1
                )
            window w as (order by started_at, number),
                before as (
                    order by started_at, number rows between unbounded preceding and 1 preceding
                )
        ), next as (
            select started_at as at, ended_before >= started_at as is_cut
            from later
            where block_started_at > block_before
                and ended_before >= $3
                and case when ended_before < started_at then
                    kind <> 'trip' or drive_cycle is null or started_at > $3 + {gap}
                else
                    started_at >= $3 + {reach} and (
                        kind = 'trip' and kind_before = 'trip'
                        or coalesce(trip_ended_before < started_at - {gap}, true)
                    )
                end
            order by started_at
            limit 1
        )
        select
            first.at,
            coalesce(first.at < last.at and exists (
                select from session
                where vehicle_id = $1 and started_at >= first.at and started_at < last.at
                    and kind = 'trip'
            ), false),
            coalesce((
                select true from session
                where vehicle_id = $1 and ended_at = first.at and block_started_at < first.at
                limit 1
            ), false),
            coalesce(next.at - interval '1 microsecond', (
                select max(ended_at) from session where vehicle_id = $1 and ended_at >= $3
            )),
            case when next.is_cut then next.at end
        from (values (1)) one
        left join last on true
        left join first on true
        left join next on true",
        gap = interval(GAP_MICROSECONDS_MAX),
        reach = interval(CUT_REACH_MICROSECONDS),
    )
}

fn interval(microseconds: i64) -> String {
    format!("interval '{} hours'", microseconds / HOUR_MICROSECONDS)
}

/// $2 and $3 are the window; without one, the hours that changed. Returns the days of the trips
/// that are gone, which are to be summed again.
const FORGET: &str = "-- forget_sessions
    with gone as (
        delete from session
        where vehicle_id = $1 and started_at >= $2 and started_at <= $3
        returning kind, service_day
    ), bands as (
        delete from trip_band
        where vehicle_id = $1 and started_at >= $2 and started_at <= $3
    )
    select distinct service_day from gone where kind = 'trip'";

/// The statements, prepared once a connection.
#[derive(Debug, Clone)]
pub(super) struct Statements {
    pub(super) window: Statement,
    forget: Statement,
    sessions: CopyIn,
    bands: CopyIn,
}

impl Statements {
    /// Prepares them.
    pub(super) async fn prepare(client: &Client) -> Result<Self, Error> {
        let sessions = format!(
            "-- insert_sessions
            copy session (
                vehicle_id, number, started_at, ended_at, kind, block_started_at, service_day,
                drive_cycle, trip_started_at, route, charging_station, plugged_in_share, intervals,
                {}, soc_start_percent, soc_end_percent, odometer_start_km, odometer_end_km,
                exterior_start_celsius, exterior_end_celsius, cabin_start_celsius,
                cabin_end_celsius, battery_start_celsius, battery_end_celsius
            ) from stdin (format binary)",
            energy::column_list()
        );
        let bands = format!(
            "-- insert_trip_bands
            copy trip_band (
                vehicle_id, started_at, number, band, band_celsius, route, intervals, {}
            ) from stdin (format binary)",
            energy::column_list()
        );
        Ok(Self {
            window: client.prepare(&window_statement()).await?,
            forget: client.prepare(FORGET).await?,
            sessions: CopyIn::prepare(client, &sessions, session_types()).await?,
            bands: CopyIn::prepare(client, &bands, band_types()).await?,
        })
    }
}

/// Puts these sessions in the place of those that began from `from` to `to`. They are in the order
/// of their start. Returns the service days of trips that were taken away.
pub(super) async fn replace(
    transaction: &Transaction<'_>,
    statements: &Statements,
    vehicle: VehicleNumber,
    (from, to): (UnixMicroseconds, UnixMicroseconds),
    sessions: &[Session],
) -> Result<Vec<Date>, StoreError> {
    let started_at = sessions.iter().map(|session| timestamp(session.started_at));
    let numbers: Vec<i32> = positions(started_at).collect();
    let numbered = || sessions.iter().zip(&numbers);
    let rows = numbered().map(|(session, number)| session_row(vehicle, *number, session));
    let bands = numbered().flat_map(|(session, number)| {
        (0_i32..)
            .zip(&session.bands)
            .map(move |(band, of)| band_row(vehicle, session.started_at, *number, band, of))
    });
    let (from, to) = (timestamp(from), timestamp(to));
    let range: [&(dyn ToSql + Sync); 3] = [&vehicle, &from, &to];
    let bands: Vec<_> = bands.collect();
    let failed = |error| StoreError::from_driver("write sessions", error);
    // Sent one after the other, without waiting for the answers ([`CopyIn`] says how far).
    let (gone, ()) = try_join(
        transaction.query(&statements.forget, &range),
        statements.sessions.write(transaction, rows.collect()),
    )
    .await
    .map_err(failed)?;
    statements
        .bands
        .write(transaction, bands)
        .await
        .map_err(failed)?;
    Ok(gone.iter().map(|row| row.get(0)).collect())
}

fn session_types() -> Vec<Type> {
    let head = [
        Type::INT4,
        Type::INT4,
        Type::TIMESTAMPTZ,
        Type::TIMESTAMPTZ,
        Type::TEXT,
        Type::TIMESTAMPTZ,
        Type::DATE,
        Type::INT8,
        Type::TIMESTAMPTZ,
        Type::TEXT,
        Type::TEXT,
        Type::FLOAT8,
        Type::INT8,
    ];
    let ends = std::iter::repeat_n(Type::FLOAT8, 10);
    head.into_iter()
        .chain(energy::types())
        .chain(ends)
        .collect()
}

fn session_row(vehicle: VehicleNumber, number: i32, session: &Session) -> Vec<Value<'_>> {
    let mut row: Vec<Value<'_>> = vec![
        Box::new(vehicle),
        Box::new(number),
        Box::new(timestamp(session.started_at)),
        Box::new(timestamp(session.ended_at)),
        Box::new(session.kind.name()),
        Box::new(timestamp(session.block_started_at)),
        Box::new(session.service_day),
        Box::new(session.drive_cycle),
        Box::new(session.trip_started_at.map(timestamp)),
        Box::new(session.route.as_deref()),
        Box::new(session.charging_station.as_deref()),
        Box::new(session.plugged_in_share),
        Box::new(session.intervals),
    ];
    row.extend(energy::values(&session.energy));
    for ends in session.ends.all() {
        row.push(Box::new(ends.first_value()));
        row.push(Box::new(ends.last_value()));
    }
    row
}

fn band_types() -> Vec<Type> {
    let head = [
        Type::INT4,
        Type::TIMESTAMPTZ,
        Type::INT4,
        Type::INT4,
        Type::INT2,
        Type::TEXT,
        Type::INT8,
    ];
    head.into_iter().chain(energy::types()).collect()
}

fn band_row(
    vehicle: VehicleNumber,
    started_at: UnixMicroseconds,
    number: i32,
    band: i32,
    of: &TripBand,
) -> Vec<Value<'_>> {
    let mut row: Vec<Value<'_>> = vec![
        Box::new(vehicle),
        Box::new(timestamp(started_at)),
        Box::new(number),
        Box::new(band),
        Box::new(of.band_celsius),
        Box::new(of.route.as_deref()),
        Box::new(of.intervals),
    ];
    row.extend(energy::values(&of.energy));
    row
}
