//! Names that functions of the schema look up at run time.

use anyhow::Result;
use ayaz_store::Role;
use ayaz_test_db::or_skip;

use crate::database::Database;

#[tokio::test(flavor = "multi_thread")]
async fn functions_ignore_objects_of_other_users() -> Result<()> {
    let database = or_skip!(Database::new());
    let functions = database
        .owner
        .client
        .query(
            "select
                p.oid::regprocedure::text,
                'search_path=pg_catalog, public, pg_temp' = any(p.proconfig)
                    or l.lanname = 'sql' and p.prosqlbody is not null,
                p.prosecdef and has_function_privilege('public', p.oid, 'execute')
            from pg_proc p
            join pg_language l on l.oid = p.prolang
            where p.pronamespace = 'public'::regnamespace
                and not exists (
                    select from pg_depend d
                    where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
                )",
            &[],
        )
        .await?;
    assert!(functions.len() > 15, "{} functions", functions.len());
    for row in functions {
        let (name, is_safe, lends_rights): (String, Option<bool>, bool) =
            (row.get(0), row.get(1), row.get(2));
        assert_eq!(
            is_safe,
            Some(true),
            "{name} needs `set search_path = pg_catalog, public, pg_temp`, or in plain SQL a body of \
             `return …` or `begin atomic … end`"
        );
        // Ingest may not read, so some functions read for it with the owner's rights, and return nothing
        // else.
        assert!(
            !lends_rights,
            "{name} lends the owner's rights to everybody: revoke execute from public"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn temporary_tables_and_types_do_not_affect_checks_and_figures() -> Result<()> {
    let database = or_skip!(Database::new());
    database
        .execute(
            "insert into vehicle_model (model, usable_energy_kwh) values ('E12', 400);
            insert into vehicle (fleet, vehicle, model) values ('astana', 'b1', 'E12');
            do $$ begin
                execute format('grant temporary on database %I to ayaz_operator', current_database());
            end $$",
        )
        .await?;
    let operator = database.connect_as(Role::Operator).await?;
    operator
        .client
        .batch_execute(
            "create temp table depot (depot text, zone text, cut_over_hour smallint);
            insert into pg_temp.depot values ('north', 'FOO+5', 3);
            create temp table vehicle_context (like public.vehicle_context);
            create temp table touched_context (
                touch_id bigint generated always as identity, vehicle_id integer,
                valid_from timestamptz, valid_to timestamptz, depot text
            );
            create temp table energy_setting (fuel_kwh_per_litre double precision);
            insert into pg_temp.energy_setting values (1000);
            create domain pg_temp.date as text",
        )
        .await?;
    let zone = "insert into public.depot values ('north', 'FOO+5', 3)";
    let refused = operator.client.batch_execute(zone).await.unwrap_err();
    assert!(
        refused
            .as_db_error()
            .is_some_and(|error| error.message().contains("is not known")),
        "{refused:?}"
    );
    operator
        .client
        .batch_execute(
            "insert into public.depot values ('south', 'Asia/Almaty', 3);
            insert into public.vehicle_context (vehicle_id, attribute, value)
            select vehicle_id, 'depot', 'south' from vehicle;
            update public.depot set cut_over_hour = 4 where depot = 'south'",
        )
        .await?;
    let notes = "select count(*) from touched_context";
    assert_eq!(
        database.number(notes).await?,
        2,
        "both changes leave a note"
    );
    let row = operator
        .client
        .query_one(
            "select fuel_heat_kwh(10) = 99, c.depot, c.service_day::text
            from vehicle v, vehicle_context_at(v.vehicle_id, '2026-01-02 00:30Z') c",
            &[],
        )
        .await?;
    let found: (bool, Option<String>, String) = (row.get(0), row.get(1), row.get(2));
    assert_eq!(
        found,
        (true, Some("south".to_owned()), "2026-01-02".to_owned())
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_that_views_call_for_each_row_are_inlined() -> Result<()> {
    let database = or_skip!(Database::new());
    let explain = "explain (verbose, costs off)
        select c.*, service_day(now(), 'UTC', v.vehicle_id), dead_letter_source(v.fleet)
        from vehicle v, vehicle_context_at(v.vehicle_id, now()) c";
    let plan = database.owner.client.query(explain, &[]).await?;
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    let plan = plan.join("\n");
    for function in ["vehicle_context_at", "service_day(", "dead_letter_source"] {
        assert!(!plan.contains(function), "{function} is called:\n{plan}");
    }
    Ok(())
}
