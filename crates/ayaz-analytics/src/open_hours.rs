//! Hours that still run, kept as far as they were read.

use std::collections::BTreeMap;

use ayaz_energy::hours::checkpoint::{Checkpoint, FoldInputs};
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use ayaz_store::analytics::KnownHours;
use ayaz_store::analytics::queue::OVER_SECONDS;

/// Hours of vehicles, in bounded memory. What is kept, and whether anything is, changes how much is read,
/// and never what an hour comes to.
///
/// What is kept is of the last refresh of its hour that was committed: `changed_from` counts from that
/// one. So a refresh of the hour takes it away, with or without hours around it, and only what that
/// refresh leaves may be kept. A refresh of other hours leaves it; if it makes the hour wrong, the queue
/// has the hour read whole. That it is of the last refresh is verified in the transaction that uses it, by
/// the instant of that refresh: a database that was restored under an open connection has another.
#[derive(Debug)]
pub struct OpenHours {
    kept: BTreeMap<Key, Kept>,
    bytes: usize,
    bytes_max: usize,
}

/// A vehicle, and the start of its hour: around an hour's end two of them run.
type Key = (VehicleNumber, UnixMicroseconds);

#[derive(Debug)]
struct Kept {
    beginning: FoldInputs,
    checkpoint: Checkpoint,
    refreshed_at: UnixMicroseconds,
    bytes: usize,
}

impl OpenHours {
    /// Keeps none yet, and about so many bytes at most.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            kept: BTreeMap::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// Whether readings of the hour may still come in as they are measured.
    pub fn runs(hour: UnixMicroseconds, now: UnixMicroseconds) -> bool {
        now < hour.plus(HOUR_MICROSECONDS + OVER_SECONDS * 1_000_000)
    }

    /// About how much memory they take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it is worth making a copy: whether one of the usual size could be kept.
    pub fn has_room(&self, vehicle: VehicleNumber, hour: UnixMicroseconds) -> bool {
        let usual = self.bytes / self.kept.len().max(1);
        self.kept.contains_key(&(vehicle, hour)) || self.bytes + usual < self.bytes_max
    }

    /// The hour as far as it was read, if what is known of it is what that refresh left, it begins as it
    /// began then, and only readings have been added that come after that.
    pub fn take(
        &mut self,
        vehicle: VehicleNumber,
        beginning: &FoldInputs,
        known: &KnownHours,
    ) -> Option<Checkpoint> {
        let mut taken = None;
        for index in 0..beginning.count as i64 {
            let hour = beginning.from.plus(index * HOUR_MICROSECONDS);
            if let Some(kept) = self.remove((vehicle, hour)) {
                taken = Some(kept);
            }
        }
        let Kept {
            beginning: before,
            checkpoint,
            refreshed_at,
            ..
        } = taken?;
        let is_known = known.refreshed_at == Some(refreshed_at) && before == *beginning;
        (is_known && checkpoint.holds(known.changed_from?)).then_some(checkpoint)
    }

    /// Keeps it until the next refresh, if there is room.
    pub fn keep(
        &mut self,
        vehicle: VehicleNumber,
        beginning: FoldInputs,
        checkpoint: Checkpoint,
        refreshed_at: UnixMicroseconds,
    ) {
        let key = (vehicle, beginning.from);
        self.remove(key);
        let bytes = beginning.bytes() + checkpoint.bytes();
        if self.bytes + bytes > self.bytes_max {
            return;
        }
        self.bytes += bytes;
        let kept = Kept {
            beginning,
            checkpoint,
            refreshed_at,
            bytes,
        };
        self.kept.insert(key, kept);
    }

