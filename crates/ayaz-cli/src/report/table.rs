//! A report for people: aligned columns, few decimals, thin figures marked.

use std::fmt;

use ayaz_store::reports::EnergySums;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, TableStyle};

use crate::printable::printable;

/// Fewer trips than this say little of a band.
pub(super) const TRIPS_MIN: i64 = 3;
/// Less time than this says little of a band, s.
pub(super) const SECONDS_MIN: f64 = 3600.0;

/// What stands where nothing was measured.
pub(crate) const NOTHING: &str = "–";

/// Whether figures rest on too little to lean on.
pub(super) fn is_thin(trips: i64, energy: &EnergySums) -> bool {
    trips < TRIPS_MIN || energy.energy_seconds < SECONDS_MIN
}

/// Aligned columns. A row is one line, whatever its texts hold.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// Adds a row, with a text for each heading.
    pub(crate) fn add_row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells = cells
            .into_iter()
            .map(|cell| printable(cell.as_ref()).into_owned());
        self.0.add_row(cells);
    }

    /// Aligns columns left, by their places.
    pub(crate) fn align_left(&mut self, columns: impl IntoIterator<Item = usize>) {
        for column in columns {
            if let Some(column) = self.0.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Left);
            }
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Starts a table; the first `text_columns` are aligned left, the rest, numbers, right.
pub(crate) fn table(headings: &[&str], text_columns: usize) -> Table {
    let mut table = comfy_table::Table::new();
    // The same output on every terminal and in a pipe.
    table
        .load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')))
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings);
    for (index, column) in table.column_iter_mut().enumerate() {
        if index >= text_columns {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    Table(table)
}

pub(super) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| format!("{value:.decimals$}"))
}

/// A share of 0 to 1 as whole percent.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(
        || NOTHING.to_owned(),
        |share| format!("{:.0}", 100.0 * share),
    )
}
