//! Roles belong to the server: on another server, a dump has no roles and no rights.

use anyhow::{Context, Result};
use ayaz_local::{LocalStack, Options, skips_server_tests};
use ayaz_store::migrate::{check_schema, migrate};
use ayaz_store::{Connection, DatabaseUrl, IngestStore, Role};
use ayaz_test_db::{TestDatabase, or_skip, start};

/// All rights of our roles, as text.
const RIGHTS: &str = "
    select string_agg(of, e'\\n' order by of) from (
        select format('%s %s %s', c.relname, a.privilege_type, r.rolname) as of
        from pg_class c, aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee
        where r.rolname like 'ayaz\\_%' and c.relnamespace = 'public'::regnamespace
        union all
        select format('%s.%s %s %s', c.relname, t.attname, a.privilege_type, r.rolname)
        from pg_attribute t join pg_class c on c.oid = t.attrelid, aclexplode(t.attacl) a
        join pg_roles r on r.oid = a.grantee
        where r.rolname like 'ayaz\\_%' and c.relnamespace = 'public'::regnamespace
        union all
        select format('%s %s %s', p.oid::regprocedure, a.privilege_type,
            coalesce(r.rolname, 'public'))
        from pg_proc p, aclexplode(p.proacl) a left join pg_roles r on r.oid = a.grantee
        where p.pronamespace = 'public'::regnamespace and p.proname !~ 'timescale|^_'
            and not exists (select from pg_depend d
                where d.objid = p.oid and d.deptype = 'e')
            and a.grantee <> p.proowner
        union all
        select format('schema %s %s', a.privilege_type, r.rolname)
        from pg_namespace n, aclexplode(n.nspacl) a join pg_roles r on r.oid = a.grantee
        where n.nspname = 'public' and r.rolname like 'ayaz\\_%'
        union all
        select format('database %s %s', a.privilege_type, r.rolname)
        from pg_database d, aclexplode(d.datacl) a join pg_roles r on r.oid = a.grantee
        where d.datname = current_database() and r.rolname like 'ayaz\\_%'
    ) as rights";

fn only_database() -> Options {
    Options {
        broker: false,
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_creates_missing_roles_and_rights() -> Result<()> {
    if skips_server_tests() {
        return Ok(());
    }
    // A new server: the template of the tests would need the roles, which this test drops.
    let stack = LocalStack::start(only_database(), |_| {}).await?;
    let database = TestDatabase::empty_on(stack.database_url()).await?;
    let url = database.url();
    migrate(url).await?;
    let owner = Connection::open(url, Role::Owner).await?;
    let rights = async || -> Result<String> {
        let row = owner.client.query_one(RIGHTS, &[]).await?;
        Ok(row.get::<_, Option<String>>(0).unwrap_or_default())
    };
    let before = rights().await?;
    assert!(before.lines().count() > 100, "{before}");

    // The state after restoring a dump without owners and rights on another server.
    owner
        .client
        .batch_execute(
            "do $$
            declare
                role text;
            begin
                for role in select rolname from pg_roles where rolname like 'ayaz\\_%' loop
                    execute format('drop owned by %I', role);
                    execute format('drop role %I', role);
                end loop;
            end
            $$",
        )
        .await?;
    assert_eq!(rights().await?, "");
    let daemon = Connection::open(url, Role::Ingest).await;
    let error = daemon
        .map(drop)
        .err()
        .context("there is no such role")?
        .to_string();
    assert!(
        error.contains("no role ayaz_ingest") && error.contains("ayaz migrate"),
        "{error}"
    );

    let migrated = migrate(url).await?;
    assert_eq!(migrated.roles_made.len(), 4);
    assert!(migrated.grants_renewed && migrated.applied.is_empty());
    assert_eq!(rights().await?, before);
    check_schema(&Connection::open(url, Role::Ingest).await?).await?;
    let again = migrate(url).await?;
    assert!(again.roles_made.is_empty() && !again.grants_renewed);
    drop(owner);
    Ok(stack.stop().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_database_lets_ingest_store_duplicates() -> Result<()> {
    let original = or_skip!(TestDatabase::migrated());
    let (server, name) = original.url().expose().rsplit_once('/').context("a URL")?;
    let copy = format!("{name}_copy");
    let url: DatabaseUrl = format!("{server}/{copy}").parse()?;
    let admin: DatabaseUrl = format!("{server}/postgres").parse()?;
    let admin = Connection::open(&admin, Role::Owner).await?;
    admin
        .client
        .batch_execute(&format!("create database {copy} template {name}"))
        .await?;
    // Like a database restored from a dump: everybody may create temporary tables.
    assert!(migrate(&url).await?.grants_renewed);
    let may = "select has_database_privilege('ayaz_ingest', current_database(), 'temporary')";
    let owner = Connection::open(&url, Role::Owner).await?;
    assert!(owner.client.query_one(may, &[]).await?.get::<_, bool>(0));

    let revoke = format!("revoke temporary on database {copy} from ayaz_ingest");
    owner.client.batch_execute(&revoke).await?;
    let mut store = IngestStore::new(url.clone(), std::time::Duration::from_secs(30), "test");
    let error = store.connect().await.err().context("it is error at once")?;
    assert!(error.to_string().contains("`ayaz migrate`"), "{error}");
    assert!(migrate(&url).await?.grants_renewed);
    store.connect().await?;
    assert!(!migrate(&url).await?.grants_renewed, "once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_without_the_role_gets_the_needed_grant() -> Result<()> {
    let stack = or_skip!(start(only_database()));
    let database = TestDatabase::migrated_on(stack.database_url()).await?;
    let url = database.url();
    let owner = Connection::open(url, Role::Owner).await?;
    owner
        .client
        .batch_execute("create role \"bus-login\" login password 'QX7'")
        .await?;
    let (_, place) = url
        .expose()
        .split_once('@')
        .context("a server with a login")?;
    let login: DatabaseUrl = format!("postgres://bus-login:QX7@{place}").parse()?;
    for (role, name) in [
        (Role::Ingest, "ayaz_ingest"),
        (Role::Analytics, "ayaz_analytics"),
    ] {
        let opened = Connection::open(&login, role).await;
        let error = opened
            .map(drop)
            .err()
            .context("it has no role")?
            .to_string();
        let grant = format!("`grant {name} to \"bus-login\"`");
        assert!(error.contains(&grant), "{error}");
        assert!(
            error.contains(&login.to_string()) && !error.contains("QX7"),
            "{error}"
        );
    }
    drop(owner);
    Ok(stack.stop().await?)
}
