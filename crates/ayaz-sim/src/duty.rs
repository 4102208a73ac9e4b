//! The working day: a bus leaves between 05:40 and 06:30, has a break around midday, and returns between
//! 22 and 23 h.
//!
//! A function of seed, bus and day, so a simulation can begin on any day at any hour. Shifts have 12 to
//! 14 hours of driving, 220 to 280 km at 17 to 22 km/h.

use ayaz_model::UnixMicroseconds;

use crate::local_time::{instant, local_day};
use crate::noise::{between, hash};

/// The day of the first drive cycle, 2020-01-01, in days since 1970.
const CYCLE_EPOCH_DAY: i64 = 18_262;

/// Drive cycle numbers of a day: more than it has shifts.
const CYCLES_PER_DAY: i64 = 8;

/// The time from key-on until the bus turns to the depot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shift {
    /// When the bus leaves the depot.
    pub(crate) start: UnixMicroseconds,
    /// From this time on, the bus leaves its route for the depot at the next stop.
    pub(crate) end: UnixMicroseconds,
    /// Number of the drive cycle. It depends on the date, so a simulation with another start never uses a
    /// number again for another drive.
    pub(crate) cycle: u32,
    /// Whether the midday break follows, not the night.
    pub(crate) before_break: bool,
}

/// The two shifts of a local day.
fn shifts(seed: u64, index: usize, day: i64) -> [Shift; 2] {
    let bus = |what| hash(&[seed, index as u64, what]);
    let daily = |what| between(hash(&[seed, index as u64, what, day as u64]), -0.05, 0.05);
    let out = between(bus(11), 5.75, 6.4) + daily(21);
    let pause = between(bus(12), 11.2, 12.8) + daily(22);
    // A bus that leaves early has a longer break.
    let resume = pause + between(bus(13), 2.2, 2.8) + 0.7 * (6.4 - out) + daily(23);
    let back = between(bus(14), 21.6, 22.25) + daily(24);
    let number = |k| {
        let cycle = (day - CYCLE_EPOCH_DAY)
            .max(0)
            .saturating_mul(CYCLES_PER_DAY)
            + k;
        u32::try_from(cycle).unwrap_or(u32::MAX)
    };
    let shift = |from, to, k, before_break| Shift {
        start: instant(day, from),
        end: instant(day, to),
        cycle: number(k),
        before_break,
    };
    [shift(out, pause, 0, true), shift(resume, back, 1, false)]
}

/// The shift at an instant, else the next one.
pub(crate) fn shift_at(seed: u64, index: usize, at: UnixMicroseconds) -> Shift {
    let day = local_day(at);
    let today = shifts(seed, index, day);
    today
        .into_iter()
        .find(|shift| at < shift.end)
        .unwrap_or_else(|| shifts(seed, index, day + 1)[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_time::local_hour;

    #[test]
    fn shifts_are_in_order_and_their_numbers_are_unique() {
        for index in 0..50 {
            let mut last = None;
            for day in 19_775..19_800 {
                for shift in shifts(1, index, day) {
                    assert!(shift.start < shift.end);
                    if let Some(Shift { end, cycle, .. }) = last {
                        assert!(
                            shift.start > end && shift.cycle > cycle,
                            "bus {index} day {day}"
                        );
                    }
                    last = Some(shift);
                }
                let [morning, evening] = shifts(1, index, day);
                let hours = |s: Shift| s.end.seconds_since(s.start) / 3600.0;
                assert!((5.6..6.5).contains(&local_hour(morning.start)));
                assert!((21.5..22.35).contains(&local_hour(evening.end)));
                assert!((11.5..14.5).contains(&(hours(morning) + hours(evening))));
            }
        }
    }
}
