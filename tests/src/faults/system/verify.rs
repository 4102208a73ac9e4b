//! The comparison of the tables with the ledger, after all faults.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{MEMORY_BESIDE_BYTES, MEMORY_MAX_BYTES, System};
use crate::faults::ledger::Ledger;
use crate::wait;

/// Time limit from the last repair until all messages are stored, seconds.
const RECOVERY_MAX_S: u64 = 90;

/// Counts readings, set aside or not.
const STORED: &str =
    "select (select count(*) from reading) + (select count(*) from reading_set_aside)";

impl System {
    /// Waits until all messages are stored, and compares. Returns the time that it took.
    pub(in crate::faults) async fn verify(
        &mut self,
        ledger: &Ledger,
        repaired_at: Instant,
    ) -> Result<Duration> {
        let owner = self.owner().await?;
        let count = async |sql: &str| -> Result<u64> {
            let count: i64 = owner.client.query_one(sql, &[]).await?.get(0);
            Ok(count as u64)
        };
        let all_stored = wait::until("all to be stored", RECOVERY_MAX_S, async || {
            Ok(count(STORED).await? >= ledger.readings()
                && count("select count(*) from dead_letter").await? >= ledger.dead_letters())
        })
        .await;
        let recovery = repaired_at.elapsed();
        // Its error says what is missing.
        ledger.verify(&owner).await?;
        all_stored?;
        let ingest = self.ingest.as_ref().context("the ingest daemon")?;
        ingest.until_ready().await?;
        wait::until("all to be acknowledged", RECOVERY_MAX_S, async || {
            Ok(ingest.metric("ayaz_ingest_outstanding_messages").await? == 0.0)
        })
        .await?;
        self.update_memory_peak();
        ensure!(
            self.memory_peak_bytes <= MEMORY_MAX_BYTES + MEMORY_BESIDE_BYTES,
            "the daemon used {} MB with a bound of {} MB for messages",
            self.memory_peak_bytes >> 20,
            MEMORY_MAX_BYTES >> 20
        );
        // With any clock of the daemon, only readings ahead of the real time count as future.
        let wrong = "select count(*) from set_aside
            where reason = 'future' and recorded_at < set_aside_at";
        ensure!(
            count(wrong).await? == 0,
            "readings of the past are set aside as future"
        );
        // After history over the limit is accepted, each reading is still stored once.
        if count("select count(*) from set_aside where reason = 'many_days'").await? > 0 {
            self.bed
                .ayaz(&["readings", "accept", "--reason", "many_days"])
                .await?;
            ledger.verify(&owner).await?;
        }
        self.analytics_agree(&owner).await?;
        Ok(recovery)
    }

    /// Checks that the worker's results are those of one run over all hours.
    async fn analytics_agree(&mut self, owner: &ayaz_store::Connection) -> Result<()> {
        if let Some(worker) = self.analytics.take() {
            worker.terminate().await?;
        }
        self.bed.analyse().await?;
        let buckets = "select md5(coalesce(string_agg(b::text, '|' order by b::text), ''))
            from energy_bucket b";
        let before: String = owner.client.query_one(buckets, &[]).await?.get(0);
        owner
            .client
            .batch_execute(
                "insert into dirty_hours (vehicle_ids, changed_from)
                select array_agg(vehicle_id), array_agg(hour) from (
                    select distinct vehicle_id, date_trunc('hour', recorded_at, 'UTC') as hour
                    from reading where time_quality = 0
                ) as hours",
            )
            .await?;
        self.bed.analyse().await?;
        let after: String = owner.client.query_one(buckets, &[]).await?.get(0);
        ensure!(before == after, "the worker's results depend on the faults");
        Ok(())
    }
}
