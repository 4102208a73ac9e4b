//! Where one reading was stored already, the next ones mostly are too: a bus sends again what was not
//! acknowledged, a broker what it held. Each failed COPY costs a transaction and leaves an error in the
//! database's log, so after one batches go through staging at once, for as long as they hold duplicates.

use super::transaction::Way;

/// Batches without a duplicate after which COPY is tried again: other vehicles' good batches may lie
/// between those that are sent again.
const CLEAN_BATCHES: u32 = 8;

/// How the next batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Redelivery {
    /// Batches without a duplicate that go through staging yet; none when nothing is sent again.
    left: u32,
}

impl Redelivery {
    /// The way that is likely right.
    pub(super) fn way(self) -> Way {
        if self.left > 0 {
            Way::Staged
        } else {
            Way::Direct
        }
    }

    /// COPY found a row that was there already.
    pub(super) fn begins(&mut self) {
        self.left = CLEAN_BATCHES;
    }

    /// A batch went through staging and held so many duplicates.
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
    fn batches_go_through_staging_until_several_held_no_duplicate() {
        let mut redelivery = Redelivery::default();
        assert_eq!(redelivery.way(), Way::Direct);
        redelivery.begins();
        for _ in 0..100 {
            redelivery.staged(7);
            redelivery.staged(0);
            assert_eq!(redelivery.way(), Way::Staged);
        }
        for _ in 1..CLEAN_BATCHES {
            assert_eq!(redelivery.way(), Way::Staged);
            redelivery.staged(0);
        }
        assert_eq!(redelivery.way(), Way::Direct);
    }
}
