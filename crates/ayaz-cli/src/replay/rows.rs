//! Converts a row of a log to a reading of the wire format.

use std::borrow::Cow;

use ayaz_model::{UnixMicroseconds, VehicleId};
use ayaz_proto::telemetry::v1 as wire;
use ayaz_publisher::encode;
use csv::ByteRecord;
use jiff::fmt::temporal::Pieces;

use super::cycle::CycleNumbers;
use super::mapping::TimeFormat;
use super::origin::parse_rfc3339;
use super::plan::{Choice, Column, Plan, SignalCell};
use super::source::decode;

/// Largest distance of a time from 1970: year 5138.
const TIME_SECONDS_MAX: f64 = 1e11;

/// An error in a cell that stops the file: its column and the reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadCell {
    pub(super) column: String,
    pub(super) what: String,
}

/// A row before it is added to a message.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) recorded_at: UnixMicroseconds,
    pub(super) reading: wire::Reading,
}

/// Vehicle and drive cycle of the current rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drive {
    pub(super) vehicle: VehicleId,
    pub(super) cycle: String,
    pub(super) numbers: CycleNumbers,
    /// Start of its relative time.
    origin_unix_microseconds: i64,
    pub(super) warning: Option<String>,
}

impl Plan {
    /// The first rule of the mapping that skips the row, as text.
    pub(super) fn skips(&self, record: &ByteRecord) -> Option<String> {
        let (column, rule) = self
            .skips
            .iter()
            .find(|(column, rule)| rule.applies(&record[column.position]))?;
        Some(format!("{:?} {rule}", column.name))
    }

    /// The drive of the row, if it differs from `before`.
    pub(super) fn drive(
        &self,
        record: &ByteRecord,
        before: Option<&Drive>,
    ) -> Result<Option<Drive>, BadCell> {
        let cycle = match &self.cycle {
            Choice::Constant(cycle) => Cow::Borrowed(cycle.as_str()),
            Choice::Column(column) => self.required(record, column)?,
        };
        let vehicle = match &self.vehicle {
            Choice::Constant(vehicle) => Cow::Borrowed(vehicle.as_str()),
            Choice::Column(column) => self.required(record, column)?,
        };
        if before.is_some_and(|d| d.cycle == cycle && d.vehicle.as_str() == vehicle) {
            return Ok(None);
        }
        let in_column =
            |choice: Option<&Column>, what: String| bad(choice.unwrap_or(&self.time.column), what);
        let id = vehicle
            .parse()
            .map_err(|error: ayaz_model::IdentityError| {
                in_column(
                    self.vehicle.column(),
                    format!("{vehicle:?} is not a vehicle name: {error}"),
                )
            })?;
        let start = self
            .time
            .origins
            .as_ref()
            .map(|origins| origins.start(&cycle))
            .transpose();
        let start = start.map_err(|what| in_column(self.cycle.column(), what))?;
        Ok(Some(Drive {
            vehicle: id,
            numbers: CycleNumbers::of(&cycle),
            cycle: cycle.into_owned(),
            origin_unix_microseconds: start.as_ref().map_or(0, |start| start.unix_microseconds),
            warning: start.and_then(|start| start.warning),
        }))
    }

    /// Converts the row to a reading.
    pub(super) fn row(&self, record: &ByteRecord, drive: &Drive) -> Result<Row, BadCell> {
        let recorded_at = self.time(record, drive)?;
        let mut reading = wire::Reading {
            drive_cycle: Some(drive.numbers.drive_cycle),
            ..Default::default()
        };
        for cell in &self.signals {
            let text = self.text(record, &cell.column)?;
            if !text.is_empty() {
                set(&mut reading, cell, &text)?;
            }
        }
        Ok(Row {
            recorded_at,
            reading,
        })
    }

