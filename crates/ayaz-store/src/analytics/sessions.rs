//! Rows of `session` and `trip_band`, described in their migration.

use ayaz_energy::sessions::{BLOCKS_BEFORE, Session, SessionHead, TripBand};
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use futures_util::future::try_join;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row, Statement, Transaction};

use super::buckets::activity;
use super::energy;
use super::rows::{CopyIn, Value, positions};
use super::storage::{HourRange, SessionHeads};
use super::timestamp;
use crate::error::StoreError;

/// Maximum number of session heads after the hours that one statement returns. Nearly always the first few
/// show where the window ends.
const LATER_HEADS_MAX: i64 = 32;

const HEAD: &str = "started_at, number, ended_at, kind, block_started_at, drive_cycle";

/// $2 and $3 are the hours. Earlier blocks are found one by one, backwards: a session names the start of its
/// block.
fn heads_statement() -> String {
    format!(
        "-- session_heads
        with recursive block as (
            select 1 as count, (
                select block_started_at from session
                where vehicle_id = $1 and started_at < $2
                order by started_at desc, number desc
                limit 1
            ) as started_at
            union all
            select count + 1, (
                select s.block_started_at from session s
                where s.vehicle_id = $1 and s.started_at < block.started_at
                order by s.started_at desc, s.number desc
                limit 1
            )
            from block where count < {BLOCKS_BEFORE} and block.started_at is not null
        )
        (
            select {HEAD} from session
            where vehicle_id = $1 and started_at < $3
                and started_at >= coalesce((select min(started_at) from block), $2)
        ) union all (
            select {HEAD} from session
            where vehicle_id = $1 and started_at >= $3
            order by started_at, number
            limit {LATER_HEADS_MAX}
        )
        order by started_at, number"
    )
}

/// $2 and $3 are start and number of the last head that was read.
fn next_heads_statement() -> String {
    format!(
        "-- next_session_heads
        select {HEAD} from session
        where vehicle_id = $1 and (started_at, number) > ($2, $3)
        order by started_at, number
        limit {LATER_HEADS_MAX}"
    )
}

/// See [`RefreshStorage::session_heads`].
///
/// [`RefreshStorage::session_heads`]: super::RefreshStorage::session_heads
pub(super) async fn heads(
    transaction: &Transaction<'_>,
    statements: &Statements,
    range: HourRange,
    after: Option<SessionHead>,
) -> Result<SessionHeads, StoreError> {
    let vehicle = range.vehicle;
    let rows = match after {
        None => {
            let (from, to) = (timestamp(range.from), timestamp(range.to()));
            let parameters: [&(dyn ToSql + Sync); 3] = [&vehicle, &from, &to];
            transaction.query(&statements.heads, &parameters).await
        }
        Some(SessionHead {
            started_at, number, ..
        }) => {
            let started_at = timestamp(started_at);
            let parameters: [&(dyn ToSql + Sync); 3] = [&vehicle, &started_at, &number];
            transaction.query(&statements.next_heads, &parameters).await
        }
    }
    .map_err(|error| StoreError::from_driver("read session heads", error))?;
    let heads: Vec<SessionHead> = rows.iter().map(head).collect::<Result<_, _>>()?;
    let later = heads.iter().filter(|head| head.started_at >= range.to());
    let is_all = (later.count() as i64) < LATER_HEADS_MAX;
    Ok(SessionHeads { heads, is_all })
}

fn head(row: &Row) -> Result<SessionHead, StoreError> {
    let at = |column| row.get::<_, Timestamp>(column).into();
    Ok(SessionHead {
        started_at: at(0),
        number: row.get(1),
        ended_at: at(2),
        kind: activity(row.get(3))?,
        block_started_at: at(4),
        drive_cycle: row.get(5),
    })
}

/// $2 and $3 are the window; without one, the changed hours. Returns the days of deleted trips, which must be
/// summed again.
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

/// The statements, prepared once per connection.
#[derive(Debug, Clone)]
pub(super) struct Statements {
    heads: Statement,
    next_heads: Statement,
    forget: Statement,
    sessions: CopyIn,
    bands: CopyIn,
}

impl Statements {
    /// Prepares the statements.
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
            heads: client.prepare(&heads_statement()).await?,
            next_heads: client.prepare(&next_heads_statement()).await?,
            forget: client.prepare(FORGET).await?,
            sessions: CopyIn::prepare(client, &sessions, session_types()).await?,
            bands: CopyIn::prepare(client, &bands, band_types()).await?,
        })
    }
}

/// Replaces the sessions that began from `from` to `to` by these, which are sorted by start. Returns the
/// service days of deleted trips.
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
    // Sends the statements without waiting for answers ([`CopyIn`] describes the limits).
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
