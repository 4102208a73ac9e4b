//! How much of each service day is accounted for, from the sessions around it.
//!
//! A day with ten minutes of readings is not complete, even if none of them is missing. Accounted
//! time is **active** (measured on trips, at charging and at conditioning) or **still**: parking
//! sessions, in which a device may sleep, and silence between two sessions if the odometer did not
//! move. Nothing is known of the rest of the day.
//!
//! A day counts for a vehicle if the vehicle drove, charged, conditioned or parked on it. The last
//! readings of a trip or a stay that began before the cut-over do not make a day: such a day **is
//! rest** ([`REST_MICROSECONDS_MAX`]). But if the odometer has moved by the next session, the
//! vehicle may have driven on that day, so nothing is known of it.

mod time;

pub use time::{DayTime, SessionSpan};

use std::collections::BTreeMap;

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::DAY_MICROSECONDS;
use jiff::civil::Date;

use crate::activity::Activity;
use crate::exact;
use crate::interval::INTERVAL_MICROSECONDS_MAX;
use crate::service_days::ServiceDayRules;
use crate::sessions::UNSEEN_KM_MAX;

/// Longest silence that counts as still, whatever the odometer says, µs. It covers a weekend, and
/// it bounds how far late data changes days.
pub const STILL_MICROSECONDS_MAX: i64 = 3 * DAY_MICROSECONDS;

/// A session that began before the cut-over and ends at most this long after it makes no day, µs:
/// one or two readings, however seldom they come.
pub const REST_MICROSECONDS_MAX: i64 = 2 * INTERVAL_MICROSECONDS_MAX;

/// From and to.
pub type Span = (UnixMicroseconds, UnixMicroseconds);

/// Extends a time to the whole service days that it touches.
pub fn whole_days(time: Span, rules: &ServiceDayRules) -> Span {
    let days = days(time, rules);
    let first = days.values().map(|(from, _)| *from).min();
    let last = days.values().map(|(_, to)| *to).max();
    (
        first.map_or(time.0, |first| first.min(time.0)),
        last.map_or(time.1, |last| last.max(time.1)),
    )
}

/// The days of a time that [`whole_days`] returned. `sessions`, by their start, are those that touch it
/// and their neighbours. Days of which nothing is known are omitted.
pub fn account(whole: Span, sessions: &[SessionSpan], rules: &ServiceDayRules) -> Vec<DayTime> {
    // The end of a day is the start of the next one.
    let days = days((whole.0, whole.1.plus(-1)), rules);
    let mut times: BTreeMap<Date, DayTime> = days
        .iter()
        .map(|(day, (started_at, ended_at))| {
            let time = DayTime {
                service_day: *day,
                started_at: *started_at,
                ended_at: *ended_at,
                active_seconds: 0.0,
                still_seconds: 0.0,
                is_rest: false,
            };
            (*day, time)
        })
        .collect();
    let mut last: Option<&SessionSpan> = None;
    for session in sessions {
        if let Some(last) = last
            && is_still(last, session)
        {
            spread(
                &mut times,
                (last.ended_at, session.started_at),
                |time, s| {
                    time.still_seconds += exact::coarse(s);
                },
            );
        }
        if last.is_none_or(|last| last.ended_at <= session.ended_at) {
            last = Some(session);
        }
        let span = (session.started_at, session.ended_at);
        if session.kind == Activity::Parking {
            spread(&mut times, span, |time, s| {
                time.still_seconds += exact::coarse(s);
            });
        } else {
            let duration = session.ended_at.seconds_since(session.started_at);
            // A session of a single sample has measured nothing.
            let share = if duration > 0.0 {
                (session.seconds / duration).min(1.0)
            } else {
                0.0
            };
            spread(&mut times, span, |time, s| {
                time.active_seconds += exact::coarse(s * share);
            });
        }
    }
    for time in times.values_mut() {
        time.is_rest = is_rest(time, sessions);
    }
    times
        .into_values()
        .filter(|time| time.active_seconds > 0.0 || time.still_seconds > 0.0 || time.is_rest)
        .collect()
}

