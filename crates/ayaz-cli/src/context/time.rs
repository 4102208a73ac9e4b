//! Times in files.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A start or end of a period, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Empty: no start or no end.
    Open,
    /// A time with an offset.
    Instant(Timestamp),
    /// A date: midnight at the vehicle's depot.
    Midnight(Date),
}

impl When {
    /// Reads an empty text, an RFC 3339 time, or a date.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::Open);
        }
        let when = if let Ok(instant) = text.parse::<Timestamp>() {
            // The database keeps microseconds.
            Timestamp::from_microsecond(instant.as_microsecond())
                .map(Self::Instant)
                .ok()
        } else if text.len() == "2026-01-31".len() {
            // Only a date. A time without an offset would be ambiguous.
            text.parse::<Date>().map(Self::Midnight).ok()
        } else {
            None
        };
        let when = when.ok_or(
            "write 2026-01-31T03:00:00+05:00, 2026-01-31 (its midnight at the vehicle's depot), or \
             nothing for an open end",
        )?;
        match when.year() {
            Some(year) if !(1990..2200).contains(&year) => {
                Err("the year is not between 1990 and 2199: correct it".to_owned())
            }
            _ => Ok(when),
        }
    }

    /// The instant; `None` for an open end.
    pub(super) fn instant(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Open => None,
            Self::Instant(instant) => Some(instant),
            // Fails only for years that `parse` refuses.
            Self::Midnight(date) => zone.to_timestamp(date.at(0, 0, 0, 0)).ok(),
        }
    }

    fn year(self) -> Option<i16> {
        match self {
            Self::Open => None,
            Self::Instant(instant) => Some(TimeZone::UTC.to_datetime(instant).year()),
            Self::Midnight(date) => Some(date.year()),
        }
    }
}

/// A start or end of a period, for people.
pub(super) struct End(pub(super) Option<Timestamp>, pub(super) &'static str);

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(instant) => instant.fmt(f),
            None => f.write_str(self.1),
        }
    }
}

/// "2025-10-15T… to no end".
pub(super) fn period(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    match to {
        Some(to) => format!("{} to {to}", End(from, "no start")),
        None => format!("{} to no end", End(from, "no start")),
    }
}
