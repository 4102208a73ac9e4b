//! After one duplicate, more are likely: a bus sends unacknowledged messages again, and a broker its queue.
//! Each failed COPY costs a transaction and an error in the database's log. So after a duplicate, batches go
//! through staging until duplicates stop.

use super::transaction::WriteMode;

/// Batches without a duplicate before COPY is tried again: other vehicles' batches may come between
/// redelivered ones.
const CLEAN_BATCHES: u32 = 8;

/// Chooses how the next batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Redelivery {
    /// Remaining batches to stage; 0 if nothing is redelivered.
    left: u32,
}

impl Redelivery {
    /// The method that will probably work.
    pub(super) fn mode(self) -> WriteMode {
        if self.left > 0 {
            WriteMode::Staged
        } else {
            WriteMode::Direct
        }
    }

    /// Call when COPY found a duplicate.
    pub(super) fn found_duplicate(&mut self) {
        self.left = CLEAN_BATCHES;
    }

    /// Call after a staged batch, with its number of duplicates.
    pub(super) fn staged(&mut self, duplicates: u64) {
        self.left = match duplicates {
            0 => self.left.saturating_sub(1),
            _ => CLEAN_BATCHES,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staging_ends_after_several_batches_without_duplicates() {
        let mut redelivery = Redelivery::default();
        assert_eq!(redelivery.mode(), WriteMode::Direct);
        redelivery.found_duplicate();
        for _ in 0..100 {
            redelivery.staged(7);
            redelivery.staged(0);
            assert_eq!(redelivery.mode(), WriteMode::Staged);
        }
        for _ in 1..CLEAN_BATCHES {
            assert_eq!(redelivery.mode(), WriteMode::Staged);
            redelivery.staged(0);
        }
        assert_eq!(redelivery.mode(), WriteMode::Direct);
    }
}
