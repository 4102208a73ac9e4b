//! Redelivered messages leave nearly nothing in the database's log.

use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_local::Options;
use ayaz_store::IngestStore;
use ayaz_test_db::{TestDatabase, or_skip, start};

use crate::dead_letters::good_message;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_redelivery_leaves_one_error_in_the_database_s_log() -> Result<()> {
    const BATCHES: usize = 100;
    let options = Options {
        broker: false,
        ..Options::default()
    };
    // A server of its own, since its log is read.
    let mut stack = or_skip!(start(options));
    let database = TestDatabase::migrated_on(stack.database_url()).await?;
    let mut store = IngestStore::new(database.url().clone(), Duration::from_secs(30), "test");
    let all = good_message("bus", 50)?;
    store.write(std::slice::from_ref(&all)).await?;
    for batch in 0..BATCHES {
        let mut messages = vec![all.clone()];
        // Sometimes another bus has new readings, and some batches have nothing else.
        if batch % 3 == 0 {
            messages.push(good_message(&format!("other-{batch}"), 5)?);
        }
        if batch % 10 == 0 {
            messages.remove(0);
        }
        let written = store.write(&messages).await?;
        let again = if batch % 10 == 0 { 0 } else { 50 };
        assert_eq!(written.readings_duplicate, again, "batch {batch}");
    }
    // Without further duplicates, batches are copied directly into the table again.
    for batch in 0..20 {
        let written = store
            .write(&[good_message(&format!("later-{batch}"), 5)?])
            .await?;
        assert_eq!((written.readings_new, written.readings_duplicate), (5, 0));
    }
    let Some(server) = stack.database() else {
        println!("skipped: the database's log is not here");
        return Ok(());
    };
    let log = std::fs::read_to_string(server.log_path()).context("the database's log")?;
    let errors = log.matches("duplicate key value").count();
    assert_eq!(errors, 1, "{log}");
    Ok(stack.stop().await?)
}
