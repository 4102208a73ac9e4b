//! Rows written by binary COPY.

use std::pin::pin;

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Transaction};

/// A value on its way into a column.
pub(super) type Value<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// Writes rows by a `copy … from stdin (format binary)`; `types` are those of its columns.
pub(super) async fn write(
    transaction: &Transaction<'_>,
    statement: &str,
    types: &[Type],
    rows: Vec<Vec<Value<'_>>>,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let sink = transaction.copy_in(statement).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, types));
    for row in &rows {
        let row: Vec<&(dyn ToSql + Sync)> = row.iter().map(|value| &**value as _).collect();
        writer.as_mut().write(&row).await?;
    }
    writer.finish().await.map(drop)
}
