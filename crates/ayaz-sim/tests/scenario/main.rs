//! Scenarios against their own truth. What counts as failure: a reading that differs from the true
//! one and is not noted, or is noted and does not; a reading that gets lost unnoted; sessions that
//! leave time out; energy that appears in readings and not in the truth; a seed that does not say
//! all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod deliveries;
mod determinism;
mod energy;
mod faults;
mod sessions;

use ayaz_sim::{Scenario, TruthBus};
use jiff::civil::{Date, date};

/// A Monday; Astana is at UTC+5.
const MONDAY: Date = date(2025, 1, 6);

/// The truth of a whole scenario, without keeping its messages.
fn truth(scenario: &Scenario) -> Vec<TruthBus> {
    let mut deliveries = scenario.deliveries();
    assert!(deliveries.by_ref().count() > 0);
    deliveries.truth()
}

/// The whole catalogue in as few days and buses as hold it.
fn all_faults(seed: u64) -> Scenario {
    Scenario::cold_snap(seed, 5, MONDAY).days(4)
}
