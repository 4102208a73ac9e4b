//! Columns that buckets, sessions, bands of trips, days and months have in common.

use ayaz_energy::Energy;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::rows::Value;

/// `a, b, …` of all columns.
pub(super) fn column_list() -> String {
    Energy::COLUMNS.join(", ")
}

/// The type of every column.
pub(super) fn types() -> impl Iterator<Item = Type> {
    std::iter::repeat_n(Type::FLOAT8, Energy::COLUMNS.len())
}

/// The values of the columns, as types of the driver.
pub(super) fn values<'a>(energy: &Energy) -> impl Iterator<Item = Value<'a>> + use<'a> {
    energy
        .columns()
        .into_iter()
        .map(|value| Box::new(value) as _)
}

/// Reads consecutive columns of a row, starting at `first`.
pub(super) fn from_row(row: &Row, first: usize) -> Energy {
    Energy::from_columns(std::array::from_fn(|column| row.get(first + column)))
}
