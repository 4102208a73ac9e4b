//! Rows of `clock_run`, described in their migration.

use ayaz_energy::clock::ClockRun;
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use jiff::Timestamp;
use tokio_postgres::{Error, Row, Statement, Transaction};

use super::rows::positions;
use super::timestamp;

pub(super) const READ: &str = "-- clock_runs
    select hour, boot_id, readings, sequence_first, sequence_last, started_at, ended_at, doubted_from
    from clock_run
    where vehicle_id = $1 and hour >= $2 and hour < $3
    order by hour, run";

/// Nearly every hour has one run; COPY would take longer.
pub(super) const INSERT: &str = "-- insert_clock_runs
    insert into clock_run (
        vehicle_id, hour, run, boot_id, readings, sequence_first, sequence_last, started_at,
        ended_at, doubted_from
    )
    select $1, * from unnest(
        $2::timestamptz[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
        $8::timestamptz[], $9::timestamptz[], $10::timestamptz[]
    )";

pub(super) async fn read(
    transaction: &Transaction<'_>,
    statement: &Statement,
    vehicle: VehicleNumber,
    from: UnixMicroseconds,
    to: UnixMicroseconds,
) -> Result<Vec<ClockRun>, Error> {
    let rows = transaction
        .query(statement, &[&vehicle, &timestamp(from), &timestamp(to)])
        .await?;
    Ok(rows.iter().map(run).collect())
}

fn run(row: &Row) -> ClockRun {
    let instant = |column| UnixMicroseconds::from(row.get::<_, Timestamp>(column));
    ClockRun {
        hour: instant(0),
        boot_id: row.get(1),
        readings: row.get(2),
        sequence_first: row.get(3),
        sequence_last: row.get(4),
        started_at: instant(5),
        ended_at: instant(6),
        doubted_from: row.get::<_, Option<Timestamp>>(7).map(Into::into),
    }
}

/// Numbers the runs within each hour in the given order. They must be sorted by hour.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    statement: &Statement,
    vehicle: VehicleNumber,
    runs: &[ClockRun],
) -> Result<(), Error> {
    if runs.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i32> = positions(runs.iter().map(|run| run.hour)).collect();
    let integers = |pick: fn(&ClockRun) -> i64| -> Vec<i64> { runs.iter().map(pick).collect() };
    let instants = |pick: fn(&ClockRun) -> UnixMicroseconds| -> Vec<Timestamp> {
        runs.iter().map(|run| timestamp(pick(run))).collect()
    };
    let doubted_from: Vec<Option<Timestamp>> = runs
        .iter()
        .map(|run| run.doubted_from.map(timestamp))
        .collect();
    transaction
        .execute(
            statement,
            &[
                &vehicle,
                &instants(|run| run.hour),
                &numbers,
                &integers(|run| run.boot_id),
                &integers(|run| run.readings),
                &integers(|run| run.sequence_first),
                &integers(|run| run.sequence_last),
                &instants(|run| run.started_at),
                &instants(|run| run.ended_at),
                &doubted_from,
            ],
        )
        .await
        .map(drop)
}
