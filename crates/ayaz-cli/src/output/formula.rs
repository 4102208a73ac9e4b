//! Protects CSV files against texts that a spreadsheet would run.
//!
//! A spreadsheet runs a cell as a formula if it starts with certain characters. A formula can read
//! and send data. Quotation marks do not help: the spreadsheet removes them first. The separator
//! depends on the reader's locale. With `;` as separator, text after a `;` starts a new cell, and
//! quotation marks in the middle of a line have no effect.

use std::borrow::Cow;

/// First characters of formulas in common spreadsheets. The last four are full width.
const FIRST: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Characters after which a cell may start in some locales. Not the comma: these files use it as
/// separator, and a text with a comma is quoted.
const SEPARATORS: [char; 5] = [';', '\t', '|', '\r', '\n'];

/// Adds a `'` before each possible formula, so that it is text. An existing `'` in such a place
/// gets a second one, so that [`unguarded`] restores every text.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    let mut written = String::new();
    let mut copied = 0;
    for start in cell_starts(text) {
        if is_formula(&text[start..]) {
            written += &text[copied..start];
            written.push('\'');
            copied = start;
        }
    }
    if written.is_empty() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(written + &text[copied..])
}

/// Reverses [`guarded`].
pub(crate) fn unguarded(text: &str) -> Cow<'_, str> {
    let mut read = String::new();
    let mut copied = 0;
    for start in cell_starts(text) {
        if text[start..].strip_prefix('\'').is_some_and(is_formula) {
            read += &text[copied..start];
            copied = start + 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    Cow::Owned(read + &text[copied..])
}

/// Positions where a cell may start: the start of the text, and after each separator.
fn cell_starts(text: &str) -> impl Iterator<Item = usize> {
    let after_separators = text
        .char_indices()
        .filter(|(_, character)| SEPARATORS.contains(character))
        .map(|(at, character)| at + character.len_utf8());
    std::iter::once(0).chain(after_separators)
}

/// True if a spreadsheet would run the cell. It may remove blanks and quotation marks before a
/// formula.
fn is_formula(cell: &str) -> bool {
    let is_removed =
        |c: char| matches!(c, '\'' | '"') || (c.is_whitespace() && !FIRST.contains(&c));
    cell.trim_start_matches(is_removed).starts_with(FIRST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sheet::{Cell, Columns};
    use super::*;

    #[test]
    fn formulas_become_text() {
        for (text, written) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1", "'+1"),
            ("-30", "'-30"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("'=1", "''=1"),
            (" =1", "' =1"),
            ("\"=1", "'\"=1"),
            ("＝1", "'＝1"),
            ("10;=1", "10;'=1"),
            ("10;;\"-1|＠x", "10;;'\"-1|'＠x"),
            ("a\r\n=1", "a\r'\n'=1"),
            ("10", "10"),
            ("a=1", "a=1"),
            ("12 - Center; 14", "12 - Center; 14"),
            ("[-34,-32)", "[-34,-32)"),
            ("'quoted'", "'quoted'"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), written);
            assert_eq!(unguarded(written), text);
        }
    }

    /// True if a spreadsheet with this separator finds a formula in a line, with or without reading
    /// quotation marks at the start of a cell.
    fn finds_formula(line: &str, separator: u8) -> bool {
        // A spreadsheet may remove blanks and line ends before a formula.
        let is_formula = |cell: &str| {
            let cell = cell.trim_start();
            cell.starts_with(FIRST) && cell.parse::<f64>().is_err()
        };
        let with_quotes = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(line.as_bytes())
            .into_records()
            .flat_map(|record| {
                record
                    .unwrap()
                    .iter()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .any(|cell| is_formula(&cell));
        // With commas as separator, every spreadsheet reads quotation marks.
        let without_quotes = separator != b','
            && line
                .split([char::from(separator), '\n', '\r'])
                .any(|cell| !cell.is_empty() && is_formula(cell.trim_matches('"')));
        with_quotes || without_quotes
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "['\"=+@a\t\r\n;|, ＝-]{0,8}") {
            let written = guarded(&text);
            prop_assert_eq!(unguarded(&written), &text[..]);
        }

        #[test]
        fn no_cell_of_any_locale_begins_a_formula(
            texts in prop::collection::vec("['\"=+@a\t\r\n;|, ＝＋－＠-]{0,8}|.{0,8}", 1..4),
            number in -10.0..10.0_f64,
        ) {
            let mut row: Vec<Cell> = texts.into_iter().map(Cell::from).collect();
            row.insert(row.len().div_ceil(2), number.into());
            let columns = (0..row.len()).fold(Columns::new(), |columns, place| {
                columns.with("a", move |row: &Vec<Cell>| row[place].clone())
            });
            let sheet = columns.sheet(&[row]);
            let text = sheet.to_csv().unwrap();
            for separator in [b',', b';', b'\t', b'|'] {
                prop_assert!(!finds_formula(&text, separator), "{:?} {:?}", char::from(separator), text);
            }
        }
    }
}
