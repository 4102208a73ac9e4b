//! Roles and their rights. Roles belong to the server, not to the database: a dump that is restored on
//! another server lacks them and all their grants. They are granted again from the text of the migrations.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::StoreError;

/// Roles that get rights from migrations.
const ROLES: [&str; 4] = [
    "ayaz_ingest",
    "ayaz_analytics",
    "ayaz_reader",
    "ayaz_operator",
];

/// Creates missing roles, and returns them.
pub(super) async fn make_roles(client: &Client) -> Result<Vec<String>, StoreError> {
    let failed = |error| StoreError::from_driver("create the roles", error);
    let rows = client
        .query(
            "-- missing_roles
            select wanted from unnest($1::text[]) as wanted
            where not exists (select from pg_roles where rolname = wanted)",
            &[&&ROLES[..]],
        )
        .await
        .map_err(failed)?;
    let mut made = Vec::new();
    for row in &rows {
        let role: &str = row.get(0);
        let create = format!("-- make_role\ncreate role {role} nologin");
        match client.batch_execute(&create).await {
            Ok(()) => made.push(role.to_owned()),
            // Another database of the server may be creating it at this moment.
            Err(error) if matches!(error.code().map(SqlState::code), Some("42710" | "23505")) => {}
            Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                return Err(StoreError::Fatal(format!(
                    "the database server has no role {role}, and this login may not make it: \
                     `create role {role} nologin` as a login that may, and migrate then"
                )));
            }
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(made)
}

/// Grants the rights of the migrations again if they are missing. Returns whether it did.
pub(super) async fn renew_if_missing(
    client: &Client,
    runner: &refinery::Runner,
) -> Result<bool, StoreError> {
    let failed = |error| StoreError::from_driver("read the rights of the roles", error);
    let row = client
        .query_one(
            "-- missing_rights
            select exists (
                select from unnest($1::text[]) as role
                where not has_table_privilege(role, 'public.ayaz_schema_version', 'select')
                    or not has_schema_privilege(role, 'public', 'usage')
            )",
            &[&&ROLES[..]],
        )
        .await
        .map_err(failed)?;
    if !row.get::<_, bool>(0) {
        return Ok(false);
    }
    let mut migrations: Vec<_> = runner.get_migrations().iter().collect();
    migrations.sort_by_key(|migration| migration.version());
    let mut grants = Vec::new();
    for sql in migrations.iter().filter_map(|migration| migration.sql()) {
        follow(&mut grants, sql);
    }
    for Grant { statement, .. } in grants {
        match client.batch_execute(&statement).await {
            Ok(()) => {}
            // A later migration has dropped the object.
            Err(error)
                if matches!(
                    error.code().map(SqlState::code),
                    Some("42P01" | "42703" | "42704" | "42883")
                ) => {}
            Err(error) => return Err(StoreError::from_driver("grant rights again", error)),
        }
    }
    Ok(true)
}

/// Lets ingest create the temporary tables for batches with duplicates, if it cannot yet: a dump or a copied
/// database has the rights on tables, but not those on the database. Returns whether it did. This comes last,
/// since a role that has this right only by `public` loses it before.
pub(super) async fn let_ingest_stage(client: &Client) -> Result<bool, StoreError> {
    let failed = |error| StoreError::from_driver("let ayaz_ingest create temporary tables", error);
    let row = client
        .query_one(
            "-- may_stage
            select has_database_privilege('ayaz_ingest', current_database(), 'temporary')",
            &[],
        )
        .await
        .map_err(failed)?;
    if row.get(0) {
        return Ok(false);
    }
    client
        .batch_execute(
            "-- grant_temporary
            do $$
            begin
                execute format('grant temporary on database %I to ayaz_ingest', current_database());
            end
            $$",
        )
        .await
        .map_err(failed)?;
    Ok(true)
}

/// A right that a migration grants or revokes.
#[derive(Debug, PartialEq, Eq)]
struct Grant {
    object: String,
    statement: String,
}

/// Adds the grants and revokes of a migration, one statement per object, so that a missing object affects no
/// other. Removes grants on dropped objects, since a later object of the same name has its own rights.
/// Statements must start at the beginning of a line.
fn follow(grants: &mut Vec<Grant>, sql: &str) {
    let mut rest = sql;
    while !rest.is_empty() {
        let begins = |word: &str| rest.starts_with(word);
        if let Some(end) = rest.find(';') {
            if begins("grant ") || begins("revoke ") {
                grants.extend(by_object(&rest[..end]));
                rest = &rest[end + 1..];
            } else if begins("drop table ") || begins("drop view ") {
                let dropped = flat(&rest[..end]);
                let names = dropped
                    .split_once(' ')
                    .and_then(|(_, rest)| rest.split_once(' '));
                let names = names.map_or("", |(_, names)| names);
                let names = names
                    .trim_start_matches("if exists ")
                    .trim_end_matches(" cascade");
                let names = at_commas(names);
                grants.retain(|grant| !names.contains(&grant.object.as_str()));
                rest = &rest[end + 1..];
            }
        }
        rest = rest.split_once('\n').map_or("", |(_, next)| next);
    }
}

fn flat(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Divides `grant RIGHTS on [KIND] OBJECT, … to ROLES` into one statement per object.
fn by_object(statement: &str) -> Vec<Grant> {
    let flat = flat(statement);
    let parts = flat.split_once(" on ").and_then(|(rights, behind)| {
        let to = if rights.starts_with("grant ") {
            " to "
        } else {
            " from "
        };
        let (objects, roles) = behind.split_once(to)?;
        Some((rights, objects, to, roles))
    });
    let Some((rights, objects, to, roles)) = parts else {
        return vec![Grant {
            object: String::new(),
            statement: flat,
        }];
    };
    let (kind, objects) = match objects.split_once(' ') {
        Some((kind @ ("schema" | "table" | "sequence" | "function" | "database"), objects)) => {
            (format!("{kind} "), objects)
        }
        _ => (String::new(), objects),
    };
    let grant = |object: &str| Grant {
        object: object.to_owned(),
        statement: format!("{rights} on {kind}{object}{to}{roles}"),
    };
    at_commas(objects).into_iter().map(grant).collect()
}

/// Splits at commas outside brackets.
fn at_commas(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = text.split(|letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ',' && depth == 0
    });
    parts.map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_split_into_one_statement_per_object() {
        let sql = "create table a ();
grant select, insert (x, y) on a,
    b
to r1, r2;
do $$
begin
    grant select on not_at_the_beginning to r;
end
$$;
grant usage on schema public to r; -- and more
revoke all on function f(integer, text), g() from public;
grant r1 to r2;
grant update on c, d to r1;
drop view if exists c,
    e cascade;
grant select on c to r1;
";
        let mut grants = Vec::new();
        follow(&mut grants, sql);
        let statements: Vec<&str> = grants.iter().map(|it| it.statement.as_str()).collect();
        assert_eq!(
            statements,
            [
                "grant select, insert (x, y) on a to r1, r2",
                "grant select, insert (x, y) on b to r1, r2",
                "grant usage on schema public to r",
                "revoke all on function f(integer, text) from public",
                "revoke all on function g() from public",
                "grant r1 to r2",
                "grant update on d to r1",
                "grant select on c to r1",
            ]
        );
    }
}
