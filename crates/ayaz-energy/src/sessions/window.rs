//! The time in which sessions are assembled again after hours have changed.

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::{DAY_MICROSECONDS, HOUR_MICROSECONDS};

use super::head::SessionHead;
use crate::activity::Activity;

/// Neither a stay nor a trip continues over a longer time without one of its samples, silent or on
/// a plug, µs.
pub const GAP_MICROSECONDS_MAX: i64 = DAY_MICROSECONDS;

/// A block that has lasted this long at the start of a UTC day is cut there, µs.
pub const LONG_MICROSECONDS: i64 = 3 * DAY_MICROSECONDS;

/// A cut this long after the changed hours does not change, µs: there is a sample less than
/// [`GAP_MICROSECONDS_MAX`] after the start of the day, and a bound that moved into the
/// [`LONG_MICROSECONDS`] before it is at most that long after the hours.
pub const CUT_REACH_MICROSECONDS: i64 = LONG_MICROSECONDS + 2 * GAP_MICROSECONDS_MAX;

/// The time in which sessions are assembled again: from the start of the block before the changed
/// hours to the first block after them whose start cannot change. `None`: there is no such block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// Sessions that begin earlier do not change.
    pub from: Option<UnixMicroseconds>,
    /// Whether the first block was cut off from the one before it.
    pub is_cut_before: bool,
    /// Whether that block holds a trip that continued after a plug with the key on and may have
    /// been cut there. Its first trip then belongs to the block before.
    pub is_on_trip: bool,
    /// Sessions that begin later do not change.
    pub to: Option<UnixMicroseconds>,
    /// Start of the first later session, if it was cut off from the window's last one.
    pub goes_on_at: Option<UnixMicroseconds>,
}

/// How many blocks that begin before the hours [`Window::find`] needs: the last one; the one before
/// it, to which it may belong; and one more, from which that one may have been cut off.
pub const BLOCKS_BEFORE: u32 = 3;

impl Window {
    /// The window of the hours from `from` to before `to`, whose buckets have changed.
    ///
    /// `heads` are the sessions before the change, sorted by start and number: at least those of
    /// the last [`BLOCKS_BEFORE`] blocks that begin before `from`, and some of those that begin
    /// later. `None` means that more of the later ones are needed. If `is_all`, there are no more,
    /// and the result is never `None`.
    pub fn find(
        (from, to): (UnixMicroseconds, UnixMicroseconds),
        heads: &[SessionHead],
        is_all: bool,
    ) -> Option<Self> {
        let next = next_block(heads, to);
        if next.is_none() && !is_all {
            return None;
        }
        // Blocks do not overlap, so no block before this one touches the hours.
        let last = block_before(heads, from);
        let first = last.map(|at| first_block(heads, at));
        let later_ends = heads.iter().map(|head| head.ended_at);
        Some(Self {
            from: first,
            is_cut_before: first.is_some_and(|at| is_cut_off(heads, at)),
            is_on_trip: first
                .zip(last)
                .is_some_and(|(first, last)| has_trip(heads, first, last)),
            to: match next {
                Some(next) => Some(next.at.plus(-1)),
                None => later_ends.filter(|end| *end >= to).max(),
            },
            goes_on_at: next.filter(|next| next.is_cut).map(|next| next.at),
        })
    }

