//! The service day of an instant, without a database. The SQL function `service_day` gives the same
//! result.

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

/// How service days are defined in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDayRule {
    /// First instant at which it holds; `None`: it always did.
    pub from: Option<UnixMicroseconds>,
    /// First instant at which it no longer holds; `None`: it has no end.
    pub to: Option<UnixMicroseconds>,
    /// The depot of the rule; `None` is the default.
    pub depot: Option<String>,
    /// The zone whose clock defines the days.
    pub zone: TimeZone,
    /// Hour of that clock at which a day begins, 0 to 23.
    pub cut_over_hour: i8,
}

impl ServiceDayRule {
    /// The service day: the date of the zone's clock, [`cut_over_hour`](Self::cut_over_hour) hours
    /// earlier on that clock.
    pub fn day(&self, at: UnixMicroseconds) -> Date {
        self.day_of(timestamp(at))
    }

    /// The first instant after `at` of another service day, even after the rule ends; `None` in the
    /// year 9999.
    ///
    /// A day may have 23 or 25 hours. If the clock is set forward past the cut-over, the day begins
    /// at that instant. If it is set back to before the cut-over, the day before continues.
    pub fn next_cut_over(&self, at: UnixMicroseconds) -> Option<UnixMicroseconds> {
        let mut from = timestamp(at);
        let day = self.day_of(from);
        let next = day.tomorrow().ok()?.at(self.cut_over_hour, 0, 0, 0);
        let mut transitions = self.zone.following(from);
        loop {
            // The clock runs evenly up to the next transition.
            let cut_over = self.zone.to_offset(from).to_timestamp(next).ok();
            let transition = transitions.next().map(|transition| transition.timestamp());
            // This makes progress, whatever the zone contains.
            let transition = transition.filter(|until| *until > from);
            match (cut_over, transition) {
                (Some(cut_over), None) => return Some(cut_over.into()),
                (Some(cut_over), Some(until)) if cut_over < until => return Some(cut_over.into()),
                (_, Some(until)) if self.day_of(until) != day => return Some(until.into()),
                (_, Some(until)) => from = until,
                (None, None) => return None,
            }
        }
    }

    fn day_of(&self, at: Timestamp) -> Date {
        let cut_over: Span = self.cut_over_hour.hours();
        self.zone.to_datetime(at).saturating_sub(cut_over).date()
    }
}

/// The rules of one vehicle in order, without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDayRules(Vec<ServiceDayRule>);

impl Default for ServiceDayRules {
    /// The rule of a new database for vehicles without a depot.
    fn default() -> Self {
        Self(vec![ServiceDayRule {
            from: None,
            to: None,
            depot: None,
            zone: TimeZone::UTC,
            cut_over_hour: 3,
        }])
    }
}

impl ServiceDayRules {
    /// The rules, if they are in order, cover all time, and leave no gap.
    pub fn new(rules: Vec<ServiceDayRule>) -> Option<Self> {
        let is_whole = rules.first()?.from.is_none()
            && rules.last()?.to.is_none()
            && rules
                .windows(2)
                .all(|pair| pair[0].to.is_some() && pair[0].to == pair[1].from);
        let is_ascending = rules
            .iter()
            .all(|rule| rule.from.zip(rule.to).is_none_or(|(from, to)| from < to));
        (is_whole && is_ascending).then_some(Self(rules))
    }

    /// The rules, in order.
    pub fn rules(&self) -> &[ServiceDayRule] {
        &self.0
    }

    /// The rule that holds at an instant.
    pub fn rule(&self, at: UnixMicroseconds) -> &ServiceDayRule {
        let later = self
            .0
            .partition_point(|rule| rule.from.is_none_or(|from| from <= at));
        // The first rule has no start, so there is always one.
        &self.0[later.saturating_sub(1)]
    }

    /// The service day of an instant.
    pub fn day(&self, at: UnixMicroseconds) -> Date {
        self.rule(at).day(at)
    }

