//! All programs insert readings in one order: transactions with the same keys wait for each other, and cannot
//! deadlock.

use anyhow::Result;
use ayaz_model::TimeQuality::{Ancient, Good};
use ayaz_store::Role;
use ayaz_store::set_aside::{SetAsideSelection, accept};
use ayaz_test_db::or_skip;

use super::{DAY, cells, message, store};
use crate::database::Database;
use crate::dead_letters::NOW;

const SECOND: i64 = 1_000_000;

/// Records each inserted row.
const WATCH: &str = "
    create table inserted (
        number bigint generated always as identity,
        table_name text, vehicle_id integer, recorded_at timestamptz, boot_id bigint, sequence bigint
    );
    grant insert on inserted to public;
    create function note_inserted() returns trigger language plpgsql as $$
    begin
        insert into public.inserted (table_name, vehicle_id, recorded_at, boot_id, sequence)
        values (tg_argv[0], new.vehicle_id, new.recorded_at, new.boot_id, new.sequence);
        return null;
    end
    $$;
    create trigger note_inserted after insert on reading
        for each row execute function note_inserted('reading');
    create trigger note_inserted after insert on cell_reading
        for each row execute function note_inserted('cell_reading')";

/// Rows of a table that were inserted before a row that comes earlier in the order.
fn out_of_order(table: &str) -> String {
    format!(
        "select count(*) from (
            select place < lag(place) over (order by number) as is_early
            from (
                select number, (
                    date_trunc('day', recorded_at, 'UTC'), vehicle_id, recorded_at, boot_id, sequence
                ) as place
                from inserted
                where table_name = '{table}'
            ) as placed
        ) as compared
        where is_early"
    )
}

async fn assert_in_order(database: &Database, rows: i64) -> Result<()> {
    for table in ["reading", "cell_reading"] {
        let count = format!("select count(*) from inserted where table_name = '{table}'");
        assert_eq!(database.number(&count).await?, rows, "{table}");
        let early = database.number(&out_of_order(table)).await?;
        assert_eq!(early, 0, "{table}: rows out of order");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_readings_are_inserted_in_order() -> Result<()> {
    const VEHICLES: i64 = 4;
    // Fewer than the server estimates, so that it hashes the rows and not the keys.
    const READINGS: i64 = 50;
    let database = or_skip!(Database::new());
    database.execute(WATCH).await?;
    let mut store = store(&database);
    // Over midnight, so that the day comes before the vehicle in the order.
    let midnight = NOW.0.div_euclid(DAY) * DAY;
    let times: Vec<i64> = (0..READINGS)
        .map(|n| midnight + (n - READINGS / 2) * SECOND)
        .collect();
    store
        .write(&[
            message("b0", Good, &times[..1])?,
            cells("b0", Good, &times[..1])?,
        ])
        .await?;
    let mut batch = Vec::new();
    for vehicle in 0..VEHICLES {
        let vehicle = format!("b{vehicle}");
        batch.push(message(&vehicle, Good, &times)?);
        batch.push(cells(&vehicle, Good, &times)?);
    }
    let written = store.write(&batch).await?;
    assert_eq!(
        written.readings_duplicate, 2,
        "the batch went through staging"
    );
    assert_in_order(&database, VEHICLES * READINGS).await
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_readings_are_inserted_in_the_order_of_ingest() -> Result<()> {
    let database = or_skip!(Database::new());
    database.execute(WATCH).await?;
    let times: Vec<i64> = (0..20).map(|n| NOW.0 - 2 * DAY + n * DAY / 10).collect();
    let mut batch = Vec::new();
    for vehicle in ["b1", "b2", "b3"] {
        batch.push(message(vehicle, Ancient, &times)?);
        batch.push(cells(vehicle, Ancient, &times)?);
    }
    store(&database).write(&batch).await?;
    let mut operator = database.connect_as(Role::Operator).await?;
    let all = SetAsideSelection::default();
    let accepted = accept(&mut operator.client, &all, |_| {}).await?;
    assert_eq!(accepted.readings, 2 * 3 * 20);
    assert_in_order(&database, 3 * 20).await
}
