//! Reads a log as rows. Detects truncated rows and unclosed quotes.

use std::io::ErrorKind;
use std::path::Path;

use csv::ByteRecord;

use crate::output::plural::plural;

use super::source::{END_MARK, Progress, Source};

/// An error that stops reading: its line and the reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadRow {
    pub(super) line: u64,
    pub(super) what: String,
}

/// An open log, after its header.
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
            // The end mark has another length, so the code below compares rows with the header.
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

    /// The bytes of the log.
    pub(super) fn source(&self) -> &Source {
        self.rows.get_ref()
    }

    /// True if the last row read has no line end. Only the last row of a log can lack one. If the
    /// log was truncated there, the row's last value may be truncated, too.
    pub(super) fn row_is_unended(&self) -> bool {
        self.is_unended
    }

    /// Reads the next row and returns its line. The row must have as many fields as the header.
    /// `None` at the end of a log that nobody has changed during reading.
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
            // The last row gets the end mark, so some row always has it.
            Ok(false) => return bad(line_next, "its end was not found".to_owned()),
            Err(error) => return bad(line_next, unreadable(&error)),
        }
        let bytes = row.as_slice();
        let lines_within = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let lines_read = self.rows.position().line() - 1;
        if bytes.strip_suffix(b"\n").is_some_and(has_end_mark) {
            let line = lines_read + 1 - lines_within;
            let what = "a quote in this line is never closed, so it contains all lines after it";
            return bad(line, what.to_owned());
        }
        let mut line = (lines_read + u64::from(self.source().is_crlf())) - lines_within;
        if has_end_mark(bytes) {
            // The end mark has an LF line end.
            line = lines_read - lines_within;
            self.at_end = true;
            let is_mark_alone = bytes == END_MARK;
            *row = without_end_mark(row);
            if self.rows.read_byte_record(&mut ByteRecord::new()).ok() != Some(false) {
                return bad(
                    line,
                    "it contains the text that marks the end of input".to_owned(),
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

    /// Line of the next row, if no empty lines are before it.
    fn line_next(&self) -> u64 {
        let position = self.rows.position();
        // The row reader counts the LF of a row that ends in CR with the next row.
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

/// True if at least two lines of a row have as many delimiters as a complete row. A text with
/// several lines has fewer. Rows between a stray quote and the next quote have as many.
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
        // The error text is from this program.
        csv::ErrorKind::Io(error) if error.kind() == ErrorKind::Unsupported => error.to_string(),
        _ => format!("cannot be read further: {error}"),
    }
}