/// Whether a day has only the last readings of a session that began before it. The seconds of the
/// day are set.
fn is_rest(day: &DayTime, sessions: &[SessionSpan]) -> bool {
    let (from, to) = (day.started_at, day.ended_at);
    let before = sessions.iter().filter(|session| session.started_at < from);
    let Some(last) = before.max_by_key(|session| session.ended_at) else {
        return false;
    };
    // The cut-over itself belongs to the new day.
    let is_touched = last.ended_at >= from && last.ended_at <= from.plus(REST_MICROSECONDS_MAX);
    let next = sessions.iter().find(|session| session.started_at >= from);
    let next = match next {
        Some(next) if next.started_at < to => return false,
        next => next,
    };
    let stood_all_day = day.still_seconds > day_seconds(REST_MICROSECONDS_MAX);
    is_touched && !stood_all_day && !next.is_some_and(|next| has_driven(last, next))
}

fn day_seconds(microseconds: i64) -> f64 {
    UnixMicroseconds(microseconds).seconds_since(UnixMicroseconds(0))
}

/// Whether the odometer moved between two sessions; `false` where it is not known.
fn has_driven(before: &SessionSpan, after: &SessionSpan) -> bool {
    let odometers = before.odometer_end_km.zip(after.odometer_start_km);
    odometers.is_some_and(|(before, after)| (after - before).abs() > UNSEEN_KM_MAX)
}

/// Whether the vehicle stood between two sessions.
fn is_still(before: &SessionSpan, after: &SessionSpan) -> bool {
    let silence = after.started_at.0.saturating_sub(before.ended_at.0);
    let odometers = before.odometer_end_km.zip(after.odometer_start_km);
    (1..=STILL_MICROSECONDS_MAX).contains(&silence)
        && odometers.is_some_and(|(before, after)| (after - before).abs() <= UNSEEN_KM_MAX)
}

/// Gives each day its seconds of a span.
fn spread(times: &mut BTreeMap<Date, DayTime>, span: Span, add: impl Fn(&mut DayTime, f64)) {
    for time in times.values_mut() {
        let from = span.0.max(time.started_at);
        let to = span.1.min(time.ended_at);
        if from < to {
            add(time, to.seconds_since(from));
        }
    }
}

