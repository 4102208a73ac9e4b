//! What is sent again costs the database's log next to nothing.

use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_local::{LocalStack, Options};
use ayaz_store::migrate::migrate;
use ayaz_store::{DatabaseUrl, IngestStore};

use crate::dead_letters::good_message;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_redelivery_leaves_one_error_in_the_database_s_log() -> Result<()> {
    const BATCHES: usize = 100;
    let options = Options {
        broker: false,
        ..Options::default()
    };
    // A server of its own, since its log is read.
    let mut stack = LocalStack::start(options, |_| {}).await?;
    let url: DatabaseUrl = stack.database_url().parse()?;
    migrate(&url).await?;
    let mut store = IngestStore::new(url, Duration::from_secs(30), "test");
    let all = good_message("bus", 50)?;
    store.write(std::slice::from_ref(&all)).await?;
    for batch in 0..BATCHES {
        let mut messages = vec![all.clone()];
        // Another bus's readings are new now and then, and some batches hold nothing else.
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
    // Once nothing is sent again, batches are copied straight into the table.
    for batch in 0..20 {
        let written = store
            .write(&[good_message(&format!("later-{batch}"), 5)?])
            .await?;
        assert_eq!((written.readings_new, written.readings_duplicate), (5, 0));
    }
    let Some(database) = stack.database() else {
        println!("skipped: the database's log is not here");
        return Ok(());
    };
    let log = std::fs::read_to_string(database.log_path()).context("the database's log")?;
    let errors = log.matches("duplicate key value").count();
    assert_eq!(errors, 1, "{log}");
    Ok(stack.stop().await?)
}
