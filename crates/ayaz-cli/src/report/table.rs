//! A report for people: aligned columns, few decimals, thin figures marked.

use std::collections::HashSet;
use std::fmt;

use ayaz_store::reports::EnergySums;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, TableStyle};

use super::look::Look;
use super::threshold::Threshold;
use crate::printable::printable;

/// Fewer trips than this say little of a band.
pub(super) const TRIPS_MIN: i64 = 3;
/// Less time than this says little of a band, s.
pub(super) const SECONDS_MIN: f64 = 3600.0;

/// What stands where nothing was measured.
pub(crate) const NOTHING: &str = "–";

/// What people have to know of bands.
pub(super) const BANDS_NOTE: &str = "outside °C: bands of the exterior (air) temperature, not of the pack's. \
    trips: that touch the band; a trip counts in each of its bands, so that they do not add up.";

/// Whether figures rest on too little to lean on.
pub(super) fn is_thin(trips: i64, energy: &EnergySums) -> bool {
    trips < TRIPS_MIN || energy.energy_seconds < SECONDS_MIN
}

/// Lines of the head: names, and a rule.
const HEAD_LINES: usize = 2;

/// Aligned columns. A row is one line, whatever its texts hold.
pub(crate) struct Table {
    inner: comfy_table::Table,
    rows: usize,
    /// Places of the rows that matter less.
    dim: HashSet<usize>,
}

impl Table {
    /// Adds a row, with a text for each heading.
    pub(crate) fn add_row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells = cells
            .into_iter()
            .map(|cell| printable(cell.as_ref()).into_owned());
        self.inner.add_row(cells);
        self.rows += 1;
    }

    /// The same for a row that matters less, which must have a mark too, for where there are no colours.
    pub(super) fn add_dim_row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.dim.insert(self.rows);
        self.add_row(cells);
    }

    /// Columns of a terminal that a line takes.
    pub(super) fn width(&self) -> usize {
        let lines = self.inner.lines();
        lines
            .map(|line| console::measure_text_width(&line))
            .max()
            .unwrap_or(0)
    }

    /// The lines, those that matter less dim where that can be shown.
    pub(super) fn render(&self, look: Look) -> String {
        if !look.has_colours || self.dim.is_empty() {
            return self.to_string();
        }
        let lines: Vec<String> = self
            .inner
            .lines()
            .enumerate()
            .map(|(index, line)| match index.checked_sub(HEAD_LINES) {
                Some(row) if self.dim.contains(&row) => format!("\u{1b}[2m{line}\u{1b}[0m"),
                _ => line,
            })
            .collect();
        lines.join("\n")
    }

    /// Aligns columns left, by their places.
    pub(crate) fn align_left(&mut self, columns: impl IntoIterator<Item = usize>) {
        for column in columns {
            if let Some(column) = self.inner.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Left);
            }
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
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
    Table {
        inner: table,
        rows: 0,
        dim: HashSet::new(),
    }
}

pub(super) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(
        || NOTHING.to_owned(),
        |value| rounded(format!("{value:.decimals$}")),
    )
}

/// What is rounded to zero has no sign.
fn rounded(text: String) -> String {
    match text.strip_prefix('-') {
        Some(size) if size.trim_matches(['0', '.']).is_empty() => size.to_owned(),
        _ => text,
    }
}

/// "1 trip", "2 trips".
pub(super) fn counted(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// A completeness as whole percent, never rounded up to what was asked for, and marked if it is less.
pub(super) fn completeness(share: Option<f64>, threshold: Threshold) -> String {
    // Times lie on a grid of a millisecond, so that what is whole may lack some of one.
    let floor = share.map(|share| (100.0 * share + 0.002).floor() / 100.0);
    format!("{}{}", percent(floor), threshold.mark(share))
}

/// A share of 0 to 1 as whole percent.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(
        || NOTHING.to_owned(),
        |share| rounded(format!("{:.0}", 100.0 * share)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_without_a_negative_zero_and_completeness_is_never_rounded_up() {
        assert_eq!(number(Some(-0.04), 1), "0.0");
        assert_eq!(number(Some(-0.06), 1), "-0.1");
        assert_eq!(
            (percent(Some(-0.004)), percent(Some(-0.1))),
            ("0".into(), "-10".into())
        );
        let threshold = Threshold::default();
        let shown = |share| completeness(share, threshold);
        assert_eq!(shown(Some(0.8999)), "89*");
        assert_eq!(
            (shown(Some(0.95)), shown(Some(1.0))),
            ("95".into(), "100".into())
        );
        assert_eq!(shown(None), "–*");
    }

    #[test]
    fn a_row_is_a_line_and_a_dim_one_is_dim_only_where_that_can_be_shown() {
        let mut table = table(&["route", "km"], 1);
        table.add_row(["10\u{1b}[2J\nb1", "1"]);
        table.add_dim_row(["11", "2*"]);
        let plain = table.render(Look::default());
        assert_eq!(plain.lines().count(), HEAD_LINES + 2, "{plain}");
        assert!(plain.contains("10\\u{1b}[2J\\nb1") && !plain.contains('\u{1b}'));
        let coloured = table.render(Look {
            has_colours: true,
            width: None,
        });
        let lines: Vec<&str> = coloured.lines().collect();
        assert!(!lines[HEAD_LINES].contains('\u{1b}'));
        assert!(lines[HEAD_LINES + 1].starts_with("\u{1b}[2m") && lines[3].ends_with("\u{1b}[0m"));
        assert_eq!(table.width(), console::measure_text_width(lines[0]));
    }
}
