//! Rows encoded beforehand and copied with nothing around them: what the write path is measured
//! against.

use std::pin::pin;

use ayaz_model::Reading;
use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use tokio_postgres::Client;

use crate::columns;
use crate::copy;
use crate::error::StoreError;
use crate::vehicles::VehicleNumber;

/// One transaction's rows, encoded.
#[derive(Debug, Clone)]
pub struct EncodedRows {
    chunks: Vec<Bytes>,
    /// How many rows.
    pub rows: usize,
}

impl EncodedRows {
    /// Encodes readings in this order.
    pub fn encode<'a>(rows: impl Iterator<Item = (VehicleNumber, &'a Reading)>) -> Self {
        let mut encoded = Self {
            chunks: Vec::new(),
            rows: 0,
        };
        let mut chunk = BytesMut::new();
        copy::put_header(&mut chunk);
        for (vehicle, reading) in rows {
            copy::put_reading(&mut chunk, vehicle, reading);
            encoded.rows += 1;
            if chunk.len() >= copy::CHUNK_BYTES {
                encoded.chunks.push(chunk.split().freeze());
            }
        }
        copy::put_trailer(&mut chunk);
        encoded.chunks.push(chunk.freeze());
        encoded
    }

    /// Copies them into `reading`, in a transaction of its own.
    pub async fn copy(&self, client: &Client) -> Result<u64, StoreError> {
        let failed = |error| StoreError::from_driver("copy rows", error);
        let sql = format!(
            "copy reading ({}) from stdin (format binary)",
            columns::names()
        );
        let mut sink = pin!(client.copy_in::<_, Bytes>(&sql).await.map_err(failed)?);
        for chunk in &self.chunks {
            sink.send(chunk.clone()).await.map_err(failed)?;
        }
        sink.finish().await.map_err(failed)
    }
}