    /// Forgets those that are over.
    pub fn forget_over(&mut self, now: UnixMicroseconds) {
        self.kept.retain(|(_, hour), _| Self::runs(*hour, now));
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

    fn beginning(hour: UnixMicroseconds, count: usize) -> FoldInputs {
        FoldInputs {
            from: hour,
            count,
            open_trip: None,
            service_days: Default::default(),
            left_out: Default::default(),
        }
    }

    /// The hour up to and without this second, a reading a second.
    fn checkpoint(second: i64) -> Checkpoint {
        let hours = Hours::new(HOUR, 1, None, &Rules::default());
        let mut read_on = IncrementalFold::from(Checkpoint::empty(hours), true);
        for second in 0..second {
            read_on.push(Sample::bare(at(second), 1, None));
        }
        read_on.finish().1.expect("it is kept")
    }

    /// When the kept refresh was.
    const THEN: UnixMicroseconds = UnixMicroseconds(7);

    fn known(changed_from: Option<UnixMicroseconds>) -> KnownHours {
        KnownHours {
            states: Vec::new(),
            changed_from,
            refreshed_at: Some(THEN),
        }
    }

    #[test]
    fn what_another_database_knows_nothing_of_is_not_taken() {
        for refreshed_at in [None, Some(UnixMicroseconds(6)), Some(UnixMicroseconds(8))] {
            let mut running = OpenHours::new(10_000_000);
            running.keep(1, beginning(HOUR, 1), checkpoint(600), THEN);
            let other = KnownHours {
                refreshed_at,
                ..known(Some(at(600)))
            };
            assert!(running.take(1, &beginning(HOUR, 1), &other).is_none());
        }
    }

    #[test]
    fn what_is_kept_is_taken_if_nothing_came_before_its_end() {
        // Up to two minutes before the newest reading, that of second 599.
        for (changed_from, is_taken) in [
            (Some(at(600)), true),
            (Some(at(479)), true),
            (Some(at(478)), false),
            (None, false),
        ] {
            let mut running = OpenHours::new(10_000_000);
            running.keep(1, beginning(HOUR, 1), checkpoint(600), THEN);
            assert!(
                running
                    .take(2, &beginning(HOUR, 1), &known(changed_from))
                    .is_none()
            );
            let taken = running.take(1, &beginning(HOUR, 1), &known(changed_from));
            assert_eq!(taken.is_some(), is_taken, "{changed_from:?}");
            assert_eq!(running.bytes(), 0, "either way it is gone");
            assert!(
                running
                    .take(1, &beginning(HOUR, 1), &known(changed_from))
                    .is_none()
            );
        }
    }

    #[test]
    fn a_refresh_of_the_hour_takes_it_away_and_one_of_others_leaves_it() {
        let hours_on = |hours: i64| HOUR.plus(hours * HOUR_MICROSECONDS);
        for (of, is_left) in [
            (beginning(hours_on(-1), 1), true),
            (beginning(hours_on(-1), 2), false),
            (beginning(HOUR, 2), false),
            (beginning(hours_on(1), 2), true),
        ] {
            let mut running = OpenHours::new(10_000_000);
            running.keep(1, beginning(HOUR, 1), checkpoint(600), THEN);
            assert!(running.take(1, &of, &known(Some(at(600)))).is_none());
            assert_eq!(running.bytes() > 0, is_left, "{of:?}");
        }
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let kept = beginning(HOUR, 1).bytes() + checkpoint(600).bytes();
        let mut running = OpenHours::new(3 * kept);
        for vehicle in [1, 2, 3, 3, 4, 5] {
            running.keep(vehicle, beginning(HOUR, 1), checkpoint(600), THEN);
            assert!(running.bytes() <= 3 * kept);
        }
        assert_eq!(running.bytes(), 3 * kept);
        assert!(running.has_room(3, HOUR), "in its own place");
        assert!(!running.has_room(4, HOUR));
        running.forget_over(at(3_600 + OVER_SECONDS - 1));
        assert_eq!(running.bytes(), 3 * kept, "it still runs");
        running.forget_over(at(3_600 + OVER_SECONDS));
        assert_eq!(running.bytes(), 0);
        assert!(running.has_room(4, HOUR));
        assert!(!OpenHours::new(0).has_room(1, HOUR));
    }
}
