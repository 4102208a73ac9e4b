//! Views and functions that `ayaz migrate` creates, with users' views that depend on them.

use anyhow::{Context, Result};
use ayaz_store::migrate::{check_schema, migrate};
use ayaz_store::{Connection, Role, StoreError};
use ayaz_test_db::or_skip;

use crate::database::{Daemon as _, Database};

/// As if the database had the views of another version.
const OTHER_VERSION: &str = "update ayaz_view_set set hash = 'that of another version'";

const MINE: &str = "create schema office;
    create view office.cold_range as
        select vehicle, band_label(band_celsius) as band, range_km from winter_range;
    grant select on office.cold_range to ayaz_reader";

fn fatal<T>(outcome: Result<T, StoreError>) -> Result<String> {
    match outcome {
        Err(StoreError::Fatal(text)) => Ok(text),
        Err(other) => Err(other.into()),
        Ok(_) => anyhow::bail!("it was not refused"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn views_of_another_version_stop_reports_and_the_worker_but_not_ingest() -> Result<()> {
    let database = or_skip!(Database::new());
    assert!(!migrate(&database.url).await?.views_made, "they are there");
    database.execute(OTHER_VERSION).await?;
    for role in [Role::Reader, Role::Analytics, Role::Operator] {
        let connection = database.connect_as(role).await?;
        let text = fatal(check_schema(&connection).await)?;
        assert!(text.contains("ayaz migrate"), "{text}");
    }
    database.store(1).connect().await?;
    assert!(migrate(&database.url).await?.views_made);
    check_schema(&database.connect_as(Role::Reader).await?).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_views_survive_a_compatible_change() -> Result<()> {
    let database = or_skip!(Database::new());
    database.execute(MINE).await?;
    database.execute(OTHER_VERSION).await?;
    // A view of another version that this one lacks.
    database
        .execute(
            "create view former_view as select 1 as number;
            update ayaz_view_set set names = names || 'former_view'::text;
            create or replace view worker_backlog as
                select 0::bigint as hours_pending, null::timestamptz as pending_since",
        )
        .await?;
    assert!(migrate(&database.url).await?.views_made);
    let reader = database.connect_as(Role::Reader).await?;
    let sql = "select count(*) from office.cold_range";
    database
        .execute("grant usage on schema office to ayaz_reader")
        .await?;
    assert_eq!(reader.client.query_one(sql, &[]).await?.get::<_, i64>(0), 0);
    let left = "select count(*) from pg_class where relname = 'former_view'";
    assert_eq!(database.number(left).await?, 0);
    let is_back = "select count(*) from pg_views
        where viewname = 'worker_backlog' and definition like '%refresh_queue%'";
    assert_eq!(
        database.number(is_back).await?,
        1,
        "the view has the text of this version"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incompatible_change_names_users_views_and_changes_nothing() -> Result<()> {
    let database = or_skip!(Database::new());
    database
        .execute(
            "drop view worker_backlog;
            create view worker_backlog as select 7 as hours;
            grant select on worker_backlog to ayaz_reader;
            create schema office;
            create view office.backlog as select hours from worker_backlog;
            create view office.labels as select band_label(0)",
        )
        .await?;
    database.execute(OTHER_VERSION).await?;
    let text = fatal(migrate(&database.url).await)?;
    for part in ["worker_backlog", "office.backlog", "nothing was changed"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(
        database
            .number("select hours::bigint from office.backlog")
            .await?,
        7
    );
    database
        .execute("drop view office.backlog, office.labels")
        .await?;
    assert!(migrate(&database.url).await?.views_made);
    database
        .number("select hours_pending from worker_backlog")
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relation_of_the_same_name_is_not_replaced() -> Result<()> {
    let database = or_skip!(Database::empty());
    database
        .execute("create view winter_range as select 'theirs' as whose")
        .await?;
    let text = fatal(migrate(&database.url).await)?;
    assert!(
        text.contains("(winter_range)") && text.contains("rename"),
        "{text}"
    );
    database
        .execute("alter view winter_range rename to their_winter_range")
        .await?;
    migrate(&database.url).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_views_again_does_not_change_them() -> Result<()> {
    let database = or_skip!(Database::new());
    let before = everything(&database.owner).await?;
    assert!(before.lines().count() > 1_000, "{before}");
    database.execute(OTHER_VERSION).await?;
    assert!(migrate(&database.url).await?.views_made);
    similar_asserts(&before, &everything(&database.owner).await?);
    // Also if they are replaced in place.
    database.execute(MINE).await?;
    database.execute(OTHER_VERSION).await?;
    migrate(&database.url).await?;
    database.execute("drop schema office cascade").await?;
    similar_asserts(&before, &everything(&database.owner).await?);
    Ok(())
}

fn similar_asserts(before: &str, after: &str) {
    for (before, after) in before.lines().zip(after.lines()) {
        assert_eq!(before, after);
    }
    assert_eq!(before.len(), after.len());
}

/// Texts, comments, rights and triggers of the schema `public`.
async fn everything(owner: &Connection) -> Result<String> {
    let sql = r"
        select string_agg(line, e'\n' order by line) from (
            select format('%s %s', c.relname, pg_get_viewdef(c.oid)) as line
            from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
            union all
            select format('%s.%s: %s', c.relname, a.attname, col_description(c.oid, a.attnum))
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
            union all
            select format('%s: %s, %s', c.relname, obj_description(c.oid, 'pg_class'), c.relacl)
            from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
            union all
            select format('%s: %s, %s', pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'),
                p.proacl)
            from pg_proc p
            where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
                and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
            union all
            select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
        ) as lines";
    owner
        .client
        .query_one(sql, &[])
        .await?
        .get::<_, Option<String>>(0)
        .context("there is nothing")
}
