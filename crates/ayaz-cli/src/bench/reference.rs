//! Raw COPY of a load's rows, and the database that each run gets.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use ayaz_local::LocalStack;
use ayaz_store::raw_copy::EncodedRows;
use ayaz_store::{Connection, DatabaseUrl, Role};
use url::Url;

use super::load::Load;

/// Rows of a transaction: what the daemon's batches hold at most by default.
const ROWS_PER_TRANSACTION: usize = 8_000;

/// A migrated database of its own.
pub(super) struct Fresh {
    pub(super) url: DatabaseUrl,
    pub(super) owner: Connection,
    name: String,
    server: Connection,
}

impl Fresh {
    pub(super) async fn create(stack: &LocalStack) -> Result<Self> {
        let server = Connection::open(&stack.database_url().parse()?, Role::Owner).await?;
        let stamp = jiff::Timestamp::now().as_microsecond();
        let name = format!("ayaz_bench_{stamp}");
        server
            .client
            .batch_execute(&format!("create database {name}"))
            .await?;
        let mut url = Url::parse(stack.database_url())?;
        url.set_path(&name);
        let url: DatabaseUrl = url.as_str().parse()?;
        ayaz_store::migrate::migrate(&url).await?;
        let owner = Connection::open(&url, Role::Owner).await?;
        // The migrations' own writes are not to be flushed during the run.
        server.client.batch_execute("checkpoint").await?;
        Ok(Self {
            url,
            owner,
            name,
            server,
        })
    }

    /// Checks that exactly the load is there.
    pub(super) async fn verify(&self, load: &Load) -> Result<()> {
        let row = self
            .owner
            .client
            .query_one(
                "select count(*),
                    count(distinct (vehicle_id, recorded_at, boot_id, sequence)),
                    sum(sequence)::bigint
                from reading",
                &[],
            )
            .await?;
        let found: (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        let rows = load.readings.len() as i64;
        let expected = (rows, rows, load.checksum as i64);
        ensure!(
            found == expected,
            "the run is void: rows, distinct keys and checksum are {found:?} and should be \
             {expected:?}"
        );
        Ok(())
    }

    pub(super) async fn remove(self) -> Result<()> {
        drop(self.owner);
        let sql = format!("drop database {} with (force)", self.name);
        self.server
            .client
            .batch_execute(&sql)
            .await
            .context("remove the run's database")
    }
}

/// Rows per second of COPY alone.
pub(super) async fn run(stack: &LocalStack, load: &Load) -> Result<f64> {
    let fresh = Fresh::create(stack).await?;
    // Numbers without vehicles: nothing refers to them.
    let transactions: Vec<EncodedRows> = load
        .readings
        .chunks(ROWS_PER_TRANSACTION)
        .map(|rows| {
            let mut rows: Vec<_> = rows
                .iter()
                .map(|(vehicle, reading)| (*vehicle as i32, reading))
                .collect();
            // As the daemon does.
            rows.sort_by_key(|(vehicle, reading)| (*vehicle, reading.key));
            EncodedRows::encode(rows.into_iter())
        })
        .collect();
    let started = Instant::now();
    for transaction in &transactions {
        transaction.copy(&fresh.owner.client).await?;
    }
    let seconds = started.elapsed().as_secs_f64();
    fresh.verify(load).await?;
    fresh.remove().await?;
    Ok(load.readings.len() as f64 / seconds)
}
