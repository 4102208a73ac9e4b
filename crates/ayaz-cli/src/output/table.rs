//! A table for people: aligned columns, as many as fit the width.

use std::borrow::Cow;
use std::collections::HashSet;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, TableStyle};

use super::look::Look;
use super::printable::printable;

/// Lines of the head: column names and a rule.
const HEAD_LINES: usize = 2;

/// Width between two columns: a blank on each side and a border.
const GAP: usize = 3;

/// Blanks before the first and after the last column.
const EDGES: usize = 2;

/// Fewest letters of a name that are shown.
const NAME_LETTERS: usize = 20;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    heading: &'static str,
    is_text: bool,
    /// Columns of rank 0 are always shown. Others are added in this order while they fit.
    rank: u8,
    /// Least width to which the text may be cut, before columns are omitted.
    shortest: Option<usize>,
}

/// A column of names and words, aligned left.
pub(crate) const fn text(heading: &'static str, rank: u8) -> Column {
    Column {
        heading,
        is_text: true,
        rank,
        shortest: None,
    }
}

/// A column of names, such as vehicles: always shown, and cut if long.
pub(crate) const fn name(heading: &'static str) -> Column {
    text(heading, 0).cut_to(NAME_LETTERS)
}

/// A column of figures, aligned right.
pub(crate) const fn figure(heading: &'static str, rank: u8) -> Column {
    Column {
        is_text: false,
        ..text(heading, rank)
    }
}

impl Column {
    pub(crate) fn heading(&self) -> &'static str {
        self.heading
    }

    /// Allows to cut texts to this many letters.
    pub(crate) const fn cut_to(mut self, letters: usize) -> Self {
        self.shortest = Some(letters);
        self
    }
}

/// Aligned columns, as many as fit. Each row is one line, for any text.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// Letters of the widest cell of each column.
    widths: Vec<usize>,
    /// Indexes of the rows that are shown dim.
    dim: HashSet<usize>,
}

/// The columns to show, with their widths.
struct Fit {
    shown: Vec<(usize, usize)>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        let columns: Vec<Column> = columns.into_iter().collect();
        Self {
            widths: columns.iter().map(|c| letters(c.heading)).collect(),
            columns,
            rows: Vec::new(),
            dim: HashSet::new(),
        }
    }

    /// Adds a row, with a text for each column.
    pub(crate) fn add_row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells = cells.into_iter();
        let cells: Vec<String> = cells
            .map(|cell| printable(cell.as_ref()).into_owned())
            .collect();
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = (*width).max(letters(cell));
        }
        self.rows.push(cells);
    }

    /// Adds a row that is shown dim. It needs a mark too, for output without colours.
    pub(crate) fn add_dim_row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.dim.insert(self.rows.len());
        self.add_row(cells);
    }

    /// The lines of the table, with dim rows if colours are available.
    pub(crate) fn render(&self, look: Look) -> String {
        let Fit { shown } = self.fit(look);
        let mut table = comfy_table::Table::new();
        table
            .load_style(
                TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')),
            )
            .set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(
            shown
                .iter()
                .map(|(column, _)| self.columns[*column].heading),
        );
        for row in &self.rows {
            table.add_row(
                shown
                    .iter()
                    .map(|(column, width)| cut(&row[*column], *width)),
            );
        }
        for ((column, _), drawn) in shown.iter().zip(table.column_iter_mut()) {
            if !self.columns[*column].is_text {
                drawn.set_cell_alignment(CellAlignment::Right);
            }
        }
        if !look.has_colours || self.dim.is_empty() {
            return table.to_string();
        }
        let lines: Vec<String> = table
            .lines()
            .enumerate()
            .map(|(index, line)| match index.checked_sub(HEAD_LINES) {
                Some(row) if self.dim.contains(&row) => format!("\u{1b}[2m{line}\u{1b}[0m"),
                _ => line,
            })
            .collect();
        lines.join("\n")
    }

    /// True if a column with this heading is shown.
    pub(crate) fn shows(&self, look: Look, heading: &str) -> bool {
        let Fit { shown } = self.fit(look);
        let mut headings = shown
            .iter()
            .map(|(column, _)| self.columns[*column].heading);
        headings.any(|other| other == heading)
    }

    /// True if a shown figure contains this mark. Ignores names, because people choose them.
    pub(crate) fn shows_mark(&self, look: Look, mark: &str) -> bool {
        let Fit { shown } = self.fit(look);
        let mut figures = shown
            .iter()
            .filter(|(column, _)| !self.columns[*column].is_text);
        figures.any(|(column, _)| self.rows.iter().any(|row| row[*column].contains(mark)))
    }

    /// The note on omitted and cut columns, with the option that shows them; `None` if all fit.
    pub(crate) fn omitted_note(&self, look: Look) -> Option<String> {
        let Fit { shown } = self.fit(look);
        let is_shown = |place: usize| shown.iter().any(|(column, _)| *column == place);
        let mut parts = Vec::new();
        let gone: Vec<&str> = (0..self.columns.len())
            .filter(|place| !is_shown(*place))
            .map(|place| self.columns[place].heading)
            .collect();
        if !gone.is_empty() {
            parts.push(format!("left out: {}", gone.join(", ")));
        }
        let cut: Vec<&str> = shown
            .iter()
            .filter(|(column, width)| *width < self.widths[*column])
            .map(|(column, _)| self.columns[*column].heading)
            .collect();
        if !cut.is_empty() {
            parts.push(format!("cut: {}", cut.join(", ")));
        }
        let width = look.width.filter(|_| !parts.is_empty())?;
        Some(format!(
            "To fit {width} columns, {}. --wide shows all.",
            parts.join("; ")
        ))
    }

    /// Adds columns in the order of their ranks, while they fit. Gives the remaining width to
    /// columns that may be cut.
    fn fit(&self, look: Look) -> Fit {
        let all = self.widths.iter().copied().enumerate();
        let Some(limit) = look.width else {
            return Fit {
                shown: all.collect(),
            };
        };
        let mut by_rank: Vec<(usize, usize)> = all.collect();
        by_rank.sort_by_key(|(column, _)| self.columns[*column].rank);
        let mut left = (limit + GAP).saturating_sub(EDGES);
        let mut shown = Vec::new();
        for (column, width) in by_rank {
            let shortest = self.columns[column].shortest.unwrap_or(width).min(width);
            if self.columns[column].rank == 0 || shortest + GAP <= left {
                left = left.saturating_sub(shortest + GAP);
                shown.push((column, shortest));
            }
        }
        for (column, width) in &mut shown {
            let more = left.min(self.widths[*column] - *width);
            *width += more;
            left -= more;
        }
        shown.sort_unstable();
        Fit { shown }
    }
}

