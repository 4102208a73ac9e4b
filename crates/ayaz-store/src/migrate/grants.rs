//! Roles and their rights. Roles belong to the server and not to the database: a dump that is brought to
//! another server lacks them, and with them all grants. The migrations say what was granted; it is granted
//! again from there.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::StoreError;

/// Whom migrations grant rights.
const ROLES: [&str; 4] = [
    "ayaz_ingest",
    "ayaz_analytics",
    "ayaz_reader",
    "ayaz_operator",
];

/// Makes the roles that the server lacks, and returns them.
pub(super) async fn make_roles(client: &Client) -> Result<Vec<String>, StoreError> {
    let failed = |error| StoreError::from_driver("make the roles", error);
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
            // Another database of the server may be getting it just now.
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

/// Grants anew what migrations have granted, if the roles lack their rights, and says whether it was so.
pub(super) async fn renew_if_missing(
    client: &Client,
    runner: &refinery::Runner,
) -> Result<bool, StoreError> {
    let failed = |error| StoreError::from_driver("look at the rights of the roles", error);
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
            // Later migrations have dropped it.
            Err(error)
                if matches!(
                    error.code().map(SqlState::code),
                    Some("42P01" | "42703" | "42704" | "42883")
                ) => {}
            Err(error) => return Err(StoreError::from_driver("grant rights anew", error)),
        }
    }
    Ok(true)
}

/// Lets ingest make the temporary tables of a batch that holds duplicates, if it may not: a dump, or a
/// database that is made from another, has the rights on tables and not those on the database itself.
/// Returns whether it was so. Last, since whoever may do it by a right of `public` loses that.
pub(super) async fn let_ingest_stage(client: &Client) -> Result<bool, StoreError> {
    let failed = |error| StoreError::from_driver("let ayaz_ingest make temporary tables", error);
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

/// A right that a migration has granted or revoked.
#[derive(Debug, PartialEq, Eq)]
struct Grant {
    object: String,
    statement: String,
}

/// Adds what a migration grants and revokes, one statement for each object, so that one that is gone takes
/// no other with it, and takes away what was granted on objects that it drops: one of the same name that is
/// made later has rights of its own. Statements begin at the beginning of a line.
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

/// `grant RIGHTS on [KIND] OBJECT, … to ROLES` as a statement for each object.
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

/// Parts between commas that stand in no bracket.
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
    fn grants_are_found_and_parted() {
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
