//! The service day of each instant of one vehicle.

mod rules;
mod zone;

pub use rules::{ServiceDayRule, ServiceDayRules};
pub use zone::{ZoneOffset, zone};

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

/// Every sample needs its day, so the last answer is kept while it is valid.
#[derive(Debug, Clone)]
pub struct ServiceDays {
    rules: ServiceDayRules,
    known: Option<Known>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    day: Date,
    from: UnixMicroseconds,
    to: UnixMicroseconds,
}

impl ServiceDays {
    /// Uses these rules.
    pub fn new(rules: ServiceDayRules) -> Self {
        Self { rules, known: None }
    }

    /// The service day that holds the instant.
    pub fn day(&mut self, at: UnixMicroseconds) -> Date {
        if let Some(known) = self.known
            && known.from <= at
            && at < known.to
        {
            return known.day;
        }
        let day = self.rules.day(at);
        let to = self.rules.next_cut_over(at);
        let to = to.unwrap_or(UnixMicroseconds(i64::MAX));
        // Earlier instants are computed again. They are rare, because samples are in the order of
        // time.
        self.known = Some(Known { day, from: at, to });
        day
    }
}

impl Default for ServiceDays {
    /// UTC, from 03:00.
    fn default() -> Self {
        Self::new(ServiceDayRules::default())
    }
}
