//! The writer: all or nothing, one at a time, no duplicates.

use anyhow::Result;
use ayaz_model::VehicleKey;
use ayaz_store::Role;
use ayaz_store::context::{
    Attribute, ContextChanges, ContextRecord, ContextWriter, Depot, Heater, Model, Selection,
    StoredContext, Vehicle,
};
use ayaz_test_db::or_skip;
use jiff::Timestamp;

use crate::database::Database;

fn key(vehicle: &str) -> VehicleKey {
    VehicleKey {
        fleet: "astana".parse().expect("a fleet"),
        vehicle: vehicle.parse().expect("a vehicle"),
    }
}

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().expect("an instant"))
}

fn tyres(value: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> ContextRecord {
    ContextRecord {
        vehicle: key("b9"),
        attribute: Attribute::Tyres,
        valid_from: from,
        valid_to: to,
        value: value.to_owned(),
    }
}

fn changes() -> ContextChanges {
    let from = at("2025-10-20T00:00:00Z");
    ContextChanges {
        models: vec![Model {
            model: "E18".to_owned(),
            length_m: None,
            usable_energy_kwh: Some(460.5),
            heater: Some(Heater::Fuel),
        }],
        depots: vec![Depot {
            depot: "south".to_owned(),
            zone: "Asia/Qostanay".to_owned(),
            cut_over_hour: 0,
        }],
        vehicles: vec![Vehicle {
            key: key("b9"),
            model: Some("E18".to_owned()),
        }],
        records: vec![
            ContextRecord {
                attribute: Attribute::Depot,
                ..tyres("south", None, None)
            },
            tyres("summer", None, from),
            tyres("winter", from, None),
        ],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_the_same_context_again_changes_nothing() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut operator = database.role(Role::Operator).await?;
    for _ in 0..2 {
        let writer = ContextWriter::begin(&mut operator.client).await?;
        writer.write(&changes()).await?;
        writer.commit().await?;
    }
    let reader = database.role(Role::Reader).await?;
    let selection = Selection {
        vehicle: Some("b9".to_owned()),
        ..Selection::default()
    };
    let stored = StoredContext::load(&reader.client, &selection).await?;
    let expected = changes();
    assert_eq!(stored.vehicles, expected.vehicles);
    assert_eq!(stored.records, expected.records);
    assert_eq!(stored.models[1..], expected.models[..]);
    assert_eq!(stored.depots[2..], expected.depots[..]);
    // One note, from the first write.
    let notes: i64 = database.one("select count(*) from touched_context").await?;
    assert_eq!(notes, 1);
    let rewritten: i64 = database
        .one("select count(distinct xmin::text) from vehicle_context where vehicle_id > 2")
        .await?;
    assert_eq!(rewritten, 1, "the second time wrote nothing");

    let held = Selection {
        at: at("2025-10-20T00:00:00Z"),
        attribute: Some(Attribute::Tyres),
        ..Selection::default()
    };
    let stored = StoredContext::load(&reader.client, &held).await?;
    assert_eq!(stored.records, expected.records[2..]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_or_refused_write_changes_nothing() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut operator = database.role(Role::Operator).await?;
    let reader = database.role(Role::Reader).await?;
    let before = StoredContext::load(&reader.client, &Selection::default()).await?;

    let writer = ContextWriter::begin(&mut operator.client).await?;
    writer.write(&changes()).await?;
    drop(writer);

    let mut refused = changes();
    refused
        .records
        .push(tyres("spikes", at("2026-01-01T00:00:00Z"), None));
    let writer = ContextWriter::begin(&mut operator.client).await?;
    let error = writer.write(&refused).await.unwrap_err().to_string();
    assert!(error.contains("overlaps the record 'winter'"), "{error}");
    drop(writer);

    let mut unknown = changes();
    unknown.vehicles.clear();
    let writer = ContextWriter::begin(&mut operator.client).await?;
    assert!(writer.write(&unknown).await.is_err());
    drop(writer);

    // The dropped transaction ends with the next statement.
    operator.client.batch_execute("select").await?;
    let after = StoredContext::load(&reader.client, &Selection::default()).await?;
    assert_eq!(before, after);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_see_changes_of_earlier_writers() -> Result<()> {
    const WRITERS: usize = 8;
    let database = or_skip!(Database::new());
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..WRITERS {
        let mut operator = database.role(Role::Operator).await?;
        writers.spawn(async move {
            let writer = ContextWriter::begin(&mut operator.client).await?;
            // Each ends the open record and begins the next. Without the lock they would conflict.
            let stored = writer.stored().await?;
            let count = stored.records.len() as i64;
            let begin = |n: i64| Timestamp::from_second(1_750_000_000 + n * 86_400).ok();
            let mut changes = changes();
            changes.records = vec![tyres(&number.to_string(), begin(count), None)];
            changes
                .records
                .extend(stored.records.last().map(|last| ContextRecord {
                    valid_to: begin(count),
                    ..last.clone()
                }));
            writer.write(&changes).await?;
            writer.commit().await
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    let count: i64 = database.one("select count(*) from vehicle_context").await?;
    assert_eq!(count, WRITERS as i64);
    Ok(())
}
