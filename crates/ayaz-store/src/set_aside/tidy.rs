//! Readings with an implausible time that an earlier version left in `reading`, each in a chunk of its day.

use jiff::Timestamp;
use tokio_postgres::{Client, IsolationLevel};

use crate::columns;
use crate::copy;
use crate::error::StoreError;

/// What was moved and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tidied {
    /// Readings and cell readings that were set aside.
    pub readings: u64,
    /// Chunks that became empty and were dropped.
    pub chunks: u64,
}

/// A chunk of a hypertable.
struct Chunk {
    table: &'static str,
    /// Quoted name with its schema.
    name: String,
    from: Timestamp,
    to: Timestamp,
}

/// Sets aside the readings in `reading` and `cell_reading` that have an implausible time, and drops the
/// chunks that become empty. Needs the owner's rights. Uses a transaction per chunk; after an error, another
/// run continues.
pub async fn tidy(
    owner: &mut Client,
    mut report: impl FnMut(u64, u64),
) -> Result<Tidied, StoreError> {
    let mut tidied = Tidied::default();
    let mut chunks = Vec::new();
    for table in ["reading", "cell_reading"] {
        chunks.extend(list(owner, table).await?);
    }
    for (done, chunk) in (1..).zip(&chunks) {
        chunk.tidy(owner, &mut tidied).await?;
        report(done, chunks.len() as u64);
    }
    Ok(tidied)
}

async fn list(owner: &Client, table: &'static str) -> Result<Vec<Chunk>, StoreError> {
    let rows = owner
        .query(
            "-- chunks
            select format('%I.%I', chunk_schema, chunk_name), range_start, range_end
            from timescaledb_information.chunks
            where hypertable_schema = 'public' and hypertable_name = $1
            order by range_start",
            &[&table],
        )
        .await
        .map_err(|error| StoreError::from_driver("list chunks", error))?;
    let chunk = |row: &tokio_postgres::Row| Chunk {
        table,
        name: row.get(0),
        from: row.get(1),
        to: row.get(2),
    };
    Ok(rows.iter().map(chunk).collect())
}

impl Chunk {
    async fn tidy(&self, owner: &mut Client, tidied: &mut Tidied) -> Result<(), StoreError> {
        let Self {
            table, name, from, ..
        } = self;
        let failed =
            |error| StoreError::from_driver("set readings of an earlier version aside", error);
        let look = format!(
            "-- look_at_chunk
            select
                exists (select from {name} where time_quality <> 0),
                exists (select from {name} where time_quality = 0)"
        );
        let row = owner.query_one(&look, &[]).await.map_err(failed)?;
        let (has_marked, has_good): (bool, bool) = (row.get(0), row.get(1));
        if !has_marked && has_good {
            return Ok(());
        }
        let reading_names = columns::names();
        let names = match *table {
            "reading" => reading_names.as_str(),
            _ => copy::CELL_COLUMN_NAMES,
        };
        let transaction = owner
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .start()
            .await
            .map_err(failed)?;
        if !has_good {
            // Nothing may enter the chunk before it is dropped. The lock comes before the first query, so
            // that the transaction sees all rows.
            let lock = format!("-- lock_chunk\nlock table {name} in access exclusive mode");
            transaction.batch_execute(&lock).await.map_err(failed)?;
        }
        let insert = format!(
            "-- set_marked_aside
            insert into {table}_set_aside ({names})
            select {names} from {name} where time_quality <> 0
            on conflict do nothing"
        );
        transaction.execute(&insert, &[]).await.map_err(failed)?;
        let delete = format!("-- take_marked\ndelete from {name} where time_quality <> 0");
        tidied.readings += transaction.execute(&delete, &[]).await.map_err(failed)?;
        let left = format!("-- is_empty\nselect exists (select from {name})");
        let left = transaction.query_one(&left, &[]).await.map_err(failed)?;
        if !has_good && !left.get::<_, bool>(0) {
            let drop = format!(
                "-- drop_empty_chunk
                select drop_chunks('{table}', older_than => $1::timestamptz,
                    newer_than => $2::timestamptz)"
            );
            let dropped = transaction
                .query(&drop, &[&self.to, from])
                .await
                .map_err(failed)?;
            tidied.chunks += dropped.len() as u64;
        }
        transaction.commit().await.map_err(failed)
    }
}
