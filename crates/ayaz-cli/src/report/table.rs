//! A report for people: aligned columns, few decimals, thin figures marked.

use ayaz_store::reports::EnergySums;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

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

/// Starts a table; the first `text_columns` are aligned left, the rest, numbers, right.
pub(crate) fn table(headings: &[&str], text_columns: usize) -> Table {
    let mut table = Table::new();
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
    table
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