    fn time(&self, record: &ByteRecord, drive: &Drive) -> Result<UnixMicroseconds, BadCell> {
        let column = &self.time.column;
        let text = self.required(record, column)?;
        let seconds = |scale: f64| match text.parse::<f64>() {
            // The nearest microsecond of the decimal text: 0.1 s is exactly 100,000 µs.
            Ok(number) if (number * scale).abs() <= TIME_SECONDS_MAX => {
                Ok((number * scale * 1e6).round() as i64)
            }
            _ => Err(bad(column, format!("{text:?} is not a number of seconds"))),
        };
        let microseconds = match self.time.format {
            TimeFormat::Rfc3339 => {
                parse_rfc3339(&text).ok_or_else(|| bad(column, no_rfc3339(&text)))?
            }
            TimeFormat::UnixSeconds => seconds(1.0)?,
            TimeFormat::UnixMilliseconds => seconds(1e-3)?,
            TimeFormat::SecondsSinceOrigin => {
                drive.origin_unix_microseconds.saturating_add(seconds(1.0)?)
            }
        };
        Ok(UnixMicroseconds(microseconds))
    }

    fn required<'r>(
        &self,
        record: &'r ByteRecord,
        column: &Column,
    ) -> Result<Cow<'r, str>, BadCell> {
        let text = self.text(record, column)?;
        if text.is_empty() {
            Err(bad(column, "the cell is blank".to_owned()))
        } else {
            Ok(text)
        }
    }

    fn text<'r>(&self, record: &'r ByteRecord, column: &Column) -> Result<Cow<'r, str>, BadCell> {
        let field = record.get(column.position).unwrap_or_default().trim_ascii();
        decode(field, self.encoding).ok_or_else(|| {
            let text = String::from_utf8_lossy(field);
            bad(
                column,
                format!("{text:?} is not UTF-8: set encoding = \"latin-1\" if it is that"),
            )
        })
    }
}

impl<T> Choice<T> {
    fn column(&self) -> Option<&Column> {
        match self {
            Choice::Constant(_) => None,
            Choice::Column(column) => Some(column),
        }
    }
}

/// The reason why a text is not an RFC 3339 time.
fn no_rfc3339(text: &str) -> String {
    let has_all_parts = Pieces::parse(text)
        .ok()
        .filter(|pieces| pieces.time().is_some() && pieces.offset().is_some());
    match has_all_parts {
        Some(pieces) if pieces.date().year() > 0 => {
            format!("{text:?} is too late: times end with 9999-12-30T22:00:00Z")
        }
        Some(_) => format!("{text:?} is too early"),
        None => {
            format!("{text:?} is not an RFC 3339 time with a zone, such as 2019-06-25T11:21:14Z")
        }
    }
}

/// Sends implausible values unchanged, also NaN. The daemon marks them.
fn set(reading: &mut wire::Reading, cell: &SignalCell, text: &str) -> Result<(), BadCell> {
    let number = text.parse::<f64>().ok();
    let set = match number {
        Some(number) if cell.signal.is_numeric() => {
            encode::set_number(reading, cell.signal, cell.value(number))
        }
        _ => encode::set_text(reading, cell.signal, text),
    };
    set.map_err(|error| {
        let shown = match number {
            Some(number) => cell.sum(number),
            None => format!("{text:?}"),
        };
        let hint = match text.contains(',') && text.replace(',', ".").parse::<f64>().is_ok() {
            true => "; write decimal points",
            false => "",
        };
        let signal = cell.signal.name();
        bad(
            &cell.column,
            format!("{shown} cannot be {signal}: {error}{hint}"),
        )
    })
}

impl SignalCell {
    fn value(&self, number: f64) -> f64 {
        number * self.scale + self.offset
    }

    /// How the log's number becomes the signal's value, such as `50 * -1.5 = -75`.
    fn sum(&self, number: f64) -> String {
        let mut sum = number.to_string();
        if self.scale != 1.0 {
            sum += &format!(" * {}", self.scale);
        }
        if self.offset != 0.0 {
            sum += &format!(" + {}", self.offset);
        }
        match self.scale != 1.0 || self.offset != 0.0 {
            true => format!("{sum} = {}", self.value(number)),
            false => sum,
        }
    }
}

fn bad(column: &Column, what: String) -> BadCell {
    BadCell {
        column: column.name.clone(),
        what,
    }
}
