//! Refusals of the database for all writers, and their messages.

use anyhow::Result;
use ayaz_store::context::Attribute;
use ayaz_store::{Connection, Role};
use ayaz_test_db::or_skip;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;

use crate::database::Database;

/// All context, to check that a refusal changes nothing.
const EVERYTHING: &str = "select jsonb_build_array(
    (select jsonb_agg(to_jsonb(m) order by m) from vehicle_model m),
    (select jsonb_agg(to_jsonb(d) order by d) from depot d),
    (select jsonb_agg(to_jsonb(f) order by f) from service_day_default f),
    (select jsonb_agg(to_jsonb(v) order by v) from vehicle v),
    (select jsonb_agg(to_jsonb(c) order by c) from vehicle_context c),
    (select jsonb_agg(to_jsonb(t) order by t) from touched_context t)
)::text";

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_a_clear_message_and_changes_nothing() -> Result<()> {
    let database = or_skip!(Database::new());
    database
        .execute(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_from)
            values (1, 'depot', 'north', '2025-01-01Z'), (1, 'tyres', 'winter', '2025-10-20Z')",
        )
        .await?;
    let before: String = database.one(EVERYTHING).await?;
    let operator = database.role(Role::Operator).await?;
    let record = |values: &str| {
        format!(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_from, valid_to)
            values ({values})"
        )
    };
    for (sql, words) in [
        (
            "insert into depot values ('s', 'Asia/Astana')".to_owned(),
            ["depot 's'", "Asia/Almaty"],
        ),
        (
            "insert into depot values ('s', 'FOO+5')".to_owned(),
            ["'FOO+5'", "not known"],
        ),
        (
            "insert into depot values ('s', 'almt')".to_owned(),
            ["'almt'", "not known"],
        ),
        (
            "insert into depot values ('s', 'localtime')".to_owned(),
            ["'localtime'", "not known"],
        ),
        (
            "update depot set zone = 'Mars/X' where depot = 'oslo'".to_owned(),
            ["'oslo'", "'Mars/X'"],
        ),
        (
            "update service_day_default set zone = 'X'".to_owned(),
            ["service_day_default", "'X'"],
        ),
        (
            "insert into depot values ('s', 'UTC', 24)".to_owned(),
            ["cut_over_hour_is_0_to_23", "depot"],
        ),
        (
            "insert into depot values (' s', 'UTC')".to_owned(),
            ["no_outer_blanks", "depot"],
        ),
        (
            "delete from depot where depot = 'north'".to_owned(),
            ["astana/b1", "another depot first"],
        ),
        (
            "update depot set depot = 'n' where depot = 'north'".to_owned(),
            ["astana/b1", "'north'"],
        ),
        (
            "insert into vehicle_model values ('x', 1, 1, 'wood')".to_owned(),
            ["heater_is_electric", "none"],
        ),
        (
            record("9, 'route', '7', '2025-01-01Z', 'infinity'"),
            ["number 9", "enter it first"],
        ),
        (
            record("1, 'tires', 'x', '2025-01-01Z', 'infinity'"),
            ["'tires'", "write depot, tyres"],
        ),
        (
            record("1, 'route', '7', '2025-02-01Z', '2025-01-01Z'"),
            ["route of astana/b1, 2025-02-01", "ends before it starts"],
        ),
        (
            record("1, 'route', '7', '2025-01-01Z', '2025-01-01Z'"),
            ["astana/b1", "later than"],
        ),
        (
            record("1, 'route', '7', 'infinity', 'infinity'"),
            ["astana/b1", "later than"],
        ),
        (
            record("1, 'route', '7', null, '2025-01-01Z'"),
            ["route of astana/b1", "-infinity"],
        ),
        (
            record("1, 'route', '7', '0205-01-01Z', 'infinity'"),
            ["1990 and 2200", "correct it"],
        ),
        (
            record("1, 'route', '7', '2025-01-01Z', '20255-01-01Z'"),
            ["1990", "correct it"],
        ),
        (
            record("1, 'route', null, '2025-01-01Z', 'infinity'"),
            ["NULL", "1 to 100 characters"],
        ),
        (
            record("1, 'depot', 'south', '2020-01-01Z', '2021-01-01Z'"),
            ["'south'", "enter it first"],
        ),
        (
            record("1, 'usable_energy_kwh', 'NaN', '2025-01-01Z', 'infinity'"),
            ["'NaN'", "number from 1 to 2000"],
        ),
        (
            record("1, 'tyres', 'summer', '2026-04-01Z', 'infinity'"),
            [
                "overlaps the record 'winter' from 2025-10-20",
                "end the earlier one",
            ],
        ),
        (
            record("1, 'tyres', 'old', '-infinity', '2025-10-20 00:00:01Z'"),
            ["overlaps the record 'winter'", "tyres of astana/b1"],
        ),
        (
            "update vehicle_context set valid_from = 'infinity' where attribute = 'tyres'"
                .to_owned(),
            ["tyres of astana/b1", "ends before it starts"],
        ),
    ] {
        let error = operator.client.batch_execute(&sql).await.unwrap_err();
        let message = error.as_db_error().map_or("", |error| error.message());
        for word in words {
            assert!(
                message.contains(word),
                "{sql}\nshould say {word}: {message}"
            );
        }
    }
    let after: String = database.one(EVERYTHING).await?;
    assert_eq!(before, after);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn adjacent_records_do_not_overlap_and_can_move() -> Result<()> {
    let database = or_skip!(Database::new());
    let operator = database.role(Role::Operator).await?;
    operator
        .client
        .batch_execute(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_to)
            values (1, 'tyres', 'a', '2025-01-01Z');
            insert into vehicle_context (vehicle_id, attribute, value, valid_from)
            values (1, 'tyres', 'b', '2025-01-01Z'), (1, 'route', '7', '2025-01-01Z'),
                (2, 'tyres', 'b', '2024-01-01Z');
            -- Within its own old period.
            update vehicle_context set valid_from = '2025-06-01Z' where value = 'b' and vehicle_id = 1;
            update vehicle_context set valid_to = '2025-06-01Z' where value = 'a'",
        )
        .await?;
    let periods: String = database
        .one(
            "select string_agg(concat_ws(' ', value, valid_from::date, valid_to::date), ', '
                order by valid_from nulls first)
            from vehicle_period where vehicle = 'b1' and attribute = 'tyres'",
        )
        .await?;
    assert_eq!(periods, "a 2025-06-01, b 2025-06-01");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_concurrent_overlapping_records_succeeds() -> Result<()> {
    const WRITERS: i32 = 8;
    let database = or_skip!(Database::new());
    for round in 0..10 {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let operator = database.role(Role::Operator).await?;
            let sql = format!(
                "insert into vehicle_context (vehicle_id, attribute, value, valid_from, valid_to)
                values (1, 'route', '{writer}', timestamptz '2000-01-01Z'
                    + interval '1 day' * (100 * {round} + {writer}),
                    timestamptz '2000-01-01Z' + interval '1 day' * (100 * {round} + 50))"
            );
            writers.spawn(async move { operator.client.batch_execute(&sql).await });
        }
        let mut entered = 0;
        while let Some(done) = writers.join_next().await {
            match done? {
                Ok(()) => entered += 1,
                Err(error) => {
                    let message = error.as_db_error().map_or("", |error| error.message());
                    assert!(message.contains("overlaps the record"), "{error:?}");
                }
            }
        }
        assert_eq!(entered, 1, "round {round}");
    }
    assert_eq!(
        database
            .one::<i64>("select count(*) from vehicle_context")
            .await?,
        10
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_have_only_their_rights_on_context() -> Result<()> {
    let database = or_skip!(Database::new());
    let read = "select from vehicle_context, vehicle_period, service_day_period, depot,
        service_day_default, lateral vehicle_context_at(1, now())";
    let write = "insert into depot values ('s', 'UTC')";
    for (role, reads, writes) in [
        (Role::Reader, true, false),
        (Role::Analytics, true, false),
        (Role::Operator, true, true),
        (Role::Ingest, false, false),
    ] {
        let connection = database.role(role).await?;
        let allowed = async |sql: &str| connection.client.batch_execute(sql).await.is_ok();
        assert_eq!(allowed(read).await, reads, "{role:?} reads");
        assert_eq!(allowed(write).await, writes, "{role:?} writes");
        let note = "insert into touched_context (depot) values ('s')";
        assert_eq!(allowed(note).await, writes, "{role:?} leaves notes");
    }
    Ok(())
}

/// The program checks a file first, so that it reports all errors at once. The database must accept every
/// value that the program accepts.
#[tokio::test(flavor = "multi_thread")]
async fn the_program_and_the_database_refuse_the_same_values() -> Result<()> {
    let database = or_skip!(Database::new());
    let operator = database.role(Role::Operator).await?;
    let attributes: Vec<Attribute> = Attribute::ALL
        .into_iter()
        .filter(|attribute| *attribute != Attribute::Depot)
        .collect();
    let value = prop_oneof![
        "[0-9]{0,7}(\\.[0-9]{0,7})?",
        "[0-9]{1,2}(\\.[0-9])?",
        "[ -~\t\n\u{7f}\u{85}\u{a0}я]{0,6}",
        "[а-я]{95,105}",
        "-?(NaN|Infinity|[0-9]e[0-9]|0x[0-9])",
    ];
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    });
    runner.run(
        &(prop::sample::select(attributes), value),
        |(attribute, value)| {
            let admitted = tokio::task::block_in_place(|| {
                Handle::current().block_on(is_admitted(&operator, attribute, &value))
            });
            prop_assert_eq!(attribute.check(&value).is_ok(), admitted);
            Ok(())
        },
    )?;
    Ok(())
}

async fn is_admitted(operator: &Connection, attribute: Attribute, value: &str) -> bool {
    operator
        .client
        .batch_execute("begin")
        .await
        .expect("begins");
    let entered = operator
        .client
        .execute(
            "insert into vehicle_context (vehicle_id, attribute, value) values (1, $1, $2)",
            &[&attribute.name(), &value],
        )
        .await;
    operator
        .client
        .batch_execute("rollback")
        .await
        .expect("the database answers");
    entered.is_ok()
}
