//! A table for people: names on the left, figures on the right.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

/// Shown for a value that was not measured.
pub(crate) const ABSENT: &str = "–";

/// An empty table with these headings.
pub(crate) fn table(headings: impl IntoIterator<Item = String>) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(headings);
    table
}

/// The lines of the table, each with a line end.
pub(crate) fn lines(mut table: Table) -> String {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n")
}
