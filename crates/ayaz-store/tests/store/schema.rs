//! Earlier and later versions of the tables. For views, see `views`.

use anyhow::Result;
use ayaz_store::StoreError;
use ayaz_store::migrate::{check_schema, latest_version, migrate};
use ayaz_test_db::or_skip;
use sha2::{Digest, Sha256};

use crate::database::Database;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_schema_version_gets_an_error_with_advice() -> Result<()> {
    let database = or_skip!(Database::new());
    let fatal = |outcome: Result<(), StoreError>| match outcome {
        Err(StoreError::Fatal(text)) => text,
        other => panic!("expected a refusal, got {other:?}"),
    };
    database
        .execute("create role stranger_to_ayaz; set role stranger_to_ayaz")
        .await?;
    let text = fatal(check_schema(&database.owner).await);
    assert!(text.contains("lacks the rights"), "{text}");
    assert!(!text.contains("no Ayaz schema"), "{text}");
    database
        .execute("reset role; drop role stranger_to_ayaz")
        .await?;

    let (found, known) = (latest_version() + 1, latest_version());
    database
        .execute(&format!(
            "insert into ayaz_schema_version (version, name, applied_on, checksum)
            values ({found}, 'from_the_future', '2030-01-01T00:00:00Z', '1')"
        ))
        .await?;
    let wanted = format!(
        "the database has schema version {found}, this program knows {known}: use a newer ayaz"
    );
    assert_eq!(fatal(check_schema(&database.owner).await), wanted);
    assert_eq!(fatal(migrate(&database.url).await.map(drop)), wanted);

    database
        .execute(
            "delete from ayaz_schema_version;
            insert into ayaz_schema_version (version, name) values (24, 'day_bands')",
        )
        .await?;
    for text in [
        fatal(check_schema(&database.owner).await),
        fatal(migrate(&database.url).await.map(drop)),
    ] {
        assert!(
            text.contains("schema version 24") && text.contains("new, empty database"),
            "{text}"
        );
    }

    database.execute("drop table ayaz_schema_version").await?;
    let text = fatal(check_schema(&database.owner).await);
    assert!(text.contains("no Ayaz schema"), "{text}");
    Ok(())
}

/// Checksums of the released migrations, in lower case.
const CHECKSUMS: &str = include_str!("../../migrations/SHA256SUMS");

#[test]
fn released_migrations_do_not_change() -> Result<()> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().expect("a name in ASCII");
        if name.ends_with(".sql") {
            let digest = Sha256::digest(std::fs::read(entry.path())?);
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            found.push(format!("{digest}  {name}"));
        }
    }
    found.sort_by_key(|line| line.split_once("  ").map(|(_, name)| name.to_owned()));
    let mut landed: Vec<&str> = CHECKSUMS.lines().collect();
    landed.sort_by_key(|line| line.split_once("  ").map(|(_, name)| name));
    assert_eq!(
        found, landed,
        "databases have had these migrations: write a new one, and enter it in migrations/SHA256SUMS \
         (sha256sum *.sql > SHA256SUMS)"
    );
    Ok(())
}
