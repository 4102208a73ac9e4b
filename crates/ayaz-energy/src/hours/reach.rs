//! The readings outside of an hour that it depends on. So late readings cause a refresh of just the
//! hours that they affect.

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;

use crate::hours::HourState;
use crate::interval::INTERVAL_MICROSECONDS_MAX;
use crate::plausibility;
use crate::sample::Sample;

/// Readings up to this long before an hour affect the checks of its first ones.
pub const BEFORE_MICROSECONDS: i64 = plausibility::REACH_BACK_MICROSECONDS;

/// An hour's last interval ends within a minute after it, and readings within reach of that end
/// affect its checks.
pub const AFTER_MICROSECONDS: i64 = INTERVAL_MICROSECONDS_MAX + plausibility::REACH_ON_MICROSECONDS;

const _: () = assert!(AFTER_MICROSECONDS < HOUR_MICROSECONDS);

/// Counts readings for neighbouring hours from `from`.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    from: UnixMicroseconds,
    counts: Vec<Counts>,
    /// `readings_after` and `doubted_after` for the hour before.
    first: (i64, i64),
    /// `readings_before` and `doubted_before` for the hour after.
    last: (i64, i64),
}

/// Readings of an hour, and around it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) readings: i64,
    pub(super) readings_before: i64,
    pub(super) readings_after: i64,
    pub(super) doubted_before: i64,
    pub(super) doubted_after: i64,
}

impl Reach {
    pub(super) fn new(from: UnixMicroseconds, hours: usize) -> Self {
        Self {
            from,
            counts: vec![Counts::default(); hours],
            first: (0, 0),
            last: (0, 0),
        }
    }

    pub(super) fn count(&mut self, sample: &Sample, excluded: bool) {
        let at = sample.recorded_at;
        let flagged = if excluded { mark(sample) } else { 0 };
        // Hours count from `from`; the one before is −1.
        let hour =
            at.0.saturating_sub(self.from.0)
                .div_euclid(HOUR_MICROSECONDS);
        let into =
            at.0.saturating_sub(self.from.0)
                .rem_euclid(HOUR_MICROSECONDS);
        let hours = self.counts.len() as i64;
        if let Some(counts) = self.at(hour) {
            counts.readings += 1;
        }
        if into < AFTER_MICROSECONDS {
            match self.at(hour.saturating_sub(1)) {
                Some(before) => {
                    before.readings_after += 1;
                    before.doubted_after = before.doubted_after.wrapping_add(flagged);
                }
                None if hour == 0 => {
                    self.first = (self.first.0 + 1, self.first.1.wrapping_add(flagged));
                }
                None => {}
            }
        }
        if into >= HOUR_MICROSECONDS - BEFORE_MICROSECONDS {
            match self.at(hour.saturating_add(1)) {
                Some(after) => {
                    after.readings_before += 1;
                    after.doubted_before = after.doubted_before.wrapping_add(flagged);
                }
                None if hour == hours - 1 => {
                    self.last = (self.last.0 + 1, self.last.1.wrapping_add(flagged));
                }
                None => {}
            }
        }
    }

    pub(super) fn counts(&self, index: usize) -> Counts {
        self.counts.get(index).copied().unwrap_or_default()
    }

    /// Whether the hour before used other readings than there are now.
    pub(super) fn is_outdated_before(&self, known: &HourState) -> bool {
        (known.readings_after, known.doubted_after) != self.first
    }

    /// The same for the hour after.
    pub(super) fn is_outdated_after(&self, known: &HourState) -> bool {
        (known.readings_before, known.doubted_before) != self.last
    }

    fn at(&mut self, hour: i64) -> Option<&mut Counts> {
        usize::try_from(hour)
            .ok()
            .and_then(|hour| self.counts.get_mut(hour))
    }
}

/// A hash of the reading's identity. Readings are only added, so a count identifies them. This does
/// not hold for excluded readings: others may have the same count.
fn mark(sample: &Sample) -> i64 {
    let parts = [sample.recorded_at.0, sample.boot_id, sample.sequence];
    parts.into_iter().fold(0, |hash: i64, part| {
        // The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
        let mut x = hash.wrapping_add(part).cast_unsigned();
        x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)).cast_signed()
    })
}
