//! Numbers for a drive cycle, from its name.

/// Boot and drive cycle of a recorded drive, from the 64-bit FNV-1a hash of its name: the lower
/// half is the boot id, the upper half the drive cycle. They must never change. Otherwise a log
/// that is replayed again is stored twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CycleNumbers {
    /// Each recorded drive is a separate boot, so its rows are numbered from 1.
    pub boot_id: u32,
    /// Value of the signal `drive_cycle`.
    pub drive_cycle: u32,
}

impl CycleNumbers {
    /// The numbers of the drive cycle with this name.
    pub fn of(name: &str) -> CycleNumbers {
        let hash = fnv1a(name);
        CycleNumbers {
            boot_id: hash as u32,
            drive_cycle: (hash >> 32) as u32,
        }
    }
}

/// A number of seconds below `span_seconds`, from the hash of the name.
pub fn spread_seconds(name: &str, span_seconds: u64) -> u64 {
    fnv1a(name).checked_rem(span_seconds).unwrap_or(0)
}

fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_never_change() {
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c, "FNV's published value");
        let numbers = CycleNumbers {
            boot_id: 0x6622_8b46,
            drive_cycle: 0xcbdb_27b9,
        };
        assert_eq!(CycleNumbers::of("TripA01"), numbers);
    }

    #[test]
    fn many_similar_names_have_different_numbers() {
        let names: Vec<_> = (0..10_000).map(|n| format!("Trip{n:05}")).collect();
        let cycles: HashSet<_> = names
            .iter()
            .map(|n| CycleNumbers::of(n).drive_cycle)
            .collect();
        let boots: HashSet<_> = names.iter().map(|n| CycleNumbers::of(n).boot_id).collect();
        assert_eq!((cycles.len(), boots.len()), (10_000, 10_000));
        assert!(names.iter().all(|name| spread_seconds(name, 3_600) < 3_600));
        assert_eq!(spread_seconds("any", 0), 0);
    }
}
