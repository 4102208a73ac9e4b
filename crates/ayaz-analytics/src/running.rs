//! Hours that still run, kept as far as they were read.

use std::collections::HashMap;

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_store::vehicles::VehicleNumber;

use crate::hours::so_far::{Beginning, SoFar};

/// So long after its end an hour is over: as [`Due`](ayaz_store::analytics::queue::Due) says, µs.
const OVER_MICROSECONDS: i64 = 180_000_000;

/// An hour of each vehicle, in bounded memory. What is kept, and whether anything is, changes how much is
/// read, and never what an hour comes to.
#[derive(Debug)]
pub struct RunningHours {
    kept: HashMap<VehicleNumber, Kept>,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Kept {
    beginning: Beginning,
    so_far: SoFar,
    bytes: usize,
}

impl RunningHours {
    /// Keeps none yet, and about so many bytes at most.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            kept: HashMap::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// Whether readings of the hour may still come in as they are measured.
    pub fn runs(hour: UnixMicroseconds, now: UnixMicroseconds) -> bool {
        now < hour.plus(HOUR_MICROSECONDS + OVER_MICROSECONDS)
    }

    /// The hour as far as it was read, if it begins as it began then, and only readings from
    /// `changed_from` on have been added, which come after that. Whatever else was kept of the vehicle is
    /// forgotten, as it does not hold what is read now.
    pub fn take(
        &mut self,
        vehicle: VehicleNumber,
        beginning: &Beginning,
        changed_from: Option<UnixMicroseconds>,
    ) -> Option<SoFar> {
        let kept = self.kept.remove(&vehicle)?;
        self.bytes -= kept.bytes;
        let holds = kept.beginning == *beginning && kept.so_far.holds(changed_from?);
        holds.then_some(kept.so_far)
    }

    /// Keeps it until the next refresh, if there is room.
    pub fn keep(&mut self, vehicle: VehicleNumber, beginning: Beginning, so_far: SoFar) {
        let bytes = so_far.bytes();
        if self.bytes + bytes > self.bytes_max {
            return;
        }
        let kept = Kept {
            beginning,
            so_far,
            bytes,
        };
        self.bytes += bytes;
        if let Some(before) = self.kept.insert(vehicle, kept) {
            self.bytes -= before.bytes;
        }
    }

    /// Forgets those that are over.
    pub fn forget_over(&mut self, now: UnixMicroseconds) {
        let bytes = &mut self.bytes;
        self.kept.retain(|_, kept| {
            let runs = Self::runs(kept.beginning.from, now);
            if !runs {
                *bytes -= kept.bytes;
            }
            runs
        });
    }
}
