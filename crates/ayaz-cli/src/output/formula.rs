//! Texts in CSV files that a spreadsheet would run.
//!
//! A cell that begins with one of a few signs is a formula to a spreadsheet, and a formula can fetch
//! and send. Quotation marks do not help: they are gone when the spreadsheet looks. Which character
//! parts the cells is a matter of the reader's locale: where that is `;`, what stands behind a `;`
//! within a text begins a cell, and quotation marks within the line hold nothing together.

use std::borrow::Cow;

/// What a formula begins with, for one spreadsheet or another; the last four are full width.
const FIRST: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Behind these a cell begins, for a reader who separates by them. Not behind a comma: that is what
/// these files are separated by, and a text that holds one is quoted.
const SEPARATORS: [char; 5] = [';', '\t', '|', '\r', '\n'];

/// The text with a `'` wherever a spreadsheet would find a formula, so that it is text. What stands for
/// itself in such a place gets a second, so that [`unguarded`] gives back every text.
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

/// The text that was [`guarded`].
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

/// Where in a text a cell may begin: at its beginning, and behind each separator.
fn cell_starts(text: &str) -> impl Iterator<Item = usize> {
    let behind = text
        .char_indices()
        .filter(|(_, character)| SEPARATORS.contains(character))
        .map(|(at, character)| at + character.len_utf8());
    std::iter::once(0).chain(behind)
}

/// Whether a cell would be run. Blanks and quotation marks before a formula may be taken off.
fn is_formula(cell: &str) -> bool {
    let is_taken_off =
        |c: char| matches!(c, '\'' | '"') || (c.is_whitespace() && !FIRST.contains(&c));
    cell.trim_start_matches(is_taken_off).starts_with(FIRST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sheet::{Cell, Columns};
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
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

    /// Whether a spreadsheet that separates by this character finds a formula in a line, whether it
    /// heeds quotation marks at the beginning of a cell or none.
    fn finds_formula(line: &str, separator: u8) -> bool {
        // Blanks and line ends before it may be taken off.
        let is_formula = |cell: &str| {
            let cell = cell.trim_start();
            cell.starts_with(FIRST) && cell.parse::<f64>().is_err()
        };
        let heeding = csv::ReaderBuilder::new()
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
        // Where lines are separated by commas, quotation marks are heeded by everybody.
        let heeding_none = separator != b','
            && line
                .split([char::from(separator), '\n', '\r'])
                .any(|cell| !cell.is_empty() && is_formula(cell.trim_matches('"')));
        heeding || heeding_none
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
