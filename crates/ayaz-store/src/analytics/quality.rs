//! Rows of `hour_sequence` and `flagged_span`, described in their migration.

use ayaz_energy::hours::{FlaggedSpan, HourSequence};
use ayaz_model::VehicleNumber;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, Transaction};

use super::rows::{CopyIn, Value, positions};
use super::timestamp;
use crate::error::StoreError;

/// The statements of [`insert`], prepared once per connection.
#[derive(Debug, Clone)]
pub(super) struct Statements {
    sequences: CopyIn,
    spans: CopyIn,
}

impl Statements {
    /// Prepares the statements.
    pub(super) async fn prepare(client: &Client) -> Result<Self, Error> {
        let types = [
            Type::INT4,
            Type::TIMESTAMPTZ,
            Type::DATE,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::INT8,
        ];
        let statement = "-- insert_sequences
        copy hour_sequence (
            vehicle_id, hour, service_day, boot_id, readings, readings_flagged,
            readings_out_of_order, sequence_min, sequence_max
        ) from stdin (format binary)";
        let sequences = CopyIn::prepare(client, statement, types.to_vec()).await?;
        let types = [
            Type::INT4,
            Type::TIMESTAMPTZ,
            Type::INT4,
            Type::INT8,
            Type::TIMESTAMPTZ,
            Type::TIMESTAMPTZ,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::TEXT_ARRAY,
            Type::TEXT_ARRAY,
            Type::BOOL,
        ];
        let statement = "-- insert_flagged_spans
        copy flagged_span (
            vehicle_id, hour, stretch, boot_id, started_at, ended_at, readings, sequence_min,
            sequence_max, checks, signals, whole_row
        ) from stdin (format binary)";
        let spans = CopyIn::prepare(client, statement, types.to_vec()).await?;
        Ok(Self { sequences, spans })
    }
}

/// Inserts both. Spans are numbered within each hour in the given order, and must be sorted by hour.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    statements: &Statements,
    vehicle: VehicleNumber,
    sequences: &[HourSequence],
    spans: &[FlaggedSpan],
) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_driver("write the quality of readings", error);
    let rows = sequences.iter().map(|of| -> Vec<Value<'_>> {
        vec![
            Box::new(vehicle),
            Box::new(timestamp(of.hour)),
            Box::new(of.service_day),
            Box::new(of.boot_id),
            Box::new(of.readings),
            Box::new(of.readings_flagged),
            Box::new(of.readings_out_of_order),
            Box::new(of.sequence_min),
            Box::new(of.sequence_max),
        ]
    });
    statements
        .sequences
        .write(transaction, rows.collect())
        .await
        .map_err(failed)?;
    let numbers = positions(spans.iter().map(|of| of.hour));
    let rows = spans.iter().zip(numbers);
    let rows = rows.map(|(of, number)| -> Vec<Value<'_>> {
        vec![
            Box::new(vehicle),
            Box::new(timestamp(of.hour)),
            Box::new(number),
            Box::new(of.boot_id),
            Box::new(timestamp(of.started_at)),
            Box::new(timestamp(of.ended_at)),
            Box::new(of.readings),
            Box::new(of.sequence_min),
            Box::new(of.sequence_max),
            Box::new(&of.checks),
            Box::new(&of.signals),
            Box::new(of.whole_row),
        ]
    });
    statements
        .spans
        .write(transaction, rows.collect())
        .await
        .map_err(failed)
}
