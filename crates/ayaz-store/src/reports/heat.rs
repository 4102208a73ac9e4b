//! Heat sources of the vehicles of a figure.

use std::fmt;

use tokio_postgres::Row;

/// Heat sources without repetition, by name: `electric`, `fuel`, `heat_pump`, `none` or `unknown`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeatSources(Vec<String>);

/// For a vehicle that burns no fuel and has no other known heat source.
const UNKNOWN: &str = "unknown";

impl HeatSources {
    /// From names in any order.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    /// Whether there is no vehicle.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a figure mixes vehicles with different known heat sources. A vehicle that burns fuel always
    /// differs from one that does not.
    pub fn is_mixed(&self) -> bool {
        let known = self.0.iter().filter(|name| *name != UNKNOWN).count();
        let has = |name: &str| self.0.iter().any(|other| other == name);
        known > 1 || (has("fuel") && has(UNKNOWN))
    }
}

/// Formats it as `electric+fuel`.
impl fmt::Display for HeatSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("+"))
    }
}

/// An aggregate over rows of [`driven`].
pub(super) const SOURCES: &str = "array_agg(distinct heat_source) as heat_sources";

/// The vehicles of `bucket` with intervals that match a condition, each once per value of these columns, with
/// its heat source.
pub(super) fn driven(columns: &str, is_kept: &str) -> String {
    format!(
        "(
            select distinct {columns}, vehicle_id from bucket where intervals > 0 and {is_kept}
        ) as driven
        join (select vehicle_id, heat_source from vehicle_heat_source) as source using (vehicle_id)"
    )
}

/// From a row of [`SOURCES`]; empty if an outer join found no row.
pub(super) fn sources(row: &Row) -> HeatSources {
    let names: Option<Vec<String>> = row.get("heat_sources");
    HeatSources::new(names.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_mixed_if_vehicles_differ() {
        for (names, is_mixed) in [
            (vec![], false),
            (vec!["fuel"], false),
            (vec!["electric", "electric"], false),
            (vec!["electric", "unknown"], false),
            (vec!["fuel", "unknown"], true),
            (vec!["fuel", "electric"], true),
            (vec!["heat_pump", "electric", "unknown"], true),
        ] {
            let sources = HeatSources::new(names.iter().map(|name| (*name).to_owned()));
            assert_eq!(sources.is_mixed(), is_mixed, "{sources}");
        }
        let names = ["fuel", "electric", "fuel"].map(str::to_owned);
        assert_eq!(HeatSources::new(names).to_string(), "electric+fuel");
    }
}
