//! Which groups are drawn.

use std::collections::BTreeMap;

use ayaz_store::reports::{Band, RangeBand};

use super::super::palette::GROUPS_MAX;
use crate::output::printable::printable;

/// Which groups are drawn, and which are not.
pub(in super::super) struct Choice {
    /// By name.
    pub(in super::super) shown: Vec<String>,
    /// How many would be drawn, if there were more colours.
    pub(in super::super) drawable: usize,
    /// Those without any range at a known temperature, by name as it is written.
    pub(in super::super) without_range: Vec<String>,
    /// Whether any interval at all has an exterior temperature.
    has_temperature: bool,
    /// Whether any trip is complete.
    has_complete: bool,
}

impl Choice {
    /// The groups with most kilometres among those that have any range.
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

    /// Why no group is shown, and what helps.
    pub(in super::super) fn why_nothing(&self) -> &'static str {
        if !self.has_complete {
            "nothing to draw: no trip is complete."
        } else if self.has_temperature {
            "nothing to draw: no range is known, since no usable energy is: enter it in \
             vehicle_model, or wait until trips have used 40 points of the state of charge. \
             --format table shows the consumption."
        } else {
            "nothing to draw: no trip has an exterior temperature. --format table shows what there \
             is."
        }
    }
}
