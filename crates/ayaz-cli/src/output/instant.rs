//! Times on the command line.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::exit::BadUsage;

/// An RFC 3339 time, or a date for its midnight UTC.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    // Only a date. A time without an offset would be ambiguous.
    if text.len() == "2026-01-31".len()
        && let Ok(date) = text.parse::<Date>()
        && let Ok(midnight) = date.to_zoned(TimeZone::UTC)
    {
        return Ok(midnight.timestamp());
    }
    Err("write 2026-01-31T03:00:00Z, 2026-01-31T03:00:00+05:00 or 2026-01-31".to_owned())
}

/// Refuses an empty period between `--from` and `--to`.
pub(crate) fn check_order(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(), BadUsage> {
    match from.zip(to) {
        Some((from, to)) if from == to => Err(BadUsage(format!(
            "--from and --to are both {from}, so the period is empty: --to is the first instant \
             after the period; for a day write --from 2026-01-31 --to 2026-02-01"
        ))),
        Some((from, to)) if from > to => Err(BadUsage(format!(
            "--from {from} is after --to {to}, so the period is empty: swap them, or omit \
             one"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_need_an_offset_and_dates_are_utc() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                parse(text).ok().map(|t| t.to_string()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("2026-01-31T03:00:00+05:00", Some("2026-01-30T22:00:00Z"));
        check("2026-01-31T03:00:00Z", Some("2026-01-31T03:00:00Z"));
        check("2026-01-31", Some("2026-01-31T00:00:00Z"));
        check("2026-01-31T03:00:00", None);
        check("yesterday", None);
    }
}