/// Width of a text in terminal columns.
pub(crate) fn letters(text: &str) -> usize {
    console::measure_text_width(text)
}

/// The text, cut to this width with an ellipsis.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    console::truncate_str(text, width, "…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_line_and_is_dim_only_with_colours() {
        let mut table = Table::new([text("route", 0), figure("km", 0)]);
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
    }

    fn narrow(width: usize) -> Look {
        Look {
            has_colours: false,
            width: Some(width),
        }
    }

    #[test]
    fn columns_that_do_not_fit_are_omitted_by_rank_and_named() {
        let mut table = Table::new([
            text("vehicle", 0),
            figure("km", 1),
            figure("grid kWh", 2),
            text("detail", 0).cut_to(6),
        ]);
        table.add_row(["astana/E12-001", "12.5", "–", "twenty letters of it"]);
        table.add_row(["b", "1", "10", "short"]);
        let widths = |look| -> Vec<usize> { table.render(look).lines().map(letters).collect() };
        let whole = widths(Look::default());
        assert!(whole.iter().all(|width| *width == whole[0]), "{whole:?}");
        assert_eq!(table.omitted_note(narrow(whole[0])), None);
        assert_eq!(widths(narrow(whole[0])), whole);

        let look = narrow(whole[0] - 5);
        assert_eq!(widths(look), vec![whole[0] - 5; 4]);
        assert!(table.render(look).contains("twenty letters…"));
        let message = table.omitted_note(look).unwrap();
        assert!(
            message.contains("cut: detail. --wide shows all."),
            "{message}"
        );

        let look = narrow(35);
        let lines = table.render(look);
        assert!(
            !lines.contains("grid kWh") && lines.contains("12.5"),
            "{lines}"
        );
        assert!(widths(look).iter().all(|width| *width <= 35), "{lines}");
        let message = table.omitted_note(look).unwrap();
        assert!(
            message.contains("To fit 35 columns, left out: grid kWh; cut: detail."),
            "{message}"
        );
        assert!(table.shows(look, "km") && !table.shows(look, "grid kWh"));
        // Columns of rank 0 are shown at any width.
        assert!(table.render(narrow(5)).contains("astana/E12-001"));
    }
}
