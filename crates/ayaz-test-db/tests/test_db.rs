//! What the tests of all crates rely on.

use std::process::{Command, Output};

use anyhow::Result;
use ayaz_store::migrate::{check_schema, migrate};
use ayaz_store::{Connection, Role};
use ayaz_test_db::{TestDatabase, or_skip};

#[tokio::test]
async fn a_copy_is_a_migrated_database() -> Result<()> {
    let database = or_skip!(TestDatabase::migrated());
    check_schema(&Connection::open(database.url(), Role::Ingest).await?).await?;
    // Not even the rights on the database itself are missing.
    let migrated = migrate(database.url()).await?;
    assert!(migrated.applied.is_empty() && !migrated.views_made);
    assert!(!migrated.grants_renewed && migrated.to_revoke.is_empty());
    let anybody = "select has_database_privilege('ayaz_reader', current_database(), 'temporary')";
    let owner = Connection::open(database.url(), Role::Owner).await?;
    assert!(
        !owner
            .client
            .query_one(anybody, &[])
            .await?
            .get::<_, bool>(0)
    );
    Ok(())
}

#[tokio::test]
async fn tests_do_not_see_what_others_store() -> Result<()> {
    let one = or_skip!(TestDatabase::migrated());
    let other = or_skip!(TestDatabase::migrated());
    let enter = "insert into vehicle (fleet, vehicle) values ('f', 'v')";
    let owner = Connection::open(one.url(), Role::Owner).await?;
    owner.client.execute(enter, &[]).await?;
    let owner = Connection::open(other.url(), Role::Owner).await?;
    let count = "select count(*) from vehicle";
    assert_eq!(
        owner.client.query_one(count, &[]).await?.get::<_, i64>(0),
        0
    );
    Ok(())
}

/// Runs a test of this file as a process of its own, with these variables.
fn run(test: &str, variables: &[(&str, &str)]) -> Result<Output> {
    Ok(Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture"])
        .env_remove("AYAZ_SKIP_SERVER_TESTS")
        .envs(variables.iter().copied())
        .output()?)
}

#[test]
fn a_test_without_a_server_fails_and_says_what_to_do() -> Result<()> {
    let nobody = [("AYAZ_DATABASE_URL", "postgres://x:x@127.0.0.1:1/x")];
    let output = run("a_copy_is_a_migrated_database", &nobody)?;
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        errors.contains("AYAZ_SKIP_SERVER_TESTS=1 skips"),
        "{errors}"
    );

    let skipping = [nobody[0], ("AYAZ_SKIP_SERVER_TESTS", "1")];
    let output = run("a_copy_is_a_migrated_database", &skipping)?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && printed.contains("skipped"),
        "{printed}"
    );
    Ok(())
}
