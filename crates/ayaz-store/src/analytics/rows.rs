//! Rows written by binary COPY.

use std::pin::pin;

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Statement, Transaction};

/// The position of each row among the rows with the same key before it; rows must be sorted by key. It
/// numbers rows within an hour, or sessions with the same start.
pub(super) fn positions<K: PartialEq>(keys: impl Iterator<Item = K>) -> impl Iterator<Item = i32> {
    let mut last: Option<(K, i32)> = None;
    keys.map(move |key| {
        let position = match &last {
            Some((before, position)) if *before == key => position + 1,
            _ => 0,
        };
        last = Some((key, position));
        position
    })
}

/// A value for a column.
pub(super) type Value<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// A `copy … from stdin (format binary)`, prepared once per connection.
///
/// Never send one while another runs. If the first fails or is dropped, the server refuses the second, the
/// driver still sends its end, and the server's answer breaks the connection. Other statements may come
/// before and after without waiting; if one before it fails, the connection breaks too, and the caller must
/// open another.
#[derive(Debug, Clone)]
pub(super) struct CopyIn {
    statement: Statement,
    /// Types of its columns.
    types: Vec<Type>,
}

impl CopyIn {
    /// Prepares the statement.
    pub(super) async fn prepare(
        client: &Client,
        statement: &str,
        types: Vec<Type>,
    ) -> Result<Self, Error> {
        let statement = client.prepare(statement).await?;
        Ok(Self { statement, types })
    }

    /// Writes the rows.
    pub(super) async fn write(
        &self,
        transaction: &Transaction<'_>,
        rows: Vec<Vec<Value<'_>>>,
    ) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let sink = transaction.copy_in(&self.statement).await?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &self.types));
        for row in &rows {
            let row: Vec<&(dyn ToSql + Sync)> = row.iter().map(|value| &**value as _).collect();
            writer.as_mut().write(&row).await?;
        }
        writer.finish().await.map(drop)
    }
}
