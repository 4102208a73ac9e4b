//! Energy by temperature band.

use std::fmt;

use ayaz_model::temperature_band;
use tokio_postgres::Client;

use super::selection::SELECTED_PIECES;
use super::sums::SUMS;
use super::{EnergySums, TripSelection};
use crate::error::StoreError;

/// A band of the exterior temperature, in the order in which reports list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// The band of this lower edge, °C: see [`temperature_band`].
    From(i16),
    /// Intervals whose temperature nobody measured.
    Unknown,
    /// All of them.
    Total,
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Padded, so that a table's width applies to the whole.
            Self::From(edge) => f.pad(&format!("[{edge},{})", upper_edge_celsius(*edge))),
            Self::Unknown => f.pad("unknown"),
            Self::Total => f.pad("total"),
        }
    }
}

/// Upper edge of the band of a lower edge, °C.
fn upper_edge_celsius(edge: i16) -> i16 {
    edge.saturating_add(temperature_band::width_celsius(edge))
}

/// One band of all selected trips.
#[derive(Debug, Clone, PartialEq)]
pub struct BandEnergy {
    /// The band.
    pub band: Band,
    /// Trips with at least one interval in it.
    pub trips: i64,
    /// What was used.
    pub energy: EnergySums,
}

/// The selected trips by band: ascending, then unknown if there is any, then the total. Empty if no
/// trip is selected.
pub async fn energy_by_band(
    client: &Client,
    selection: &TripSelection,
) -> Result<Vec<BandEnergy>, StoreError> {
    let rows = client
        .query(
            &format!(
                "-- energy_by_band
                with piece as ({SELECTED_PIECES})
                select band_celsius, grouping(band_celsius) = 1 as is_total, {SUMS}
                from piece
                group by grouping sets ((band_celsius), ())
                having sum(intervals) > 0"
            ),
            &selection.parameters(),
        )
        .await
        .map_err(|error| StoreError::from_driver("read energy by temperature", error))?;
    let mut bands: Vec<BandEnergy> = rows
        .iter()
        .map(|row| BandEnergy {
            band: match (row.get("is_total"), row.get("band_celsius")) {
                (true, _) => Band::Total,
                (false, Some(edge)) => Band::From(edge),
                (false, None) => Band::Unknown,
            },
            trips: row.get("trips"),
            energy: EnergySums::from_row(row),
        })
        .collect();
    bands.sort_by_key(|row| row.band);
    Ok(bands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_written_as_half_open_intervals_and_sorted_cold_first() {
        let mut bands = [
            Band::Total,
            Band::From(0),
            Band::Unknown,
            Band::From(-40),
            Band::From(-5),
            Band::From(-22),
            Band::From(-20),
        ];
        bands.sort();
        let written: Vec<String> = bands.iter().map(ToString::to_string).collect();
        assert_eq!(
            written,
            [
                "[-40,-38)",
                "[-22,-20)",
                "[-20,-15)",
                "[-5,0)",
                "[0,5)",
                "unknown",
                "total"
            ]
        );
    }
}
