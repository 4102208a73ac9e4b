//! Rights of a read-only login.

use anyhow::{Context, Result};
use ayaz_store::analytics::upkeep::unbounded_readers;
use ayaz_store::migrate::migrate;
use ayaz_store::{Connection, Role};
use ayaz_test_db::or_skip;
use url::Url;

use crate::database::Database;

/// A login that is a member of the reader role, with the settings of logins.sql.
async fn reader(database: &Database) -> Result<Connection> {
    let name: String = {
        let sql = "select 'reader_' || current_database()";
        database.owner.client.query_one(sql, &[]).await?.get(0)
    };
    database
        .execute(&format!(
            "create role {name} login password 'secret' in role ayaz_reader;
            alter role {name} set default_transaction_read_only = on;
            alter role {name} set statement_timeout = '30s'"
        ))
        .await?;
    let mut url = Url::parse(database.url.expose())?;
    url.set_username(&name).ok().context("a user")?;
    url.set_password(Some("secret"))
        .ok()
        .context("a password")?;
    Ok(Connection::open(&url.as_str().parse()?, Role::Owner).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_without_its_settings_still_only_reads() -> Result<()> {
    let database = or_skip!(Database::new());
    let reader = reader(&database).await?;
    let worker = database.connect_as(Role::Analytics).await?;
    let name: String = {
        let sql = "select current_user::text";
        reader.client.query_one(sql, &[]).await?.get(0)
    };
    assert!(!unbounded_readers(&worker.client).await?.contains(&name));
    // No server can prevent this; only rights protect the data.
    for statement in [
        "set default_transaction_read_only = off",
        "set statement_timeout = 0",
        "do $$ begin execute format('alter role %I reset all', current_user); end $$",
    ] {
        let changed = reader.client.batch_execute(statement).await;
        changed.with_context(|| format!("{statement}: a login may do that to itself"))?;
    }
    let unbounded = unbounded_readers(&worker.client).await?;
    assert!(unbounded.contains(&name), "{unbounded:?}");
    reader.client.query("select * from vehicle", &[]).await?;
    for statement in [
        "create temp table t ()",
        "create table t ()",
        "create schema s",
        "select lo_creat(-1)",
        "select lo_create(0)",
        "select lo_from_bytea(0, 'x')",
        "select add_job('pg_catalog.now'::regproc, interval '1 ms')",
        "insert into vehicle (fleet, vehicle) values ('a', 'b')",
        "delete from reading",
        "update service_day_default set zone = 'UTC'",
        "set role ayaz_operator",
    ] {
        let refused = reader.client.batch_execute(statement).await;
        let error = refused
            .err()
            .with_context(|| format!("{statement} is allowed"))?;
        let code = error.code().map(|code| code.code().to_owned());
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {error:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_migration_revokes_rights_that_were_granted_again() -> Result<()> {
    let database = or_skip!(Database::new());
    database
        .execute(
            "do $$ begin
                execute format('grant temporary on database %I to public', current_database());
            end $$;
            grant execute on function lo_create(oid) to public",
        )
        .await?;
    let migrated = migrate(&database.url).await?;
    assert_eq!(migrated.to_revoke, [""; 0], "a superuser may revoke all");
    let allowed = "select (
            has_database_privilege('ayaz_reader', current_database(), 'temporary')
            or has_function_privilege('ayaz_reader', 'lo_create(oid)', 'execute')
        )::int::bigint";
    assert_eq!(database.number(allowed).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_without_superuser_rights_migrates_and_gets_the_missing_revokes() -> Result<()> {
    let database = or_skip!(Database::empty());
    let name: String = {
        let sql = "select current_database()::text";
        database.owner.client.query_one(sql, &[]).await?.get(0)
    };
    database
        .execute(&format!(
            "create role owner_{name} login createrole password 'secret';
            alter database {name} owner to owner_{name};
            create extension timescaledb"
        ))
        .await?;
    let mut url = Url::parse(database.url.expose())?;
    url.set_username(&format!("owner_{name}"))
        .ok()
        .context("a user")?;
    url.set_password(Some("secret"))
        .ok()
        .context("a password")?;
    let migrated = migrate(&url.as_str().parse()?).await?;
    let statements = migrated.to_revoke.join(";");
    assert!(statements.contains("lo_create"), "{statements}");
    assert!(
        !statements.contains("temporary"),
        "an owner may: {statements}"
    );
    // As a superuser.
    database.execute(&statements).await?;
    assert_eq!(migrate(&url.as_str().parse()?).await?.to_revoke, [""; 0]);
    Ok(())
}
