//! The service day of each instant of one vehicle.

mod rules;
mod zone;

pub use rules::{ServiceDayRule, ServiceDayRules};
pub use zone::{ZoneOffset, zone};

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

/// Days are asked for with every sample, so the last answer is kept for as long as it holds.
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
    /// By these rules.
    pub fn new(rules: ServiceDayRules) -> Self {
        Self { rules, known: None }
    }

    /// The service day that holds the instant.
    pub fn of(&mut self, at: UnixMicroseconds) -> Date {
        if let Some(known) = self.known
            && known.from <= at
            && at < known.to
        {
            return known.day;
        }
        let day = self.rules.day(at);
        let to = self.rules.next_cut_over(at);
        let to = to.unwrap_or(UnixMicroseconds(i64::MAX));
        // What was before is looked up again when it comes, which is seldom: samples go forward.
        self.known = Some(Known { day, from: at, to });
        day
    }
}

impl Default for ServiceDays {
    /// UTC, from 03:00 on.
    fn default() -> Self {
        Self::new(ServiceDayRules::default())
    }
}
