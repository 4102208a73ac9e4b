//! Distributes the faults of the catalogue over buses and mornings, so that no two data faults of a bus
//! overlap.

use crate::faults::{DataFaultPlan, PhysicalFault};
use crate::local_time::instant;
use crate::noise::hash;
use crate::scenario::ScenarioBus;
use crate::scenario::catalogue::{BEFORE_THE_COLD, Entry, LONG, PHYSICAL, SHORT};

/// Local hours at which a short fault may begin: every bus drives from 06:30 to 11:00.
const SLOT_HOURS: [f64; 6] = [6.75, 7.4, 8.05, 8.7, 9.35, 10.0];

/// With at least this number of mornings, each fault happens twice.
const MORNINGS_FOR_TWO_ROUNDS: usize = 16;

/// Local hour at which a long fault begins.
const LONG_HOUR: f64 = 7.0;

/// Local hour of the first day at which it is not cold yet.
const BEFORE_THE_COLD_HOUR: f64 = 6.5;

/// Maximum random delay of a fault, s.
const JITTER_SECONDS: u64 = 300;

/// The cold week.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    seed: u64,
    first_day: i64,
    days: i64,
}

impl Schedule {
    /// The week from a day (days since 1970) on.
    pub(super) fn new(seed: u64, first_day: i64, days: i64) -> Self {
        Self {
            seed,
            first_day,
            days,
        }
    }

    /// Gives the buses their faults. The first bus stays healthy, so a fleet of one has no faults. If there
    /// are too few days and buses, the last entries of the catalogue are left out.
    pub(super) fn spread(self, buses: &mut [ScenarioBus]) {
        let Some((_, faulty)) = buses.split_first_mut() else {
            return;
        };
        if faulty.is_empty() {
            return;
        }
        self.spread_physical(faulty);
        let count = faulty.len();
        // The first morning of the last bus has the fault before the cold. The order of the other
        // mornings separates those of one bus.
        let first_morning = (count - 1, 0);
        let mut mornings: Vec<(usize, i64)> = (0..self.days)
            .flat_map(|day| (0..count).map(move |bus| (bus, day)))
            .collect();
        self.plan(
            &mut faulty[first_morning.0],
            BEFORE_THE_COLD,
            0,
            BEFORE_THE_COLD_HOUR,
        );
        mornings.retain(|morning| *morning != first_morning || self.days as usize * count == 1);
        let rounds = if mornings.len() >= MORNINGS_FOR_TWO_ROUNDS {
            2
        } else {
            1
        };
        // Each long fault takes a morning, alternately early and late in the week. At least one morning
        // stays for the short ones.
        for (number, entry) in [LONG; 2]
            .concat()
            .into_iter()
            .take(rounds * LONG.len())
            .enumerate()
        {
            if mornings.len() > 1 {
                let late = number % 2 == 1;
                let at = if late { mornings.len() - 1 } else { 0 };
                let (bus, day) = mornings.remove(at);
                self.plan(&mut faulty[bus], entry, day, LONG_HOUR);
            }
        }
        let shorts = [SHORT; 2].concat();
        for (number, entry) in shorts.into_iter().take(rounds * SHORT.len()).enumerate() {
            let (bus, day) = mornings[number % mornings.len()];
            if let Some(&hour) = SLOT_HOURS.get(number / mornings.len()) {
                self.plan(&mut faulty[bus], entry, day, hour);
            }
        }
    }

    fn spread_physical(self, faulty: &mut [ScenarioBus]) {
        let end = instant(self.first_day + self.days, 3.0);
        let count = faulty.len();
        for (number, (kind, day, hour, lasts)) in PHYSICAL.into_iter().enumerate() {
            // In a shorter week, later faults happen on the last day.
            let day = day.min(self.days - 1);
            let from = instant(self.first_day + day, hour);
            let until = lasts.map_or(end, |hours| from.plus((hours * 3.6e9) as i64));
            faulty[number % count].config.faults.push(PhysicalFault {
                kind,
                from,
                until: until.min(end),
            });
        }
    }

    /// Adds a fault with a random delay, so that faults of two buses do not begin in the same second.
    fn plan(self, bus: &mut ScenarioBus, (fault, lasts_seconds): Entry, day: i64, hour: f64) {
        let number = bus.data_faults.len() as u64;
        let words = [self.seed, bus.config.index as u64, 71, number];
        let jitter_seconds = (hash(&words) % JITTER_SECONDS) as i64;
        bus.data_faults.push(DataFaultPlan {
            fault,
            from: instant(self.first_day + day, hour).plus(jitter_seconds * 1_000_000),
            lasts_seconds,
        });
    }
}
