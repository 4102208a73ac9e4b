//! Instants: microseconds since 1970-01-01T00:00:00Z. The database has the same resolution, so no stage
//! rounds a value.

use std::fmt;

use jiff::Timestamp;

/// Microseconds in an hour.
pub const HOUR_MICROSECONDS: i64 = 3_600_000_000;

/// Microseconds in a day of 24 hours.
pub const DAY_MICROSECONDS: i64 = 24 * HOUR_MICROSECONDS;

/// Microseconds since 1970-01-01T00:00:00Z, negative before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMicroseconds(pub i64);

impl UnixMicroseconds {
    /// The time of the machine's clock.
    pub fn now() -> Self {
        Self(Timestamp::now().as_microsecond())
    }

    /// Seconds from `earlier` to `self`.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        // The difference is exact; only the quotient is rounded.
        self.0.saturating_sub(earlier.0) as f64 / 1e6
    }

    /// The start of the UTC hour of the instant.
    pub fn hour(self) -> Self {
        Self(
            self.0
                .div_euclid(HOUR_MICROSECONDS)
                .saturating_mul(HOUR_MICROSECONDS),
        )
    }

    /// The instant `microseconds` later, or the end of the range if that is earlier.
    pub fn plus(self, microseconds: i64) -> Self {
        Self(self.0.saturating_add(microseconds))
    }

    /// The instant as a calendar time; `None` outside the years −9999 to 9999.
    pub fn timestamp(self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.0).ok()
    }
}

impl From<Timestamp> for UnixMicroseconds {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

impl fmt::Display for UnixMicroseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp() {
            Some(timestamp) => timestamp.fmt(f),
            None => write!(f, "{} µs", self.0),
        }
    }
}

impl fmt::Debug for UnixMicroseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_rounded_down_before_1970_too() {
        assert_eq!(
            UnixMicroseconds(HOUR_MICROSECONDS + 1).hour().0,
            HOUR_MICROSECONDS
        );
        assert_eq!(UnixMicroseconds(-1).hour().0, -HOUR_MICROSECONDS);
        assert_eq!(UnixMicroseconds(0).hour().0, 0);
    }
}
