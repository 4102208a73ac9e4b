//! Energy by temperature band.

use std::fmt;

use ayaz_model::temperature_band;
use tokio_postgres::Client;

use super::heat::SOURCES;
use super::selection::{IS_COMPLETE, SELECTED_PIECES};
use super::sums::SUMS;
use super::whole_trips::{self, TRIP};
use super::{EnergySums, HeatSources, TripSelection, heat};
use crate::error::StoreError;

/// A band of the exterior temperature, in the order in which reports list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// The band with this lower edge, °C: see [`temperature_band`].
    From(i16),
    /// Intervals without a measured temperature.
    Unknown,
    /// All bands together.
    Total,
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Pads the whole text to the width of the table.
            Self::From(edge) => f.pad(&format!("[{edge},{})", upper_edge_celsius(*edge))),
            Self::Unknown => f.pad("unknown"),
            Self::Total => f.pad("total"),
        }
    }
}

/// Upper edge of the band with this lower edge, °C.
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
    /// Trips among them below the minimum completeness. They are in the sums.
    pub trips_incomplete: i64,
    /// How far the sums can be trusted, 0 to 1: the least of coverage, unflagged share and distance share.
    pub completeness: Option<f64>,
    /// Whether it has enough trips, time and distance ([`FigureSettings`](super::FigureSettings)).
    pub has_enough_data: bool,
    /// Heat sources of the vehicles: the consumption of buses with different ones cannot be compared.
    pub heat_sources: HeatSources,
    /// Sums of energy, distance and time.
    pub energy: EnergySums,
}

/// The selected trips by band: ascending, then unknown if there is any, then the total. Empty if no trip is
/// selected. Counts trips below `completeness_min` (0 to 1).
pub async fn energy_by_band(
    client: &Client,
    selection: &TripSelection,
    completeness_min: f64,
) -> Result<Vec<BandEnergy>, StoreError> {
    let mut parameters = selection.parameters().to_vec();
    parameters.push(&completeness_min);
    let rows = client
        .query(&statement(), &parameters)
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
            trips_incomplete: row.get("trips_incomplete"),
            completeness: row.get("completeness"),
            has_enough_data: row.get("has_enough_data"),
            heat_sources: heat::sources(row),
            energy: EnergySums::from_row(row),
        })
        .collect();
    bands.sort_by_key(|row| row.band);
    Ok(bands)
}

fn statement() -> String {
    let touched = whole_trips::sums("true");
    let driven = heat::driven("band_celsius", "true");
    format!(
        "-- energy_by_band
        with bucket as (
            select bucket.*, {IS_COMPLETE} as is_complete
            from ({SELECTED_PIECES}) as bucket
            cross join energy_setting as setting
        ), band as (
            select band_celsius, grouping(band_celsius) = 1 as is_total, {SUMS}
            from bucket
            group by grouping sets ((band_celsius), ())
            having sum(intervals) > 0
        ), touched as (
            select band_celsius, is_total, {touched}
            from (
                select distinct band_celsius, false as is_total, {TRIP}
                from bucket
                where intervals > 0
                union all
                -- A trip may touch several bands, but counts once in the total.
                select distinct null::smallint, true, {TRIP}
                from bucket
                where intervals > 0
            ) as trip
            group by band_celsius, is_total
        ), heat as (
            select band_celsius, grouping(band_celsius) = 1 as is_total, {SOURCES}
            from {driven}
            group by grouping sets ((band_celsius), ())
        )
        select
            band.*,
            has_enough_data(band.trips, band.energy_seconds, band.paired_km) as has_enough_data,
            heat.heat_sources,
            touched.trips_incomplete,
            least(touched.coverage, band.unflagged_share, touched.distance_share) as completeness
        from band
        join touched on touched.is_total = band.is_total
            and touched.band_celsius is not distinct from band.band_celsius
        left join heat on heat.is_total = band.is_total
            and heat.band_celsius is not distinct from band.band_celsius"
    )
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
