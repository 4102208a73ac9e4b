//! Checkpoints of open hours.

use std::collections::BTreeMap;

use ayaz_energy::hours::checkpoint::{Checkpoint, FoldInputs};
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use ayaz_store::analytics::KnownHours;
use ayaz_store::analytics::queue::OVER_SECONDS;

/// Checkpoints, in bounded memory. They change how much is read, never the result.
///
/// A checkpoint belongs to the last committed refresh of its hour, because `changed_from` counts
/// from that one. So every refresh of the hour removes it, alone or with other hours, and only that
/// refresh may store a new one. A refresh of other hours keeps it; if the hour becomes outdated,
/// the queue requests a complete read. The transaction that uses a checkpoint compares the time of
/// the refresh: a database that was restored under an open connection has another one.
#[derive(Debug)]
pub struct OpenHours {
    kept: BTreeMap<Key, Kept>,
    bytes: usize,
    bytes_max: usize,
}

/// A vehicle, and the start of its hour. Around an hour's end, two hours are open.
type Key = (VehicleNumber, UnixMicroseconds);

#[derive(Debug)]
struct Kept {
    inputs: FoldInputs,
    checkpoint: Checkpoint,
    refreshed_at: UnixMicroseconds,
    bytes: usize,
}

impl OpenHours {
    /// No checkpoints yet. `bytes_max` limits the memory, approximately.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            kept: BTreeMap::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// Whether readings of the hour may still arrive as they are measured.
    pub fn is_open(hour: UnixMicroseconds, now: UnixMicroseconds) -> bool {
        now < hour.plus(HOUR_MICROSECONDS + OVER_SECONDS * 1_000_000)
    }

    /// Approximate memory use.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether to make a checkpoint: whether one of the usual size fits.
    pub fn has_room(&self, vehicle: VehicleNumber, hour: UnixMicroseconds) -> bool {
        let usual = self.bytes / self.kept.len().max(1);
        self.kept.contains_key(&(vehicle, hour)) || self.bytes + usual < self.bytes_max
    }

    /// The checkpoint of the hour, if it belongs to the last refresh in the database, its fold
    /// inputs are the same, and only later readings were added.
    pub fn take(
        &mut self,
        vehicle: VehicleNumber,
        inputs: &FoldInputs,
        known: &KnownHours,
    ) -> Option<Checkpoint> {
        let mut taken = None;
        for index in 0..inputs.count as i64 {
            let hour = inputs.from.plus(index * HOUR_MICROSECONDS);
            if let Some(kept) = self.remove((vehicle, hour)) {
                taken = Some(kept);
            }
        }
        let Kept {
            inputs: before,
            checkpoint,
            refreshed_at,
            ..
        } = taken?;
        let is_known = known.refreshed_at == Some(refreshed_at) && before == *inputs;
        (is_known && checkpoint.holds(known.changed_from?)).then_some(checkpoint)
    }

    /// Stores the checkpoint until the next refresh, if there is room.
    pub fn keep(
        &mut self,
        vehicle: VehicleNumber,
        inputs: FoldInputs,
        checkpoint: Checkpoint,
        refreshed_at: UnixMicroseconds,
    ) {
        let key = (vehicle, inputs.from);
        self.remove(key);
        let bytes = inputs.bytes() + checkpoint.bytes();
        if self.bytes + bytes > self.bytes_max {
            return;
        }
        self.bytes += bytes;
        let kept = Kept {
            inputs,
            checkpoint,
            refreshed_at,
            bytes,
        };
        self.kept.insert(key, kept);
    }

    /// Removes checkpoints of hours that are over.
    pub fn remove_over(&mut self, now: UnixMicroseconds) {
        self.kept.retain(|(_, hour), _| Self::is_open(*hour, now));
        self.bytes = self.kept.values().map(|kept| kept.bytes).sum();
    }

