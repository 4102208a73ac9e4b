//! Vehicles whose numbers change under an open connection, and sequences behind the numbers in use.

use std::collections::BTreeMap;

use anyhow::Result;
use ayaz_model::{
    Measurements, Reading, ReadingKey, SignalSet, TimeQuality, UnixMicroseconds, VehicleKey,
};
use ayaz_store::{Content, Envelope, IngestStore, Message, Role, StoreError};
use ayaz_test_db::or_skip;

use crate::database::{Daemon as _, Database};

const START: i64 = 1_768_000_000_000_000;

fn bus(name: &str) -> VehicleKey {
    VehicleKey {
        fleet: "astana".parse().expect("a name"),
        vehicle: name.parse().expect("a name"),
    }
}

/// One reading of the bus, with its own second.
pub(crate) fn reading(name: &str, second: i64) -> Message {
    let reading = Reading {
        key: ReadingKey {
            recorded_at: UnixMicroseconds(START + second * 1_000_000),
            boot_id: 1,
            sequence: second.unsigned_abs(),
        },
        received_at: UnixMicroseconds(START),
        historical: false,
        time_quality: TimeQuality::Good,
        invalid: SignalSet::EMPTY,
        measurements: Measurements::default(),
    };
    Message {
        envelope: Envelope {
            topic: "t".into(),
            payload: format!("{name} {second}").into_bytes().into(),
            received_at: UnixMicroseconds(START),
        },
        content: Content::Readings(bus(name), [&reading].into_iter().collect()),
    }
}

/// Writes like the daemon: again until it is stored. Returns the number of failures.
pub(crate) async fn write(store: &mut IngestStore, messages: &[Message]) -> Result<usize> {
    for failures in 0..5 {
        match store.write(messages).await {
            Ok(_) => return Ok(failures),
            Err(StoreError::Transient { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    anyhow::bail!("it was not stored in five tries")
}

/// Seconds of the stored readings, by the name of their vehicle.
pub(crate) async fn stored(database: &Database) -> Result<BTreeMap<String, Vec<i64>>> {
    let rows = database
        .owner
        .client
        .query(
            "select coalesce(vehicle, 'nobody'), sequence
            from reading left join vehicle using (vehicle_id) order by 1, 2",
            &[],
        )
        .await?;
    let mut stored = BTreeMap::<String, Vec<i64>>::new();
    for row in rows {
        stored.entry(row.get(0)).or_default().push(row.get(1));
    }
    Ok(stored)
}

fn expected(of: &[(&str, &[i64])]) -> BTreeMap<String, Vec<i64>> {
    let owned = of
        .iter()
        .map(|(name, seconds)| ((*name).to_owned(), seconds.to_vec()));
    owned.collect()
}

/// Ways in which a restore into the same tables changes vehicle numbers in one transaction.
const SWAPS: &[(&str, &str)] = &[
    (
        "rows are replaced",
        "create temporary table copy as select * from vehicle;
        delete from vehicle;
        insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
        select 3 - vehicle_id, fleet, vehicle from copy;
        drop table copy",
    ),
    (
        "the table is emptied and filled",
        "create temporary table copy as select * from vehicle;
        truncate vehicle restart identity cascade;
        insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
        select 3 - vehicle_id, fleet, vehicle from copy;
        drop table copy",
    ),
    (
        "the table is another one",
        "alter table vehicle rename to vehicle_before;
        create table vehicle (like vehicle_before including all);
        grant select on vehicle to ayaz_ingest;
        grant insert (fleet, vehicle) on vehicle to ayaz_ingest;
        insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
        select 3 - vehicle_id, fleet, vehicle from vehicle_before",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn readings_keep_their_bus_when_numbers_change_under_an_open_connection() -> Result<()> {
    for (name, swap) in SWAPS {
        let database = or_skip!(Database::new());
        let mut store = database.store(1);
        write(&mut store, &[reading("a", 1), reading("b", 2)]).await?;
        let pid = "select pid from pg_stat_activity
            where datname = current_database() and application_name = 'ayaz_ingest'";
        let before: i32 = database.owner.client.query_one(pid, &[]).await?.get(0);
        // Without the earlier readings: this test only changes the numbers.
        database
            .execute(&format!("begin; delete from reading; {swap}; commit"))
            .await?;
        let same: i32 = database.owner.client.query_one(pid, &[]).await?.get(0);
        assert_eq!(before, same, "{name}: the connection must still be open");
        let failures = write(&mut store, &[reading("a", 3), reading("b", 4)]).await?;
        assert_eq!(
            failures, 1,
            "{name}: the writer notices it, and connects again"
        );
        let expected = expected(&[("a", &[3]), ("b", &[4])]);
        assert_eq!(stored(&database).await?, expected, "{name}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_with_different_databases_mix_no_readings() -> Result<()> {
    let old = or_skip!(Database::new());
    let new = or_skip!(Database::new());
    let mut to_old = old.store(1);
    // Two writers, as in a daemon: they share no cache.
    write(&mut to_old, &[reading("a", 1), reading("b", 2)]).await?;
    let mut to_new = new.store(1);
    write(&mut to_new, &[reading("b", 3)]).await?;
    write(&mut to_new, &[reading("a", 4)]).await?;
    write(&mut to_old, &[reading("a", 5), reading("b", 6)]).await?;
    assert_eq!(
        stored(&old).await?,
        expected(&[("a", &[1, 5]), ("b", &[2, 6])])
    );
    assert_eq!(stored(&new).await?, expected(&[("a", &[4]), ("b", &[3])]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_schema_under_an_open_connection_gets_no_rows() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut store = database.store(1);
    write(&mut store, &[reading("a", 1)]).await?;
    let last = "delete from ayaz_schema_version
        where version = (select max(version) from ayaz_schema_version)";
    database.execute(last).await?;
    let error = store
        .write(&[reading("a", 2)])
        .await
        .expect_err("another schema");
    assert!(
        error.is_transient() && error.to_string().contains("schema"),
        "{error}"
    );
    let error = store
        .write(&[reading("a", 2)])
        .await
        .expect_err("another schema");
    assert!(error.to_string().contains("ayaz migrate"), "{error}");
    assert_eq!(stored(&database).await?, expected(&[("a", &[1])]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_behind_the_numbers_in_use_is_repaired() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut store = database.store(1);
    let known: Vec<Message> = (1..=40).map(|n| reading(&format!("bus{n}"), n)).collect();
    write(&mut store, &known).await?;
    // As after a logical copy.
    database
        .execute("alter sequence vehicle_vehicle_id_seq restart with 1")
        .await?;
    let failures = write(&mut store, &[reading("bus1", 100), reading("new", 101)]).await?;
    assert_eq!(failures, 0);
    // An emptied table, whose vehicles still have readings.
    database
        .execute("truncate vehicle restart identity cascade")
        .await?;
    let mut store = database.store(1);
    write(&mut store, &[reading("newer", 102)]).await?;
    let after = "select count(*) from reading r join vehicle v using (vehicle_id)
        where v.vehicle = 'newer'";
    assert_eq!(
        database.number(after).await?,
        1,
        "and not the readings of the first bus"
    );
    // The same for other ways to insert vehicles.
    database
        .execute("alter sequence vehicle_vehicle_id_seq restart with 1")
        .await?;
    let operator = database.connect_as(Role::Operator).await?;
    operator
        .client
        .batch_execute("insert into vehicle (fleet, vehicle) values ('astana', 'entered')")
        .await?;
    assert_eq!(database.number("select count(*) from vehicle").await?, 2);
    Ok(())
}
