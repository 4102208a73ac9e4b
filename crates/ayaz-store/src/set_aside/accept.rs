//! Accepts readings: moves them into `reading` with a plausible time.
//!
//! A transaction first inserts, then deletes the same rows, as it saw them at its start: readings that are
//! set aside meanwhile stay. Between both it waits for transactions that set readings aside, so that none of
//! them finds a reading in neither place.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, IsolationLevel, Transaction};

use super::SetAsideSelection;
use super::selection::{IS_PAST, Parameters, SELECTED};
use crate::columns;
use crate::copy;
use crate::error::StoreError;

/// Limits of one transaction: days (each may create a chunk), and approximate rows.
const DAYS_AT_A_TIME: usize = 64;
const ROWS_AT_A_TIME: i64 = 50_000;

/// Number of retries after a conflict with another transaction.
const TRIES_MAX: usize = 10;
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(200);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepted {
    /// Readings and cell readings.
    pub readings: u64,
    /// Their UTC days.
    pub days: u64,
}

/// Moves the selected readings whose time is in the past into `reading` and `cell_reading`, and queues their
/// hours for the worker. Needs the role of an operator. Each transaction moves some days; after an error the
/// earlier days stay moved, and another call continues.
pub async fn accept(
    operator: &mut Client,
    selection: &SetAsideSelection,
    mut report: impl FnMut(Accepted),
) -> Result<Accepted, StoreError> {
    let days = days(operator, selection).await?;
    let mut accepted = Accepted::default();
    for part in parts(&days) {
        let (Some(first), Some(last)) = (part.first(), part.last()) else {
            continue;
        };
        let end = last.0.saturating_add(DAY).unwrap_or(Timestamp::MAX);
        accepted.readings += move_part(operator, selection, first.0, end).await?;
        accepted.days += part.len() as u64;
        report(accepted);
    }
    Ok(accepted)
}

/// The selected days and their number of rows, in order.
async fn days(
    operator: &Client,
    selection: &SetAsideSelection,
) -> Result<Vec<(Timestamp, i64)>, StoreError> {
    let statement = format!(
        "-- set_aside_days
        select date_trunc('day', recorded_at, 'UTC'), count(*)
        from set_aside
        where {SELECTED} and {IS_PAST}
        group by 1
        order by 1"
    );
    let rows = operator
        .query(&statement, &Parameters::of(selection).list())
        .await
        .map_err(|error| StoreError::from_driver("list days that are set aside", error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Divides the days into parts for one transaction each.
fn parts(days: &[(Timestamp, i64)]) -> impl Iterator<Item = &[(Timestamp, i64)]> {
    let mut rest = days;
    std::iter::from_fn(move || {
        let mut rows = 0;
        let fits = |day: &&(Timestamp, i64)| {
            rows += day.1;
            rows <= ROWS_AT_A_TIME
        };
        let count = rest.iter().take(DAYS_AT_A_TIME).take_while(fits).count();
        // A day over the limit is a part of its own.
        let (part, later) = rest.split_at(count.max(1).min(rest.len()));
        rest = later;
        (!part.is_empty()).then_some(part)
    })
}

async fn move_part(
    operator: &mut Client,
    selection: &SetAsideSelection,
    from: Timestamp,
    to: Timestamp,
) -> Result<u64, StoreError> {
    let mut tries = 1;
    loop {
        match move_once(operator, selection, from, to).await {
            // A daemon stored or set aside one of them at the same time.
            Err(StoreError::Transient { .. }) if tries < TRIES_MAX && !operator.is_closed() => {
                tries += 1;
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
            outcome => return outcome,
        }
    }
}

async fn move_once(
    operator: &mut Client,
    selection: &SetAsideSelection,
    from: Timestamp,
    to: Timestamp,
) -> Result<u64, StoreError> {
    let parameters = Parameters::of(selection);
    let mut parameters: Vec<&(dyn ToSql + Sync)> = parameters.list().into();
    parameters.extend([&from as &(dyn ToSql + Sync), &to]);
    let transaction = operator
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .start()
        .await
        .map_err(|error| StoreError::from_driver("begin", error))?;
    let run = async |what, sql: &str| run(&transaction, what, sql, &parameters).await;
    let reading_names = columns::names();
    let tables = [
        ("reading", reading_names.as_str()),
        ("cell_reading", copy::CELL_COLUMN_NAMES),
    ];
    for (table, names) in tables {
        // The operator accepts their time as correct.
        let values = names
            .replace("vehicle_id", "s.vehicle_id")
            .replace("time_quality", "0::smallint");
        let insert = format!(
            "-- accept_set_aside
            insert into {table} ({names})
            select {values}
            from {table}_set_aside s
            join vehicle v using (vehicle_id)
            where {CHOSEN}
            order by {WRITE_ORDER}
            on conflict do nothing",
            CHOSEN = chosen(),
            WRITE_ORDER = columns::WRITE_ORDER,
        );
        run("accept readings", &insert).await?;
    }
    let note = format!(
        "-- note_accepted
        insert into dirty_hours (vehicle_ids, changed_from)
        select array_agg(vehicle_id), array_agg(changed_from)
        from (
            select s.vehicle_id, min(recorded_at) as changed_from
            from reading_set_aside s
            join vehicle v using (vehicle_id)
            where {CHOSEN}
            group by s.vehicle_id, date_trunc('hour', recorded_at, 'UTC')
        ) as touched
        having count(*) > 0",
        CHOSEN = chosen(),
    );
    run("note the dirty hours", &note).await?;
    transaction
        .execute("-- hold_reading_places\nselect hold_reading_places()", &[])
        .await
        .map_err(|error| StoreError::from_driver("lock the tables of set-aside readings", error))?;
    let mut moved = 0;
    for (table, _) in tables {
        let delete = format!(
            "-- take_from_aside
            delete from {table}_set_aside s
            using vehicle v
            where v.vehicle_id = s.vehicle_id and {CHOSEN}",
            CHOSEN = chosen(),
        );
        moved += run(
            "delete accepted readings from the set-aside tables",
            &delete,
        )
        .await?;
    }
    transaction
        .commit()
        .await
        .map_err(|error| StoreError::from_driver("commit", error))?;
    Ok(moved)
}

fn chosen() -> String {
    format!("{SELECTED} and {IS_PAST} and recorded_at >= $10 and recorded_at < $11")
}

async fn run(
    transaction: &Transaction<'_>,
    what: &'static str,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<u64, StoreError> {
    transaction
        .execute(sql, parameters)
        .await
        .map_err(|error| StoreError::from_driver(what, error))
}