    fn remove(&mut self, key: Key) -> Option<Kept> {
        let kept = self.kept.remove(&key)?;
        self.bytes -= kept.bytes;
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use ayaz_energy::Sample;
    use ayaz_energy::hours::checkpoint::IncrementalFold;
    use ayaz_energy::hours::{Hours, Rules};

    use super::*;

    const HOUR: UnixMicroseconds = UnixMicroseconds(1_000 * HOUR_MICROSECONDS);

    fn at(second: i64) -> UnixMicroseconds {
        HOUR.plus(second * 1_000_000)
    }

    fn inputs(hour: UnixMicroseconds, count: usize) -> FoldInputs {
        FoldInputs {
            from: hour,
            count,
            open_trip: None,
            service_days: Default::default(),
            excluded: Default::default(),
        }
    }

    /// A checkpoint of readings before this second, one reading a second.
    fn checkpoint(second: i64) -> Checkpoint {
        let hours = Hours::new(HOUR, 1, None, &Rules::default());
        let mut fold = IncrementalFold::from(Checkpoint::empty(hours), true);
        for second in 0..second {
            fold.push(Sample::bare(at(second), 1, None));
        }
        fold.finish().1.expect("it is kept")
    }

    /// Time of the refresh of the checkpoint.
    const THEN: UnixMicroseconds = UnixMicroseconds(7);

    fn known(changed_from: Option<UnixMicroseconds>) -> KnownHours {
        KnownHours {
            states: Vec::new(),
            changed_from,
            refreshed_at: Some(THEN),
        }
    }

    #[test]
    fn a_checkpoint_of_another_database_is_not_used() {
        for refreshed_at in [None, Some(UnixMicroseconds(6)), Some(UnixMicroseconds(8))] {
            let mut open_hours = OpenHours::new(10_000_000);
            open_hours.keep(1, inputs(HOUR, 1), checkpoint(600), THEN);
            let other = KnownHours {
                refreshed_at,
                ..known(Some(at(600)))
            };
            assert!(open_hours.take(1, &inputs(HOUR, 1), &other).is_none());
        }
    }

    #[test]
    fn a_checkpoint_is_used_if_no_reading_was_added_before_its_end() {
        // Up to two minutes before the newest reading, which is at second 599.
        for (changed_from, is_used) in [
            (Some(at(600)), true),
            (Some(at(479)), true),
            (Some(at(478)), false),
            (None, false),
        ] {
            let mut open_hours = OpenHours::new(10_000_000);
            open_hours.keep(1, inputs(HOUR, 1), checkpoint(600), THEN);
            assert!(
                open_hours
                    .take(2, &inputs(HOUR, 1), &known(changed_from))
                    .is_none()
            );
            let taken = open_hours.take(1, &inputs(HOUR, 1), &known(changed_from));
            assert_eq!(taken.is_some(), is_used, "{changed_from:?}");
            assert_eq!(open_hours.bytes(), 0, "it is removed in both cases");
            assert!(
                open_hours
                    .take(1, &inputs(HOUR, 1), &known(changed_from))
                    .is_none()
            );
        }
    }

    #[test]
    fn a_refresh_of_the_hour_removes_its_checkpoint_and_others_keep_it() {
        let hours_on = |hours: i64| HOUR.plus(hours * HOUR_MICROSECONDS);
        for (of, is_kept) in [
            (inputs(hours_on(-1), 1), true),
            (inputs(hours_on(-1), 2), false),
            (inputs(HOUR, 2), false),
            (inputs(hours_on(1), 2), true),
        ] {
            let mut open_hours = OpenHours::new(10_000_000);
            open_hours.keep(1, inputs(HOUR, 1), checkpoint(600), THEN);
            assert!(open_hours.take(1, &of, &known(Some(at(600)))).is_none());
            assert_eq!(open_hours.bytes() > 0, is_kept, "{of:?}");
        }
    }

    #[test]
    fn checkpoints_stay_within_the_memory_limit() {
        let kept = inputs(HOUR, 1).bytes() + checkpoint(600).bytes();
        let mut open_hours = OpenHours::new(3 * kept);
        for vehicle in [1, 2, 3, 3, 4, 5] {
            open_hours.keep(vehicle, inputs(HOUR, 1), checkpoint(600), THEN);
            assert!(open_hours.bytes() <= 3 * kept);
        }
        assert_eq!(open_hours.bytes(), 3 * kept);
        assert!(open_hours.has_room(3, HOUR), "it replaces its own");
        assert!(!open_hours.has_room(4, HOUR));
        open_hours.remove_over(at(3_600 + OVER_SECONDS - 1));
        assert_eq!(open_hours.bytes(), 3 * kept, "it is still open");
        open_hours.remove_over(at(3_600 + OVER_SECONDS));
        assert_eq!(open_hours.bytes(), 0);
        assert!(open_hours.has_room(4, HOUR));
        assert!(!OpenHours::new(0).has_room(1, HOUR));
    }
}