    /// The hours whose buckets are needed, if those from `from` to before `to` changed.
    pub fn hours(
        self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> (UnixMicroseconds, UnixMicroseconds) {
        let first = self.from.map_or(from, |at| at.hour().min(from));
        let end = self
            .to
            .map_or(to, |at| at.hour().plus(HOUR_MICROSECONDS).max(to));
        (first, end)
    }

    /// The first and last instant at which a session of the window can begin, if those hours
    /// changed.
    pub fn begins(
        self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> (UnixMicroseconds, UnixMicroseconds) {
        let (from, to) = self.hours(from, to);
        (self.from.unwrap_or(from), self.to.unwrap_or(to))
    }

    /// Whether a session that begins then is assembled again.
    pub fn holds(self, started_at: UnixMicroseconds) -> bool {
        self.from.is_none_or(|from| started_at >= from) && self.to.is_none_or(|to| started_at <= to)
    }
}

/// Start of the block of the last session that began before `at`.
fn block_before(heads: &[SessionHead], at: UnixMicroseconds) -> Option<UnixMicroseconds> {
    let count = heads.partition_point(|head| head.started_at < at);
    let last = heads.get(count.checked_sub(1)?)?;
    Some(last.block_started_at)
}

/// The first block of the window: the one that began at `last`. If it begins on a plug with the key
/// on, it may become a part of the trip before it. Then the window begins with that trip's block.
fn first_block(heads: &[SessionHead], last: UnixMicroseconds) -> UnixMicroseconds {
    let first_of_block = heads.iter().find(|head| head.started_at == last);
    let is_key_on =
        first_of_block.is_some_and(|of| of.kind != Activity::Trip && of.drive_cycle.is_some());
    let before = is_key_on.then(|| block_before(heads, last)).flatten();
    before.unwrap_or(last)
}

/// Whether a trip began in this time.
fn has_trip(heads: &[SessionHead], from: UnixMicroseconds, to: UnixMicroseconds) -> bool {
    let mut trips = heads.iter().filter(|head| head.kind == Activity::Trip);
    trips.any(|trip| from <= trip.started_at && trip.started_at < to)
}

/// Whether the block that began then was cut off from the one before it: otherwise they do not
/// touch.
fn is_cut_off(heads: &[SessionHead], at: UnixMicroseconds) -> bool {
    let mut ends = heads.iter();
    ends.any(|head| head.ended_at == at && head.block_started_at < at)
}

/// The first block after the hours whose start cannot change.
#[derive(Debug, Clone, Copy)]
struct NextBlock {
    at: UnixMicroseconds,
    /// Whether it was cut off from the block before it.
    is_cut: bool,
}

/// Finds it; `to` is the end of the hours.
fn next_block(heads: &[SessionHead], to: UnixMicroseconds) -> Option<NextBlock> {
    let never = UnixMicroseconds(i64::MIN);
    // The latest end of all sessions before the current one, and of the trips among them.
    let (mut ended_at, mut trip_ended_at) = (never, never);
    for (before, head) in heads.iter().zip(heads.iter().skip(1)) {
        ended_at = ended_at.max(before.ended_at);
        if before.kind == Activity::Trip {
            trip_ended_at = trip_ended_at.max(before.ended_at);
        }
        let at = head.started_at;
        let is_cut = ended_at >= at;
        let is_fixed = if is_cut {
            // It must be out of reach of the hours. If a trip may have continued after a plug with
            // the key on, sessions from before the cut would be needed too.
            let on_trip = head.kind == Activity::Trip && before.kind == Activity::Trip;
            at >= to.plus(CUT_REACH_MICROSECONDS)
                && (on_trip || trip_ended_at < at.plus(-GAP_MICROSECONDS_MAX))
        } else {
            // A drive cycle may be the rest of one in the hours, less than a day ago, if the bus
            // was only on a plug with the key on since.
            head.kind != Activity::Trip
                || head.drive_cycle.is_none()
                || at > to.plus(GAP_MICROSECONDS_MAX)
        };
        // The session that ends last before the block must be known: it ends after the hours.
        if head.block_started_at > before.block_started_at && ended_at >= to && is_fixed {
            return Some(NextBlock { at, is_cut });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::Activity::{Charging, Parking, Trip};

    use super::*;

    const HOUR: i64 = 60;
    const DAY: i64 = 24 * HOUR;

    fn at(minute: i64) -> UnixMicroseconds {
        UnixMicroseconds(minute * 60_000_000)
    }

    /// A session of a block, with its start and end, in minutes.
    fn head(kind: Activity, block: i64, (from, to): (i64, i64), key_on: bool) -> SessionHead {
        SessionHead {
            started_at: at(from),
            number: 0,
            ended_at: at(to),
            kind,
            block_started_at: at(block),
            drive_cycle: key_on.then_some(7),
        }
    }

    /// From, is cut before, is on a trip, to, and start of the next block, in minutes.
    type Found = (Option<i64>, bool, bool, Option<i64>, Option<i64>);

    /// The window of the hour that begins at this minute.
    fn find(hour: i64, heads: &[SessionHead], is_all: bool) -> Option<Found> {
        let minute = |at: UnixMicroseconds| (at.0 + 1) / 60_000_000;
        let hours = (at(hour), at(hour + HOUR));
        let window = Window::find(hours, heads, is_all)?;
        Some((
            window.from.map(minute),
            window.is_cut_before,
            window.is_on_trip,
            window.to.map(minute),
            window.goes_on_at.map(minute),
        ))
    }

    /// Trips without a number and the stays between them, two hours each.
    fn alternating(count: i64) -> Vec<SessionHead> {
        let kind = |index| if index % 2 == 0 { Trip } else { Parking };
        let block = |index| 2 * HOUR * index;
        let of = |index| {
            head(
                kind(index),
                block(index),
                (block(index), block(index) + 115),
                false,
            )
        };
        (0..count).map(of).collect()
    }

    #[test]
    fn a_window_reaches_from_the_block_before_the_hours_to_the_next_fixed_one() {
        let heads = alternating(6);
        assert_eq!(find(0, &[], true), Some((None, false, false, None, None)));
        // The block from 04:00 ends before the hour does, so it may grow into the one from 06:00.
        let of_hour_5 = (Some(4 * HOUR), false, false, Some(8 * HOUR), None);
        assert_eq!(find(5 * HOUR, &heads, true), Some(of_hour_5));
        // A block that begins with the hours may become part of the block before.
        let of_hour_4 = (Some(2 * HOUR), false, false, Some(6 * HOUR), None);
        assert_eq!(find(4 * HOUR, &heads, true), Some(of_hour_4));
        let of_last = (Some(10 * HOUR), false, false, Some(10 * HOUR + 115), None);
        assert_eq!(find(10 * HOUR + 30, &heads, true), Some(of_last));
    }

    #[test]
    fn too_few_heads_ask_for_more_and_further_ones_change_nothing() {
        let heads = alternating(40);
        let whole = find(9 * HOUR, &heads, true);
        assert!(whole.is_some());
        // Three blocks before the hours, and more and more after them.
        for end in 2..40 {
            let found = find(9 * HOUR, &heads[1..end], false);
            assert_eq!(found, whole.filter(|_| end > 6), "{end}");
        }
        assert_eq!(find(9 * HOUR, &heads[2..], false), whole);
    }

    #[test]
    fn a_plug_with_the_key_on_includes_the_trip_before_it() {
        let heads = |key_on| {
            vec![
                head(Parking, 0, (0, 50), false),
                head(Trip, 60, (60, 100), true),
                head(Charging, 101, (101, 400), key_on),
            ]
        };
        let with_trip = (Some(60), false, true, Some(400), None);
        assert_eq!(find(5 * HOUR, &heads(true), true), Some(with_trip));
        let alone = (Some(101), false, false, Some(400), None);
        assert_eq!(find(5 * HOUR, &heads(false), true), Some(alone));
    }

    #[test]
    fn a_drive_cycle_within_a_day_may_be_the_rest_of_one_in_the_hours() {
        for (start, stays) in [
            (DAY, false),
            (DAY + 2 * HOUR, false),
            (DAY + 2 * HOUR + 1, true),
        ] {
            let heads = [
                head(Parking, 0, (0, 2 * HOUR), true),
                head(Trip, start, (start, start + 30), true),
            ];
            let to = if stays { start } else { start + 30 };
            let expected = (Some(0), false, false, Some(to), None);
            assert_eq!(find(HOUR, &heads, true), Some(expected), "{start}");
        }
    }

    #[test]
    fn cuts_five_days_after_the_hours_are_fixed() {
        // Parked for two weeks: from the third day on, each day is a block of its own.
        let stays = |kind| -> Vec<SessionHead> {
            let ends = (3..14).map(|day| (DAY * day, DAY * (day + 1)));
            let first = head(kind, 0, (0, 3 * DAY), true);
            let days = ends.map(|(from, to)| head(kind, from, (from, to), true));
            [first].into_iter().chain(days).collect()
        };
        let hour = 5 * DAY + HOUR;
        for kind in [Parking, Trip] {
            let on_trip = kind == Trip;
            let found = find(hour, &stays(kind), true).expect("all of it is there");
            // On the plug with the key on, the block before is needed too.
            let from = if on_trip { 5 * DAY } else { 4 * DAY };
            let to = 11 * DAY;
            assert_eq!(
                found,
                (Some(from), true, false, Some(to), Some(to)),
                "{kind:?}"
            );
        }
        // A trip less than a day before a cut might have continued after it.
        let mut heads = stays(Parking);
        let trip = (11 * DAY - 2 * HOUR, 11 * DAY - HOUR);
        heads.insert(9, head(Trip, 10 * DAY, trip, true));
        heads.sort_by_key(|head| head.started_at);
        let to = 12 * DAY;
        let expected = (Some(4 * DAY), true, false, Some(to), Some(to));
        assert_eq!(find(hour, &heads, true), Some(expected));
    }
}
