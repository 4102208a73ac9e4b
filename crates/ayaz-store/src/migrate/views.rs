//! Views and functions: one file each in `views/`. If one of them changes, all are created again together.
//!
//! Numbered migrations change tables and stay unchanged. A view only has its latest text, so it has one file.
//! The database keeps a hash of the texts that it has.
//!
//! A view that a user's view depends on is never dropped. A compatible change (new last columns, other
//! bodies) replaces it in place; otherwise an error names the user's views before anything changes.

use sha2::{Digest, Sha256};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

use crate::error::StoreError;

/// A view or function, named like its file.
struct View {
    name: &'static str,
    sql: &'static str,
}

macro_rules! views {
    ($($name:literal)*) => {
        &[$(View { name: $name, sql: include_str!(concat!("../../views/", $name, ".sql")) }),*]
    };
}

/// All views and functions, in the order of their dependencies.
const VIEWS: &[View] = views! {
    // Triggers of tables: readable checks, notes for the worker, counts.
    "mend_vehicle_numbers"
    "dead_letter_bytes"
    "count_kept_dead_letters"
    "check_zone"
    "check_vehicle_context"
    "check_depot_unused"
    "touch_vehicle_depot"
    "touch_depot"
    // Functions that ingest calls. A change of name or arguments needs a migration too.
    "take_reading_days"
    "hold_reading_places"
    "set_aside_keys"
    "is_stored_twice"
    "stored_places"
    // Context of vehicles.
    "service_day"
    "zone_offsets"
    "vehicle_attribute_at"
    "vehicle_period"
    "service_day_period"
    "vehicle_context_at"
    // Rules of figures.
    "band_upper_celsius"
    "band_label"
    "band_caption"
    "fuel_heat_kwh"
    "split_source"
    "split_other_kwh"
    "split_traction_kwh"
    "covered_share"
    "unflagged_share"
    "distance_share"
    "component_kwh_per_km"
    "is_cabin_cold"
    "cabin_heat_kwh"
    "electric_heat_kwh"
    "electric_heat_share"
    "has_enough_data"
    "is_mild"
    "is_cold"
    "is_complete"
    // Figures.
    "trip_piece"
    "hour_energy"
    "session_energy"
    "trip_energy"
    "cold_soak"
    "trip_band_energy"
    "band_energy"
    "bus_day_completeness"
    "day_energy"
    "vehicle_usable_energy"
    "band_km_between"
    "winter_range"
    "vehicle_heat_source"
    "trip_part"
    "range_by_band"
    "cold_against_mild"
    "preheating"
    "days_shown"
    "incomplete_because"
    // Flagged readings, and readings that are set aside.
    "flagged_reading"
    "exterior_against_fleet"
    // Current state.
    "vehicle_now"
    "worker_backlog"
    "dead_letter_overview"
    "set_aside"
    "set_aside_summary"
};

/// Describes columns that have no comment in their view's file.
const COLUMN_COMMENTS: &str = include_str!("../../views/column_comments.sql");

/// Table that holds the hash of the views.
const NOTE: &str = "ayaz_view_set";

