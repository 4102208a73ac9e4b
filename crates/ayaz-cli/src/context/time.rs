//! What a time in a file means.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// An end of a period, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Nothing: since ever, or until further notice.
    Open,
    /// With an offset.
    Instant(Timestamp),
    /// A date, for the midnight with which it begins where the vehicle is at home.
    Midnight(Date),
}

impl When {
    /// Reads nothing, an RFC 3339 time, or a date.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::Open);
        }
        let when = if let Ok(instant) = text.parse::<Timestamp>() {
            // What the database keeps.
            Timestamp::from_microsecond(instant.as_microsecond())
                .map(Self::Instant)
                .ok()
        } else if text.len() == "2026-01-31".len() {
            // A date alone: a time without an offset would be guesswork.
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

    /// The instant, `None` where the end is open.
    pub(super) fn instant(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Open => None,
            Self::Instant(instant) => Some(instant),
            // Fails at the ends of time only, which `parse` does not admit.
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

/// An end of a stored or worked-out period, for people.
pub(super) struct End(pub(super) Option<Timestamp>, pub(super) &'static str);

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(instant) => instant.fmt(f),
            None => f.write_str(self.1),
        }
    }
}

/// "2025-10-15T… to until further notice".
pub(super) fn period(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    match to {
        Some(to) => format!("{} to {to}", End(from, "since ever")),
        None => format!("{} until further notice", End(from, "since ever")),
    }
}
