//! Compares scenarios with their truth. A failure is: a changed reading that no fault lists, or a listed
//! one that is not changed; a lost reading that no fault lists; a gap between sessions; energy in
//! readings that is not in the truth; two different results for one seed.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod deliveries;
mod determinism;
mod energy;
mod faults;
mod sessions;

use ayaz_sim::{Scenario, TruthBus};
use jiff::civil::{Date, date};

/// A Monday; Astana is at UTC+5.
const MONDAY: Date = date(2025, 1, 6);

/// The truth of a whole scenario. Its messages are dropped.
fn truth(scenario: &Scenario) -> Vec<TruthBus> {
    let mut deliveries = scenario.deliveries();
    assert!(deliveries.by_ref().count() > 0);
    deliveries.truth()
}

/// A scenario with few days and buses that has all faults of the catalogue.
fn all_faults(seed: u64) -> Scenario {
    Scenario::cold_snap(seed, 5, MONDAY).days(4)
}
