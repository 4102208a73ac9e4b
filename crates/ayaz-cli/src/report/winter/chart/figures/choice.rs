//! Selects the groups to draw.

use std::collections::BTreeMap;

use ayaz_store::reports::{Band, RangeBand};

use super::super::palette::GROUPS_MAX;
use crate::output::printable::printable;

/// The groups to draw, and the others.
pub(in super::super) struct Choice {
    /// Sorted by name.
    pub(in super::super) shown: Vec<String>,
    /// Number of groups that could be drawn with more colours.
    pub(in super::super) drawable: usize,
    /// Groups without a range at a known temperature: their shown names.
    pub(in super::super) without_range: Vec<String>,
    /// True if at least one interval has an exterior temperature.
    has_temperature: bool,
    /// True if at least one trip is complete.
    has_complete: bool,
}

impl Choice {
    /// Selects the groups with the most kilometres among those with a range.
    pub(in super::super) fn of(rows: &[RangeBand]) -> Self {
        let mut groups: BTreeMap<&str, (f64, bool)> = BTreeMap::new();
        for row in rows {
            let (km, has_range) = groups.entry(row.group.as_str()).or_default();
            *km += row.energy.km.unwrap_or(0.0);
            *has_range |= matches!(row.band, Band::From(_)) && row.range_km.is_some();
        }
        let (drawable, without): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|(_, (_, has_range))| *has_range);
        let mut shown: Vec<(f64, &str)> = drawable
            .iter()
            .map(|(name, (km, _))| (*km, *name))
            .collect();
        shown.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        shown.truncate(GROUPS_MAX);
        let mut shown: Vec<String> = shown.into_iter().map(|(_, name)| name.to_owned()).collect();
        shown.sort();
        Self {
            shown,
            drawable: drawable.len(),
            without_range: without
                .into_iter()
                .map(|(name, _)| printable(name).into_owned())
                .collect(),
            has_temperature: rows.iter().any(|row| matches!(row.band, Band::From(_))),
            has_complete: rows.iter().any(|row| row.trips > 0),
        }
    }

    /// Why no group is shown, and what to do.
    pub(in super::super) fn why_nothing(&self) -> &'static str {
        if !self.has_complete {
            "nothing to draw: no trip is complete."
        } else if self.has_temperature {
            "nothing to draw: no range is known, because no usable energy is known: enter it in \
             vehicle_model, or wait until trips have used 40 points of the state of charge. \
             --format table shows the consumption."
        } else {
            "nothing to draw: no trip has an exterior temperature. --format table shows all \
             figures."
        }
    }
}
