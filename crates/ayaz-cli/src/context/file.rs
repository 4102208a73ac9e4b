//! Reads the bytes of a file into rows, and finds its kind.

use std::sync::Arc;

use super::problem::{Place, Problems};
use crate::first_bytes;
use crate::output::formula::unguarded;

/// Most rows in a file. This is enough for ten thousand buses.
const ROWS_MAX: usize = 500_000;

/// The kind of a file's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(super) enum Kind {
    /// Types of vehicles.
    Models,
    /// Depots: time zone and cut-over hour.
    Depots,
    /// Vehicles and their models.
    Vehicles,
    /// Facts about vehicles, with the period in which they are valid.
    Context,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Models, Self::Depots, Self::Vehicles, Self::Context];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Models => "models",
            Self::Depots => "depots",
            Self::Vehicles => "vehicles",
            Self::Context => "context",
        }
    }

    /// The columns. A header may have them in any order.
    pub(super) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Models => &["model", "length_m", "usable_energy_kwh", "heater"],
            Self::Depots => &["depot", "zone", "cut_over_hour"],
            Self::Vehicles => &["fleet", "vehicle", "model"],
            Self::Context => &[
                "fleet",
                "vehicle",
                "attribute",
                "value",
                "valid_from",
                "valid_to",
            ],
        }
    }
}

/// A row with its values in the order of [`Kind::columns`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) cells: Vec<String>,
}

/// The rows of a file; `None` for an unknown header. Errors go to `problems`.
pub(super) fn read(
    file: &Arc<str>,
    bytes: &[u8],
    problems: &mut Problems,
) -> Option<(Kind, Vec<Row>)> {
    let place = |line| Place {
        file: file.clone(),
        line,
    };
    if let Some(what) = first_bytes::not_utf8(bytes, "ayaz context import") {
        problems.line(&place(1), format_args!("{what}"));
        return None;
    }
    // Spreadsheets write a byte order mark before UTF-8.
    let bytes = first_bytes::without_mark(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = &bytes[..error.valid_up_to()];
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count() as u64;
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            problems.line(
                &place(line),
                format_args!("is not UTF-8 (byte 0x{byte:02x}): save the file as CSV in UTF-8"),
            );
            return None;
        }
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records().filter_map(Result::ok).map(|record| {
        let start = record
            .position()
            .map_or(0, |position| position.byte() as usize);
        let line = record.position().map_or(1, csv::Position::line);
        // A record's position is before the empty lines above it.
        let empty = text[start..]
            .chars()
            .take_while(|c| matches!(c, '\r' | '\n'));
        let line = line + empty.filter(|c| *c == '\n').count() as u64;
        (place(line), record)
    });
    let Some((header_place, header)) = records.next() else {
        problems.line(&place(1), format_args!("is empty: {}", headers()));
        return None;
    };
    let header: Vec<&str> = header.iter().map(str::trim).collect();
    let Some((kind, order)) = kind_of(&header) else {
        problems.line(&header_place, wrong_header(&header));
        return None;
    };
    let mut rows = Vec::new();
    for (place, record) in records {
        if rows.len() == ROWS_MAX {
            problems.line(
                &place,
                format_args!("more than {ROWS_MAX} rows: import in several files and calls"),
            );
            break;
        }
        if record.iter().any(|cell| cell.contains(['\n', '\r'])) {
            problems.line(
                &place,
                "a value spans several lines: there is a quotation mark too few or too many",
            );
        } else if record.len() != header.len() {
            problems.line(&place, wrong_length(record.len(), header.len()));
        } else {
            let cell = |index: &usize| unguarded(record[*index].trim()).into_owned();
            rows.push(Row {
                place,
                cells: order.iter().map(cell).collect(),
            });
        }
    }
    Some((kind, rows))
}

/// The kind, and the position of each of its columns.
fn kind_of(header: &[&str]) -> Option<(Kind, Vec<usize>)> {
    Kind::ALL.into_iter().find_map(|kind| {
        let position = |column: &&str| header.iter().position(|name| name == column);
        let order: Vec<usize> = kind.columns().iter().filter_map(position).collect();
        let is_whole = order.len() == kind.columns().len() && order.len() == header.len();
        is_whole.then_some((kind, order))
    })
}

fn headers() -> String {
    let headers: Vec<String> = Kind::ALL
        .into_iter()
        .map(|kind| kind.columns().join(","))
        .collect();
    format!("the first line must be one of: {}", headers.join(" | "))
}

fn wrong_header(header: &[&str]) -> String {
    let shown: String = header.join(",").chars().take(100).collect();
    if header.len() == 1 {
        for (delimiter, name) in [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")] {
            if header[0].contains(delimiter) {
                return format!(
                    "header {shown:?}: the values are separated by {name}: save the file with \
                     commas (and numbers with a point)"
                );
            }
        }
    }
    let shared = |kind: Kind| kind.columns().iter().filter(|c| header.contains(c)).count();
    // The kind with the most matching columns, if there is one.
    let nearest = Kind::ALL.into_iter().rev().max_by_key(|kind| shared(*kind));
    let Some(kind) = nearest.filter(|kind| shared(*kind) > 0) else {
        return format!("header {shown:?}: unknown; {}", headers());
    };
    let missing: Vec<&str> = kind
        .columns()
        .iter()
        .filter(|c| !header.contains(c))
        .copied()
        .collect();
    let unknown: Vec<&str> = header
        .iter()
        .filter(|c| !kind.columns().contains(c))
        .copied()
        .collect();
    let mut what = Vec::new();
    if !missing.is_empty() {
        what.push(format!("{} missing", missing.join(",")));
    }
    if !unknown.is_empty() {
        what.push(format!("{:?} unknown", unknown.join(",")));
    }
    if what.is_empty() {
        what.push("a column appears twice".to_owned());
    }
    format!(
        "header {shown:?}: {}; {} have the columns {}",
        what.join(", "),
        kind.name(),
        kind.columns().join(",")
    )
}

fn wrong_length(found: usize, wanted: usize) -> String {
    let hint = if found > wanted {
        "put values that hold a comma in quotation marks, write numbers with a point"
    } else {
        "write a comma for each empty value, too"
    };
    format!("has {found} values, the header has {wanted}: {hint}")
}
