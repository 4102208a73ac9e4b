//! Range against temperature, by bus, model or route.

use tokio_postgres::{Client, Row};

use super::heat::SOURCES;
use super::selection::{IS_COMPLETE, SELECTED_PIECES, USABLE_ENERGY};
use super::sums::SUMS;
use super::touched::{self, TRIP};
use super::{Band, EnergySums, HeatSources, TripSelection, heat};
use crate::error::StoreError;

/// What the rows of a range report are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeGroup {
    /// Each vehicle, as `fleet/vehicle`.
    Bus,
    /// Each model; vehicles without one are together.
    Model,
    /// Each route of each fleet, as `fleet/route`; what was driven on none is together.
    Route,
}

impl RangeGroup {
    /// The group's name, of a piece.
    pub(super) fn expression(self) -> &'static str {
        match self {
            Self::Bus => "fleet || '/' || vehicle",
            Self::Model => "coalesce(model, 'unknown model')",
            Self::Route => "fleet || '/' || coalesce(route, 'no route')",
        }
    }
}

/// One band of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeBand {
    /// The bus, model or route.
    pub group: String,
    /// The band.
    pub band: Band,
    /// Trips with at least one interval in it, without those that are left out.
    pub trips: i64,
    /// Trips that touch it and are less complete than was asked for. They are in no figure here.
    pub trips_left_out: i64,
    /// How far the figures can be trusted, 0 to 1: the least of `coverage`, time without doubts, and
    /// distance against the odometer.
    pub completeness: Option<f64>,
    /// Vehicles with at least one interval in it.
    pub vehicles: i64,
    /// Those of them whose usable energy is known: what the range rests on.
    pub range_vehicles: i64,
    /// What heats them: ranges of buses with different ones do not compare.
    pub heat_sources: HeatSources,
    /// Usable energy, the mean of those vehicles by distance, kWh.
    pub usable_energy_kwh: Option<f64>,
    /// Where that is from: `model` or `vehicle` (what the operator says), `soc` (an estimate), or
    /// `mixed` (some of it is an estimate).
    pub usable_energy_source: Option<String>,
    /// Range from full to empty at the measured consumption of those vehicles, km.
    pub range_km: Option<f64>,
    /// Share of the duration of the trips that touch the band which was measured, 0 to 1. Time that
    /// is missing has no temperature, so it can be told by trip only.
    pub coverage: Option<f64>,
    /// What was used.
    pub energy: EnergySums,
}

/// The selected trips by group and band: each group's bands ascending, then unknown if there is any.
/// Trips less complete than `completeness_min` (0 to 1) are left out and counted; a band of which
/// nothing else is left is there, without figures.
pub async fn range_by_band(
    client: &Client,
    group: RangeGroup,
    selection: &TripSelection,
    completeness_min: f64,
) -> Result<Vec<RangeBand>, StoreError> {
    let mut parameters = selection.parameters().to_vec();
    parameters.push(&completeness_min);
    let rows = client
        .query(&statement(group), &parameters)
        .await
        .map_err(|error| StoreError::from_driver("read range by temperature", error))?;
    let mut bands: Vec<RangeBand> = rows
        .iter()
        .map(|row| RangeBand {
            group: row.get("name"),
            band: row
                .get::<_, Option<i16>>("band_celsius")
                .map_or(Band::Unknown, Band::From),
            trips: count("trips", row),
            trips_left_out: count("trips_incomplete", row),
            completeness: row.get("completeness"),
            vehicles: count("vehicles", row),
            range_vehicles: count("range_vehicles", row),
            heat_sources: heat::sources(row),
            usable_energy_kwh: row.get("usable_energy_kwh"),
            usable_energy_source: row.get("usable_energy_source"),
            range_km: row.get("range_km"),
            coverage: row.get("coverage"),
            energy: EnergySums::from_row(row),
        })
        .collect();
    bands.sort_by(|a, b| (&a.group, a.band).cmp(&(&b.group, b.band)));
    Ok(bands)
}

/// Zero where all trips of the band are left out.
fn count(column: &str, row: &Row) -> i64 {
    row.get::<_, Option<i64>>(column).unwrap_or(0)
}

/// Products are summed as decimal numbers, exactly, so that the order of rows does not show in the last
/// bit; all else lies on a grid anyway.
///
/// Range is usable energy over consumption, both of the vehicles whose usable energy is known: with
/// the mean of the usable energies weighted by distance, the distance cancels out.
fn statement(group: RangeGroup) -> String {
    let name = group.expression();
    let touched = touched::sums("is_complete");
    let driven = heat::driven("name, band_celsius", "is_complete");
    format!(
        "-- range_by_band
        with piece as (
            select
                piece.*,
                {name} as name,
                coalesce(own.usable_energy_kwh, usable.usable_energy_kwh) as usable_energy_kwh,
                case when own.usable_energy_kwh is not null then 'vehicle'
                    else usable.usable_energy_source
                end as usable_energy_source,
                {IS_COMPLETE} as is_complete
            from ({SELECTED_PIECES}) as piece
            {USABLE_ENERGY}
        ), band as (
            select
                name,
                band_celsius,
                count(distinct vehicle_id) filter (where intervals > 0) as vehicles,
                count(distinct vehicle_id)
                    filter (where intervals > 0 and usable_energy_kwh is not null)
                    as range_vehicles,
                sum((usable_energy_kwh * paired_km)::numeric)::double precision
                    / nullif(sum(paired_km) filter (where usable_energy_kwh is not null), 0)
                    as usable_energy_kwh,
                case
                    when bool_or(usable_energy_source = 'soc')
                        and bool_or(usable_energy_source <> 'soc') then 'mixed'
                    else min(usable_energy_source)
                end as usable_energy_source,
                case
                    when sum(paired_net_kwh) filter (where usable_energy_kwh is not null) > 0
                        and sum(paired_km) filter (where usable_energy_kwh is not null) > 0
                    then sum((usable_energy_kwh * paired_km)::numeric)::double precision
                        / sum(paired_net_kwh) filter (where usable_energy_kwh is not null)
                end as range_km,
                {SUMS}
            from piece
            where is_complete
            group by name, band_celsius
            having sum(intervals) > 0
        ), touched as (
            select name, band_celsius, {touched}
            from (select distinct name, band_celsius, {TRIP} from piece where intervals > 0) as trip
            group by name, band_celsius
        ), heat as (
            select name, band_celsius, {SOURCES}
            from {driven}
            group by name, band_celsius
        )
        select
            touched.*,
            band.*,
            heat.heat_sources,
            least(touched.coverage, band.trusted_share, touched.distance_share) as completeness
        from touched
        left join band on band.name = touched.name
            and band.band_celsius is not distinct from touched.band_celsius
        left join heat on heat.name = touched.name
            and heat.band_celsius is not distinct from touched.band_celsius"
    )
}