    /// The first instant after `at` of another service day, or of another rule. A day is cut where
    /// its rule changes too, so that its figures do not depend on when they are computed.
    pub fn next_cut_over(&self, at: UnixMicroseconds) -> Option<UnixMicroseconds> {
        let rule = self.rule(at);
        match (rule.next_cut_over(at), rule.to) {
            (Some(next), Some(to)) => Some(next.min(to)),
            (next, to) => next.or(to),
        }
    }
}

/// Instants come from the database, where the queue accepts only years 1 to 9999.
fn timestamp(at: UnixMicroseconds) -> Timestamp {
    at.timestamp().unwrap_or(if at.0 < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(zone: &str, cut_over_hour: i8) -> ServiceDayRule {
        ServiceDayRule {
            from: None,
            to: None,
            depot: None,
            zone: TimeZone::get(zone).unwrap(),
            cut_over_hour,
        }
    }

    fn at(text: &str) -> UnixMicroseconds {
        text.parse::<Timestamp>().unwrap().into()
    }

    /// Instant, its day, and the next cut-over.
    fn check(zone: &str, cut_over_hour: i8, cases: &[(&str, &str, &str)]) {
        let rule = rule(zone, cut_over_hour);
        for (instant, day, next) in cases {
            let instant = at(instant);
            assert_eq!(rule.day(instant).to_string(), *day, "{zone} {instant}");
            let found = rule.next_cut_over(instant).unwrap();
            assert_eq!(found, at(next), "{zone} {instant}: {found}");
        }
    }

    #[test]
    fn astanas_leap_day_of_2024_has_25_hours() {
        // From UTC+6 to UTC+5 at midnight before the first of March.
        check(
            "Asia/Almaty",
            3,
            &[
                (
                    "2024-02-28T20:59:59.999999Z",
                    "2024-02-28",
                    "2024-02-28T21:00:00Z",
                ),
                ("2024-02-28T21:00:00Z", "2024-02-29", "2024-02-29T22:00:00Z"),
                ("2024-02-29T17:59:59Z", "2024-02-29", "2024-02-29T22:00:00Z"),
                ("2024-02-29T18:00:00Z", "2024-02-29", "2024-02-29T22:00:00Z"),
                (
                    "2024-02-29T21:59:59.999999Z",
                    "2024-02-29",
                    "2024-02-29T22:00:00Z",
                ),
                ("2024-02-29T22:00:00Z", "2024-03-01", "2024-03-01T22:00:00Z"),
            ],
        );
        // Cut at midnight: 23:00 to 24:00 comes twice and belongs to the old day both times.
        check(
            "Asia/Almaty",
            0,
            &[
                ("2024-02-29T17:30:00Z", "2024-02-29", "2024-02-29T19:00:00Z"),
                ("2024-02-29T18:30:00Z", "2024-02-29", "2024-02-29T19:00:00Z"),
                ("2024-02-29T19:00:00Z", "2024-03-01", "2024-03-01T19:00:00Z"),
            ],
        );
        // Cut at 23: the new day has begun before 23:00 comes again.
        check(
            "Asia/Almaty",
            23,
            &[
                ("2024-02-29T16:59:59Z", "2024-02-28", "2024-02-29T17:00:00Z"),
                ("2024-02-29T17:00:00Z", "2024-02-29", "2024-03-01T18:00:00Z"),
            ],
        );
    }

    #[test]
    fn days_follow_the_clock_into_summer_and_back() {
        // Forward over the cut-over at 02:00: the day begins at 03:00, at 01:00 UTC.
        check(
            "Europe/Oslo",
            2,
            &[
                ("2026-03-29T00:59:59Z", "2026-03-28", "2026-03-29T01:00:00Z"),
                ("2026-03-29T01:00:00Z", "2026-03-29", "2026-03-30T00:00:00Z"),
            ],
        );
        check(
            "Europe/Oslo",
            3,
            &[
                ("2026-03-28T02:00:00Z", "2026-03-28", "2026-03-29T01:00:00Z"),
                ("2026-10-24T01:00:00Z", "2026-10-24", "2026-10-25T02:00:00Z"),
            ],
        );
        check(
            "UTC",
            3,
            &[("2026-10-25T02:59:59Z", "2026-10-24", "2026-10-25T03:00:00Z")],
        );
    }

    #[test]
    fn a_date_that_a_country_skipped_is_short() {
        // Samoa went from the 29th to the 31st of December 2011 at 10:00 UTC.
        check(
            "Pacific/Apia",
            3,
            &[
                ("2011-12-30T09:59:59Z", "2011-12-29", "2011-12-30T10:00:00Z"),
                ("2011-12-30T10:00:00Z", "2011-12-30", "2011-12-30T13:00:00Z"),
                ("2011-12-30T13:00:00Z", "2011-12-31", "2011-12-31T13:00:00Z"),
            ],
        );
    }

    #[test]
    fn a_vehicle_that_moves_changes_its_rule_at_that_instant() {
        let moved = at("2026-01-10T12:00:00Z");
        let rules = ServiceDayRules::new(vec![
            ServiceDayRule {
                to: Some(moved),
                ..rule("UTC", 3)
            },
            ServiceDayRule {
                from: Some(moved),
                ..rule("Asia/Almaty", 3)
            },
        ])
        .unwrap();
        let last = at("2026-01-10T11:59:59.999999Z");
        assert_eq!(rules.rule(last).cut_over_hour, 3);
        assert_eq!(rules.next_cut_over(last), Some(moved));
        assert_eq!(rules.next_cut_over(moved), Some(at("2026-01-10T22:00:00Z")));
        assert_eq!(
            rules.day(at("2026-01-10T02:00:00Z")).to_string(),
            "2026-01-09"
        );
        assert_eq!(
            rules.day(at("2026-01-10T22:00:00Z")).to_string(),
            "2026-01-11"
        );
    }

    #[test]
    fn rules_with_a_gap_are_refused() {
        let early = ServiceDayRule {
            to: Some(at("2026-01-01T00:00:00Z")),
            ..rule("UTC", 3)
        };
        let late = ServiceDayRule {
            from: Some(at("2026-01-02T00:00:00Z")),
            ..rule("UTC", 3)
        };
        assert!(ServiceDayRules::new(vec![early.clone(), late.clone()]).is_none());
        assert!(ServiceDayRules::new(vec![early]).is_none());
        assert!(ServiceDayRules::new(vec![late]).is_none());
        assert!(ServiceDayRules::new(vec![]).is_none());
        assert!(ServiceDayRules::new(vec![rule("UTC", 3)]).is_some());
    }

    proptest! {
        #[test]
        fn the_time_between_two_cut_overs_is_one_day(
            zone in prop::sample::select(&[
                "Asia/Almaty", "Europe/Oslo", "Europe/Lisbon", "America/New_York",
                "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "UTC",
            ][..]),
            hour in 0_i8..24,
            microsecond in 946_684_800_000_000_i64..4_102_444_800_000_000,
            share in 0.0..1.0_f64,
        ) {
            let rule = rule(zone, hour);
            let start = UnixMicroseconds(microsecond);
            let end = rule.next_cut_over(start).unwrap();
            let length = end.0 - start.0;
            prop_assert!(length > 0 && length <= 25 * 3_600_000_000, "{} µs", length);
            let within = start.plus((length as f64 * share) as i64);
            prop_assert_eq!(rule.day(within), rule.day(start));
            prop_assert_eq!(rule.day(end.plus(-1)), rule.day(start));
            // Samoa skipped a date.
            let follows = rule.day(end) == rule.day(start).tomorrow().unwrap();
            prop_assert!(follows || zone == "Pacific/Apia" && rule.day(end) > rule.day(start));
        }
    }
}
