//! Driving with a cold cabin: it takes less energy than a warm one would, so that a bus whose heater failed
//! would look best.

use ayaz_store::reports::EnergySums;

/// What stands behind a figure that rests on such driving.
pub(super) const MARK: &str = "!";

/// The mark, or nothing.
pub(super) fn mark(energy: &EnergySums) -> &'static str {
    if energy.is_cabin_cold == Some(true) {
        MARK
    } else {
        ""
    }
}

/// What people have to know of the mark, if any figure has it.
pub(super) fn note<'a>(energies: impl IntoIterator<Item = &'a EnergySums>) -> Option<String> {
    let is_any = energies
        .into_iter()
        .any(|energy| energy.is_cabin_cold == Some(true));
    is_any.then(|| {
        format!("{MARK}: driven with a cold cabin, which takes less energy than a warm one.")
    })
}
