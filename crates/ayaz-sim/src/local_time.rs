//! Local time of Astana, for timetables and temperatures.
//!
//! UTC+6 until 2024-02-29T18:00Z and UTC+5 since. The offsets are constants, so that a simulation does not
//! depend on the time zone database of the machine.

use ayaz_model::UnixMicroseconds;
use jiff::Span;
use jiff::civil::{Date, date};

/// Seconds in a day.
pub(crate) const DAY_SECONDS: i64 = 86_400;

/// When clocks went back an hour: 2024-02-29T18:00Z, s since 1970.
const CHANGE_SECONDS: i64 = 1_709_229_600;

/// The hour at which a service day begins. Buses that return after midnight belong to the day before.
pub(crate) const SERVICE_DAY_FROM_HOUR: f64 = 3.0;

/// 2024-03-01 in days since 1970: the first whole day in UTC+5.
const CHANGE_DAY: i64 = 19_783;

/// Seconds since 1970-01-01T00:00 on the local clock.
pub(crate) fn local_seconds(at: UnixMicroseconds) -> f64 {
    let offset = if at.0.div_euclid(1_000_000) < CHANGE_SECONDS {
        6.0
    } else {
        5.0
    };
    at.0 as f64 / 1e6 + offset * 3600.0
}

/// Days since 1970-01-01 on the local calendar.
pub(crate) fn local_day(at: UnixMicroseconds) -> i64 {
    (local_seconds(at) / DAY_SECONDS as f64).floor() as i64
}

/// Hours since local midnight, 0 to 24.
pub(crate) fn local_hour(at: UnixMicroseconds) -> f64 {
    local_seconds(at).rem_euclid(DAY_SECONDS as f64) / 3600.0
}

/// The instant at which the local clock of `day` (days since 1970) shows `hour` (0 to 24).
pub(crate) fn instant(day: i64, hour: f64) -> UnixMicroseconds {
    let offset = if day < CHANGE_DAY { 6 } else { 5 };
    let seconds = day.saturating_mul(DAY_SECONDS) + (hour * 3600.0).round() as i64 - offset * 3600;
    UnixMicroseconds(seconds.saturating_mul(1_000_000))
}

/// The service day of an instant: the local day, cut at [`SERVICE_DAY_FROM_HOUR`].
pub(crate) fn service_day(at: UnixMicroseconds) -> Date {
    let seconds = local_seconds(at) - SERVICE_DAY_FROM_HOUR * 3600.0;
    let day = (seconds / DAY_SECONDS as f64).floor() as i64;
    // Outside of the calendar's range this returns one day and does not panic.
    Span::new()
        .try_days(day)
        .and_then(|days| date(1970, 1, 1).checked_add(days))
        .unwrap_or(Date::MAX)
}

/// When the service day of an instant ends and the next one begins.
pub(crate) fn service_day_end(at: UnixMicroseconds) -> UnixMicroseconds {
    instant(day_number(service_day(at)) + 1, SERVICE_DAY_FROM_HOUR)
}

/// The day in days since 1970.
pub(crate) fn day_number(day: Date) -> i64 {
    // `until` in days cannot fail: it counts days between two civil dates.
    date(1970, 1, 1)
        .until(day)
        .map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn service_days_begin_at_three_before_and_after_the_change_of_the_offset() {
        for (utc, day) in [
            ("2024-01-14T20:59:59Z", date(2024, 1, 14)),
            ("2024-01-14T21:00:00Z", date(2024, 1, 15)),
            ("2024-02-28T20:59:59Z", date(2024, 2, 28)),
            ("2024-02-28T21:00:00Z", date(2024, 2, 29)),
            ("2024-02-29T21:59:59Z", date(2024, 2, 29)),
            ("2024-02-29T22:00:00Z", date(2024, 3, 1)),
        ] {
            let at = UnixMicroseconds::from(utc.parse::<Timestamp>().unwrap());
            assert_eq!(service_day(at), day, "{utc}");
        }
        let day = date(2024, 3, 1);
        let begins = instant(day_number(day), 3.0);
        assert_eq!(service_day(begins), day);
        assert_eq!(service_day_end(begins.plus(-1)), begins);
        assert!(service_day_end(begins) > begins);
    }

    #[test]
    fn the_offset_changes_on_the_first_of_march_2024() {
        for (utc, day, hour) in [
            ("2024-02-29T17:59:59Z", 19_782, 24.0 - 1.0 / 3600.0),
            ("2024-02-29T18:00:00Z", 19_782, 23.0),
            ("2024-02-29T19:00:00Z", 19_783, 0.0),
            ("2024-01-15T00:00:00Z", 19_737, 6.0),
            ("2025-01-15T00:00:00Z", 20_103, 5.0),
        ] {
            let at = UnixMicroseconds::from(utc.parse::<Timestamp>().unwrap());
            assert_eq!(local_day(at), day, "{utc}");
            assert!(
                (local_hour(at) - hour).abs() < 1e-6,
                "{utc}: {}",
                local_hour(at)
            );
        }
        assert_eq!(instant(19_737, 6.0).to_string(), "2024-01-15T00:00:00Z");
        assert_eq!(instant(20_103, 5.0).to_string(), "2025-01-15T00:00:00Z");
    }
}
