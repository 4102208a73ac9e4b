//! Driving with a cold cabin: it takes less energy than with a warm one, so a bus with a broken
//! heater would look best.

use ayaz_store::reports::EnergySums;

/// The mark of a figure that includes such driving.
pub(super) const MARK: &str = "!";

/// The mark, or an empty string.
pub(super) fn mark(energy: &EnergySums) -> &'static str {
    if energy.is_cabin_cold == Some(true) {
        MARK
    } else {
        ""
    }
}

/// The note that explains the mark, if a figure has it.
pub(super) fn note<'a>(energies: impl IntoIterator<Item = &'a EnergySums>) -> Option<String> {
    let is_any = energies
        .into_iter()
        .any(|energy| energy.is_cabin_cold == Some(true));
    is_any.then(|| {
        format!("{MARK}: driven with a cold cabin, which takes less energy than a warm one.")
    })
}