/// Every service day that a time touches, with its bounds.
fn days((from, to): Span, rules: &ServiceDayRules) -> BTreeMap<Date, Span> {
    let mut days: BTreeMap<Date, Span> = BTreeMap::new();
    // Days have at most 25 hours, or a few more when the zone changes.
    let mut at = from.plus(-2 * DAY_MICROSECONDS);
    // The start of the search is not a bound of a day.
    while let Some(next) = rules.next_cut_over(at).filter(|next| *next <= to) {
        let end = rules.next_cut_over(next);
        let end = end.unwrap_or(UnixMicroseconds(i64::MAX));
        let span = days.entry(rules.day(next)).or_insert((next, end));
        span.1 = end;
        at = next;
    }
    days.retain(|_, (_, end)| *end > from);
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    /// UTC, days from 03:00. Hours count from the start of a day.
    fn at(hour: f64) -> UnixMicroseconds {
        UnixMicroseconds(20_000 * DAY_MICROSECONDS + 3 * HOUR + (hour * HOUR as f64) as i64)
    }

    fn session(kind: Activity, hours: (f64, f64), share: f64, km: (f64, f64)) -> SessionSpan {
        SessionSpan {
            kind,
            started_at: at(hours.0),
            ended_at: at(hours.1),
            seconds: (hours.1 - hours.0) * 3_600.0 * share,
            odometer_start_km: Some(km.0),
            odometer_end_km: Some(km.1),
        }
    }

    /// Active and still hours of the days that the sessions touch.
    fn hours(sessions: &[SessionSpan]) -> Vec<(f64, f64)> {
        let rules = ServiceDayRules::default();
        let changed = (sessions[0].started_at, sessions.last().unwrap().ended_at);
        account(whole_days(changed, &rules), sessions, &rules)
            .iter()
            .map(|time| {
                let hour = |seconds: f64| (seconds / 36.0).round() / 100.0;
                assert_eq!(time.ended_at.seconds_since(time.started_at), 86_400.0);
                (hour(time.active_seconds), hour(time.still_seconds))
            })
            .collect()
    }

    #[test]
    fn measured_and_still_time_is_accounted_for() {
        use Activity::{Charging, Parking, Trip};
        // Ten minutes of readings are not a full day.
        assert_eq!(
            hours(&[session(Trip, (3.0, 3.25), 1.0, (0.0, 5.0))]),
            [(0.25, 0.0)]
        );
        // A dead zone on a trip is missing; a parked bus may sleep.
        let day = [
            session(Parking, (0.0, 3.0), 0.1, (0.0, 0.0)),
            session(Trip, (3.0, 13.0), 0.8, (0.0, 200.0)),
            session(Charging, (13.0, 20.0), 1.0, (200.0, 200.0)),
        ];
        assert_eq!(hours(&day), [(15.0, 3.0)]);
        // Silence is still time if the odometer did not move.
        let gap = |km| {
            [
                session(Trip, (0.0, 2.0), 1.0, (0.0, 40.0)),
                session(Trip, (8.0, 10.0), 1.0, (km, km + 40.0)),
            ]
        };
        assert_eq!(hours(&gap(40.2)), [(4.0, 6.0)]);
        assert_eq!(hours(&gap(60.0)), [(4.0, 0.0)]);
        let mut unknown = gap(40.0);
        unknown[1].odometer_start_km = None;
        assert_eq!(hours(&unknown), [(4.0, 0.0)]);
    }

    #[test]
    fn a_night_belongs_to_both_days() {
        use Activity::{Parking, Trip};
        let night = [
            session(Parking, (-4.0, 2.0), 1.0, (0.0, 0.0)),
            session(Trip, (23.0, 25.0), 1.0, (0.0, 30.0)),
        ];
        assert_eq!(hours(&night), [(0.0, 4.0), (1.0, 23.0), (1.0, 0.0)]);
    }

    #[test]
    fn the_last_readings_of_a_session_make_no_day() {
        use Activity::{Charging, Parking, Trip};
        let minute = 1.0 / 60.0;
        let rests = |sessions: &[SessionSpan]| -> Vec<bool> {
            let rules = ServiceDayRules::default();
            let changed = (sessions[0].started_at, sessions.last().unwrap().ended_at);
            let days = account(whole_days(changed, &rules), sessions, &rules);
            days.iter().map(|day| day.is_rest).collect()
        };
        let until = |kind, end| session(kind, (20.0, end), 1.0, (0.0, 0.0));
        let next = |start, km| session(Trip, (start, start + 1.0), 1.0, (km, km + 20.0));
        for kind in [Parking, Charging, Trip] {
            // A reading at the cut-over, or two a minute apart.
            for end in [24.0, 24.0 + minute, 24.0 + 2.0 * minute] {
                assert_eq!(rests(&[until(kind, end)]), [false, true], "{kind:?} {end}");
            }
            assert_eq!(rests(&[until(kind, 24.0 + 3.0 * minute)]), [false, false]);
            assert_eq!(rests(&[until(kind, 24.0 - minute)]), [false]);
        }
        // Used on that day.
        assert_eq!(
            rests(&[until(Parking, 24.0), next(25.0, 0.0)]),
            [false, false]
        );
        // Stood all day, by its odometer.
        assert_eq!(rests(&[until(Parking, 24.0), next(50.0, 0.0)]), [false; 3]);
        // Silent too long, or without an odometer.
        assert_eq!(
            rests(&[until(Parking, 24.0), next(100.0, 0.0)]),
            [false, true, false]
        );
        let mut unknown = next(50.0, 0.0);
        unknown.odometer_start_km = None;
        assert_eq!(
            rests(&[until(Parking, 24.0), unknown]),
            [false, true, false]
        );
    }

    #[test]
    fn nothing_is_known_of_a_day_on_which_it_may_have_driven() {
        use Activity::{Parking, Trip};
        let sessions = [
            session(Parking, (20.0, 24.0), 1.0, (0.0, 0.0)),
            session(Trip, (50.0, 51.0), 1.0, (80.0, 100.0)),
        ];
        let rules = ServiceDayRules::default();
        let days = account(whole_days((at(20.0), at(51.0)), &rules), &sessions, &rules);
        // The first and the third. Nothing is known of the second, and it is no rest.
        assert_eq!(days.len(), 2, "{days:#?}");
        assert!(days.iter().all(|day| !day.is_rest), "{days:#?}");
    }

    #[test]
    fn a_long_silence_is_not_known_to_be_still() {
        use Activity::Trip;
        let apart = |hours: f64| {
            [
                session(Trip, (0.0, 1.0), 1.0, (0.0, 40.0)),
                session(Trip, (1.0 + hours, 2.0 + hours), 1.0, (40.0, 60.0)),
            ]
        };
        assert_eq!(
            hours(&apart(72.0)),
            [(1.0, 23.0), (0.0, 24.0), (0.0, 24.0), (1.0, 1.0)]
        );
        assert_eq!(hours(&apart(72.1)), [(1.0, 0.0), (1.0, 0.0)]);
    }
}
