//! A log as rows: each is read once, and none as a part of another.

use std::io::ErrorKind;
use std::path::Path;

use csv::ByteRecord;

use crate::output::plural::plural;

use super::source::{END_MARK, Progress, Source};

/// What ends the reading of a log: its line, and what is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadRow {
    pub(super) line: u64,
    pub(super) what: String,
}

/// A log that is open, from behind its header on.
pub(super) struct Log {
    rows: csv::Reader<Source>,
    delimiter: u8,
    header: ByteRecord,
    at_end: bool,
    is_unended: bool,
}

impl Log {
    /// Opens a log and reads its header.
    pub(super) fn open(path: &Path, delimiter: u8, progress: Progress) -> Result<Log, String> {
        let source =
            Source::open(path, progress).map_err(|error| format!("cannot be opened: {error}"))?;
        let rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            // The end mark has a length of its own, so rows are held against the header here.
            .flexible(true)
            .from_reader(source);
        let mut log = Log {
            rows,
            delimiter,
            header: ByteRecord::new(),
            at_end: false,
            is_unended: false,
        };
        let mut header = ByteRecord::new();
        log.read(&mut header)
            .map_err(|BadRow { line, what }| format!("line {line}: {what}"))?;
        if header.iter().all(<[u8]>::is_empty) {
            return Err("the file is empty, it has no header".to_owned());
        }
        log.header = header;
        Ok(log)
    }

    /// The names of the columns.
    pub(super) fn header(&self) -> &ByteRecord {
        &self.header
    }

    /// The bytes behind it.
    pub(super) fn source(&self) -> &Source {
        self.rows.get_ref()
    }

    /// Whether the row that was read last has no line end, which only the last of a log can lack.
    /// If the log was cut off there, so was the row's last value.
    pub(super) fn row_is_unended(&self) -> bool {
        self.is_unended
    }

    /// Reads the next row, with as many fields as the header, and returns its line; `None` at the
    /// end of a log that nobody has written to meanwhile.
    pub(super) fn next(&mut self, row: &mut ByteRecord) -> Result<Option<u64>, BadRow> {
        let read = self.read(row);
        if matches!(read, Ok(Some(_))) && !self.is_unended {
            return read;
        }
        let Some(change) = self.source().change() else {
            return read;
        };
        Err(match read {
            Ok(line) => BadRow {
                line: line.unwrap_or_else(|| self.line_next()),
                what: format!("{change}, so its end may be missing: replay it again as a whole"),
            },
            Err(BadRow { line, what }) => BadRow {
                line,
                what: format!("{what}; {change}"),
            },
        })
    }

    fn read(&mut self, row: &mut ByteRecord) -> Result<Option<u64>, BadRow> {
        if self.at_end {
            return Ok(None);
        }
        self.rows.get_mut().row_ends();
        let line_next = self.line_next();
        let bad = |line, what: String| Err(BadRow { line, what });
        match self.rows.read_byte_record(row) {
            Ok(true) => {}
            // What is open at the end takes the mark, so some row always has it.
            Ok(false) => return bad(line_next, "its end was not found".to_owned()),
            Err(error) => return bad(line_next, unreadable(&error)),
        }
        let bytes = row.as_slice();
        let lines_within = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let lines_read = self.rows.position().line() - 1;
        if bytes.strip_suffix(b"\n").is_some_and(has_end_mark) {
            let line = lines_read + 1 - lines_within;
            let what = "a quote in this line is never closed, it takes all that follows";
            return bad(line, what.to_owned());
        }
        let mut line = (lines_read + u64::from(self.source().is_crlf())) - lines_within;
        if has_end_mark(bytes) {
            // The line end of the mark is LF.
            line = lines_read - lines_within;
            self.at_end = true;
            let is_mark_alone = bytes == END_MARK;
            *row = without_end_mark(row);
            if self.rows.read_byte_record(&mut ByteRecord::new()).ok() != Some(false) {
                return bad(
                    line,
                    "it holds the text that marks its end for us".to_owned(),
                );
            }
            if is_mark_alone {
                return Ok(None);
            }
            self.is_unended = true;
        }
        let fields = match self.header.len() {
            0 => row.len(),
            fields => fields,
        };
        if lines_within > 0 && holds_rows(row, self.delimiter, fields) {
            let lines = lines_within + 1;
            let what = format!("a quoted field makes {lines} lines one row: is a quote missing?");
            return bad(line, what);
        }
        if row.len() != fields {
            let has = plural(row.len() as u64, "field", "fields");
            let what = format!("the row has {has} and the header {fields}");
            return bad(line, what);
        }
        Ok(Some(line))
    }

    /// Line of the next row, if no empty ones come before it.
    fn line_next(&self) -> u64 {
        let position = self.rows.position();
        // The row reader takes the LF of a row that ended in CR with the row after it.
        position.line() + u64::from(self.source().is_crlf() && position.record() > 0)
    }
}

fn has_end_mark(bytes: &[u8]) -> bool {
    bytes.ends_with(END_MARK)
}

fn without_end_mark(row: &ByteRecord) -> ByteRecord {
    let last = row.len().saturating_sub(1);
    row.iter()
        .enumerate()
        .map(|(number, field)| match number == last {
            true => field.strip_suffix(END_MARK).unwrap_or(field),
            false => field,
        })
        .collect()
}

/// Whether two lines of a row each have as many delimiters as a row has. A text over several
/// lines has not; rows between a stray quote and the next one have.
fn holds_rows(row: &ByteRecord, delimiter: u8, fields: usize) -> bool {
    let delimiters = fields.saturating_sub(1).max(1);
    let text = row.iter().collect::<Vec<_>>().join(&delimiter);
    let is_row =
        |line: &&[u8]| line.iter().filter(|byte| **byte == delimiter).count() >= delimiters;
    text.split(|byte| *byte == b'\n').filter(is_row).count() >= 2
}

fn unreadable(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
            "the file ends too early: it is truncated, fetch it again".to_owned()
        }
        csv::ErrorKind::Io(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::InvalidData
            ) =>
        {
            format!("its gzip data are damaged, fetch it again: {error}")
        }
        // Of our own words.
        csv::ErrorKind::Io(error) if error.kind() == ErrorKind::Unsupported => error.to_string(),
        _ => format!("cannot be read on: {error}"),
    }
}