/// Hash of names and texts. It shows whether a database and a program match.
pub(super) fn wanted_hash() -> String {
    let mut hash = Sha256::new();
    for View { name, sql } in VIEWS {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((sql.len() as u64).to_le_bytes());
        hash.update(sql);
    }
    hash.update(COLUMN_COMMENTS);
    hex(&hash.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hash of the views in the database; `None` if they were never created.
pub(super) async fn found_hash(client: &Client) -> Result<Option<String>, StoreError> {
    let row = client
        .query_opt(&format!("-- view_set\nselect hash from {NOTE}"), &[])
        .await
        .map_err(|error| StoreError::from_driver("read the hash of the views", error))?;
    Ok(row.map(|row| row.get(0)))
}

/// Why the views were not created.
#[derive(Debug)]
pub(super) enum CreateError {
    /// Others use them; another attempt may succeed.
    Locked,
    /// An error to report.
    Failed(StoreError),
}

impl CreateError {
    fn from_driver(operation: &'static str) -> impl Fn(tokio_postgres::Error) -> Self {
        move |error| {
            if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) {
                Self::Locked
            } else {
                Self::Failed(StoreError::from_driver(operation, error))
            }
        }
    }
}

/// Creates all of them in one transaction.
pub(super) async fn create(client: &mut Client) -> Result<(), CreateError> {
    let transaction = client
        .transaction()
        .await
        .map_err(CreateError::from_driver("begin"))?;
    refuse_other_relations(&transaction).await?;
    let dependents = dependents(&transaction).await?;
    if dependents.is_empty() {
        drop_our_views(&transaction).await?;
    }
    for View { name, sql } in VIEWS {
        let Err(error) = transaction.batch_execute(sql).await else {
            continue;
        };
        let changes_columns = matches!(
            error.code(),
            Some(&SqlState::INVALID_TABLE_DEFINITION | &SqlState::INVALID_FUNCTION_DEFINITION)
        );
        if changes_columns && !dependents.is_empty() {
            return Err(CreateError::Failed(blocked_by(name, &dependents)));
        }
        return Err(match CreateError::from_driver("create the views")(error) {
            CreateError::Failed(StoreError::Fatal(cause)) => {
                CreateError::Failed(StoreError::Fatal(format!("{name}: {cause}")))
            }
            other => other,
        });
    }
    transaction
        .batch_execute(COLUMN_COMMENTS)
        .await
        .map_err(CreateError::from_driver("describe the columns of views"))?;
    if !dependents.is_empty() {
        drop_old_views(&transaction, &dependents).await?;
    }
    save_hash(&transaction).await?;
    transaction
        .commit()
        .await
        .map_err(CreateError::from_driver("commit the views"))
}

fn blocked_by(name: &str, others: &[String]) -> StoreError {
    StoreError::Fatal(format!(
        "the new {name} has other columns, but {} on the views of Ayaz; nothing was changed: save the \
         text (`select pg_get_viewdef('NAME'::regclass)`), drop the view, migrate, and create it again",
        match others {
            [one] => format!("{one} depends"),
            many => format!("{} depend", many.join(", ")),
        }
    ))
}

/// Fails if a relation that is not ours has one of our names.
async fn refuse_other_relations(transaction: &Transaction<'_>) -> Result<(), CreateError> {
    let names: Vec<&str> = VIEWS.iter().map(|view| view.name).collect();
    let row = transaction
        .query_one(
            &format!(
                "-- other_relations
                select string_agg(c.relname, ', ')
                from pg_class c
                where c.relnamespace = 'public'::regnamespace and c.relname = any ($1::text[])
                    and not exists (select from {NOTE} n where c.relname = any (n.names))"
            ),
            &[&names],
        )
        .await
        .map_err(CreateError::from_driver(
            "look for relations with the names of views",
        ))?;
    match row.get::<_, Option<&str>>(0) {
        None => Ok(()),
        Some(found) => Err(CreateError::Failed(StoreError::Fatal(format!(
            "the schema public has relations with names that Ayaz needs ({found}); nothing was changed: \
             rename them, then migrate again"
        )))),
    }
}

/// Names of relations that are not ours and depend on our views and functions.
async fn dependents(transaction: &Transaction<'_>) -> Result<Vec<String>, CreateError> {
    let rows = transaction
        .query(
            &format!(
                "-- dependents
                with ours as (
                    select 'pg_class'::regclass as class, c.oid
                    from pg_class c, {NOTE} n
                    where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
                        and c.relname = any (n.names)
                    union all
                    select 'pg_proc'::regclass, p.oid
                    from pg_proc p, {NOTE} n
                    where p.pronamespace = 'public'::regnamespace and p.proname = any (n.names)
                ), dependent as (
                    select
                        coalesce(r.ev_class, d.objid) as oid,
                        case when r.oid is null then d.classid else 'pg_class'::regclass end as class
                    from ours
                    join pg_depend d on d.refclassid = ours.class and d.refobjid = ours.oid
                    left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
                    where d.deptype in ('n', 'a')
                        -- Our triggers are in the files of their functions.
                        and d.classid not in ('pg_trigger'::regclass, 'pg_type'::regclass)
                )
                select distinct pg_describe_object(class, oid, 0)
                from dependent
                where not exists (
                    select from ours where ours.class = dependent.class and ours.oid = dependent.oid
                )
                order by 1"
            ),
            &[],
        )
        .await
        .map_err(CreateError::from_driver("read what depends on the views"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Drops our views, and functions that only they use. Functions of triggers are replaced in place.
async fn drop_our_views(transaction: &Transaction<'_>) -> Result<(), CreateError> {
    transaction
        .batch_execute(&format!(
            "-- drop_views
            do $$
            declare
                made record;
            begin
                -- In reverse order, since functions depend on views too.
                for made in
                    select found.is_view, found.name
                    from {NOTE} n
                    cross join unnest(n.names) with ordinality as listed (name, place)
                    join (
                        select relname as key, true as is_view, oid::regclass::text as name
                        from pg_class
                        where relnamespace = 'public'::regnamespace and relkind = 'v'
                        union all
                        select proname, false, oid::regprocedure::text
                        from pg_proc
                        where pronamespace = 'public'::regnamespace
                    ) as found on found.key = listed.name
                    order by listed.place desc
                loop
                    if made.is_view then
                        execute 'drop view ' || made.name;
                        continue;
                    end if;
                    begin
                        execute 'drop function ' || made.name;
                    exception when dependent_objects_still_exist then
                        -- A trigger uses it.
                        null;
                    end;
                end loop;
            end
            $$"
        ))
        .await
        .map_err(CreateError::from_driver("drop the old views"))
}

/// Drops views without a file, if the others were replaced in place.
async fn drop_old_views(
    transaction: &Transaction<'_>,
    others: &[String],
) -> Result<(), CreateError> {
    let names: Vec<&str> = VIEWS.iter().map(|view| view.name).collect();
    let rows = transaction
        .query(
            &format!(
                "-- old_views
                select c.oid::regclass::text
                from pg_class c, {NOTE} n
                where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
                    and c.relname = any (n.names) and c.relname <> all ($1::text[])"
            ),
            &[&names],
        )
        .await
        .map_err(CreateError::from_driver("look for old views"))?;
    for row in &rows {
        let name: &str = row.get(0);
        let dropped = transaction
            .batch_execute(&format!("drop view {name}"))
            .await;
        if let Err(error) = dropped {
            if error.code() == Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) {
                return Err(CreateError::Failed(blocked_by(name, others)));
            }
            return Err(CreateError::from_driver("drop an old view")(error));
        }
    }
    Ok(())
}

async fn save_hash(transaction: &Transaction<'_>) -> Result<(), CreateError> {
    let names: Vec<&str> = VIEWS.iter().map(|view| view.name).collect();
    let sql = format!(
        "-- save_view_hash
        insert into {NOTE} (hash, names) values ($1, $2)
        on conflict (one_row) do update
        set hash = excluded.hash, names = excluded.names, made_at = now()"
    );
    transaction
        .execute(&sql, &[&wanted_hash(), &names])
        .await
        .map(drop)
        .map_err(CreateError::from_driver("store the hash of the views"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_file_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/views");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let listed = VIEWS
            .iter()
            .map(|view| view.name)
            .chain(["column_comments"]);
        let listed: BTreeSet<String> = listed.map(|name| format!("{name}.sql")).collect();
        assert_eq!(files, listed);
    }
}
