//! The numbers of the chart, computed before drawing.

mod choice;
mod trips;

use std::collections::{BTreeMap, HashSet};

use ayaz_model::temperature_band::{lower_edge_celsius, width_celsius};
use ayaz_store::reports::{Band, FigureSettings, RangeBand, TripRange};
use jiff::Timestamp;

pub(super) use self::choice::Choice;
pub(super) use self::trips::{Dot, LeftOut, Spread};
use self::trips::{Rules, TripsOfGroup, place};
use super::super::super::heat;
use super::super::super::threshold::Threshold;
use super::super::Ranges;
use crate::output::printable::printable;

/// Least span of the temperature axis, so that a single band does not fill the page, °C.
const SPAN_MIN_CELSIUS: i16 = 20;
/// Ranges above the highest band times this factor do not extend the axis: a trip down a long hill
/// has an unlimited range. The notes count such trips.
const OVER_BANDS_MAX: f64 = 1.4;
/// The same factor for the median trip. A group may have trips but no band with a range.
const OVER_MEDIAN_MAX: f64 = 2.5;

/// All data of the chart.
pub(super) struct Figures {
    /// The groups that are shown, and those that are not.
    pub(super) choice: Choice,
    /// In the order of the legend.
    pub(super) groups: Vec<Group>,
    /// Lower edges of the axis's bands, ascending and without gaps, °C.
    pub(super) edges: Vec<i16>,
    /// Upper end of the range axis, km.
    pub(super) top_km: f64,
    pub(super) left_out: LeftOut,
    /// The note about incomplete trips, if there are any.
    pub(super) incomplete: Option<String>,
    /// The required completeness of a trip.
    pub(super) threshold: Threshold,
    pub(super) settings: FigureSettings,
    pub(super) basis: Basis,
    /// True if a shown group has a metered fuel heater.
    pub(super) burns_fuel: bool,
    /// The note about bands with different heat sources, if there are any.
    pub(super) heat: Option<String>,
    /// The note about hours that wait for the worker, if there are any.
    pub(super) backlog: Option<String>,
}

/// One bus, model or route.
pub(super) struct Group {
    /// The name as shown: [`printable`].
    pub(super) name: String,
    /// By lower edge, °C.
    pub(super) bands: BTreeMap<i16, BandFigures>,
    pub(super) dots: Vec<Dot>,
    /// Incomplete trips, which are in no figure.
    pub(super) incomplete: Vec<Dot>,
    /// Smallest and largest usable energy of its ranges, kWh.
    pub(super) usable_kwh: Option<(f64, f64)>,
    /// Source of the usable energy: `model`, `soc` or `mixed`.
    pub(super) usable_source: Option<String>,
    pub(super) buses: usize,
    /// Share of its trips' time that was measured, 0 to 1.
    pub(super) coverage: Option<f64>,
}

/// One band of one group.
pub(super) struct BandFigures {
    /// `None` if there is too little data, or if the usable energy is unknown.
    pub(super) range_km: Option<f64>,
    /// Loss as a share of the mild-weather range.
    pub(super) loss: Option<f64>,
    pub(super) trips: i64,
    pub(super) trips_left_out: i64,
    pub(super) hours: f64,
    /// There is too little data for a range.
    pub(super) is_thin: bool,
    /// Driven with a cold cabin.
    pub(super) is_cold: bool,
    /// Its buses have different heat sources.
    pub(super) is_mixed: bool,
    pub(super) spread: Option<Spread>,
}

/// The data behind all figures.
#[derive(Default)]
pub(super) struct Basis {
    pub(super) trips: usize,
    pub(super) buses: usize,
    pub(super) km: f64,
    pub(super) hours: f64,
    pub(super) coverage: Option<f64>,
    /// First and last day (UTC) on which a trip started.
    pub(super) began: Option<(Timestamp, Timestamp)>,
}

impl Figures {
    pub(super) fn new(choice: Choice, ranges: &Ranges, trips: &[TripRange]) -> Self {
        let (rows, threshold) = (&ranges.rows, ranges.threshold);
        let rules = Rules {
            threshold,
            settings: ranges.settings,
        };
        let mut left_out = LeftOut::default();
        let groups: Vec<Group> = choice
            .shown
            .iter()
            .map(|name| {
                let rows = rows.iter().filter(|row| row.group == *name);
                let trips: Vec<&TripRange> =
                    trips.iter().filter(|trip| *trip.group == **name).collect();
                group(name, rows, &trips, rules, &mut left_out)
            })
            .collect();
        let top_km = top_km(&groups);
        for group in &groups {
            let dots = group.dots.iter().chain(&group.incomplete);
            let above = dots.filter(|dot| dot.range_km > top_km);
            left_out.above_axis += above.count();
        }
        Self {
            edges: edges(&groups),
            top_km,
            left_out,
            incomplete: ranges.left_out_note(),
            threshold,
            settings: ranges.settings,
            basis: basis(&choice, ranges, trips),
            heat: heat::note(
                rows.iter()
                    .filter(|row| choice.shown.contains(&row.group))
                    .map(|row| &row.heat_sources),
                "--by bus",
            ),
            backlog: ranges.backlog.clone(),
            burns_fuel: rows
                .iter()
                .any(|row| choice.shown.contains(&row.group) && row.energy.fuel_litres.is_some()),
            groups,
            choice,
        }
    }

    /// True if there is neither a band nor a trip with a range.
    pub(super) fn is_empty(&self) -> bool {
        self.groups.iter().all(|group| {
            group.dots.is_empty() && group.bands.values().all(|band| band.range_km.is_none())
        })
    }

    /// True if an incomplete trip has a dot.
    pub(super) fn has_incomplete(&self) -> bool {
        self.groups.iter().any(|group| !group.incomplete.is_empty())
    }

    /// True if a drawn range was driven with a cold cabin.
    pub(super) fn has_cold(&self) -> bool {
        let mut bands = self.groups.iter().flat_map(|group| group.bands.values());
        bands.any(|band| band.is_cold && band.range_km.is_some())
    }

    /// True if a trip with a dot was driven with a cold cabin.
    pub(super) fn has_cold_trip(&self) -> bool {
        let mut dots = self
            .groups
            .iter()
            .flat_map(|group| group.dots.iter().chain(&group.incomplete));
        dots.any(|dot| dot.is_cold && dot.range_km <= self.top_km)
    }

    pub(super) fn has_loss(&self) -> bool {
        let mut bands = self.groups.iter().flat_map(|group| group.bands.values());
        bands.any(|band| band.loss.is_some())
    }
}

fn group<'a>(
    name: &str,
    rows: impl Iterator<Item = &'a RangeBand>,
    trips: &[&TripRange],
    rules: Rules,
    left_out: &mut LeftOut,
) -> Group {
    let rows: Vec<(i16, &RangeBand)> = rows.filter_map(|row| Some((edge(row)?, row))).collect();
    let thin: HashSet<i16> = rows
        .iter()
        .filter(|(_, row)| !row.has_enough_data)
        .map(|(edge, _)| *edge)
        .collect();
    let TripsOfGroup {
        dots,
        incomplete,
        spreads,
    } = place(trips, rules, &thin, left_out);
    let complete = || {
        let is_complete = |trip: &&TripRange| !rules.threshold.is_missed_by(trip.completeness);
        trips.iter().copied().filter(is_complete)
    };
    let bands = rows
        .iter()
        .map(|&(edge, row)| (edge, band(row, spreads.get(&edge).copied())))
        .collect();
    let usable = || rows.iter().filter_map(|(_, row)| row.usable_energy_kwh);
    let mut sources: Vec<&str> = rows
        .iter()
        .filter_map(|(_, row)| row.usable_energy_source.as_deref())
        .collect();
    sources.sort_unstable();
    sources.dedup();
    Group {
        name: printable(name).into_owned(),
        bands,
        dots,
        incomplete,
        usable_kwh: usable().reduce(f64::min).zip(usable().reduce(f64::max)),
        usable_source: match *sources {
            [] => None,
            [source] => Some(source.to_owned()),
            _ => Some("mixed".to_owned()),
        },
        buses: buses(complete()),
        coverage: coverage(complete()),
    }
}

fn edge(band: &RangeBand) -> Option<i16> {
    match band.band {
        Band::From(edge) => Some(edge),
        Band::Unknown | Band::Total => None,
    }
}

fn band(row: &RangeBand, spread: Option<Spread>) -> BandFigures {
    let stated =
        |value: Option<f64>| value.filter(|value| row.has_enough_data && value.is_finite());
    BandFigures {
        range_km: stated(row.range_km),
        loss: stated(row.range_loss_share),
        trips: row.trips,
        trips_left_out: row.trips_left_out,
        hours: row.energy.seconds / 3600.0,
        is_thin: !row.has_enough_data,
        is_cold: row.energy.is_cabin_cold == Some(true),
        is_mixed: row.heat_sources.is_mixed(),
        spread: spread.filter(|_| row.has_enough_data),
    }
}

fn buses<'a>(trips: impl Iterator<Item = &'a TripRange>) -> usize {
    trips
        .map(|trip| trip.vehicle_id)
        .collect::<HashSet<_>>()
        .len()
}

fn coverage<'a>(trips: impl Iterator<Item = &'a TripRange>) -> Option<f64> {
    let (measured, duration) = trips.fold((0.0, 0.0), |(measured, duration), trip| {
        (
            measured + trip.measured_seconds,
            duration + trip.duration_seconds,
        )
    });
    (duration > 0.0).then(|| measured / duration)
}

fn basis(choice: &Choice, ranges: &Ranges, trips: &[TripRange]) -> Basis {
    let shown = || {
        let is_shown = |row: &&RangeBand| choice.shown.contains(&row.group);
        let rows = ranges.rows.iter().filter(is_shown);
        rows.map(|row| &row.energy)
    };
    let trips = || {
        let is_complete = |trip: &&TripRange| !ranges.threshold.is_missed_by(trip.completeness);
        trips.iter().filter(is_complete)
    };
    let began = || trips().map(|trip| trip.began_at);
    Basis {
        trips: trips().count(),
        buses: buses(trips()),
        km: shown().filter_map(|energy| energy.km).sum(),
        hours: shown().map(|energy| energy.seconds).sum::<f64>() / 3600.0,
        coverage: coverage(trips()),
        began: began().min().zip(began().max()),
    }
}

/// From the coldest to the warmest band with data, extended on both sides to the least span.
fn edges(groups: &[Group]) -> Vec<i16> {
    let mut used: Vec<i16> = groups
        .iter()
        .flat_map(|group| {
            let dots = group.dots.iter().chain(&group.incomplete);
            let dots = dots.map(|dot| lower_edge_celsius(dot.celsius));
            group.bands.keys().copied().chain(dots)
        })
        .collect();
    used.sort_unstable();
    let (Some(&first), Some(&last)) = (used.first(), used.last()) else {
        return Vec::new();
    };
    let (mut first, mut end) = (first, last + width_celsius(last));
    while end - first < SPAN_MIN_CELSIUS {
        first = lower_edge_celsius(f64::from(first) - 1.0);
        end += width_celsius(end);
    }
    let mut edges = vec![first];
    let mut next = first + width_celsius(first);
    while next < end {
        edges.push(next);
        next += width_celsius(next);
    }
    edges
}

/// The highest drawn value, rounded up, km.
fn top_km(groups: &[Group]) -> f64 {
    let bands = || groups.iter().flat_map(|group| group.bands.values());
    let highest_band = bands().filter_map(|band| band.range_km).fold(0.0, f64::max);
    let spreads = bands().filter_map(|band| band.spread.map(|spread| spread.high_km));
    let dots = groups.iter().flat_map(|group| &group.dots);
    let mut trips: Vec<f64> = dots.map(|dot| dot.range_km).collect();
    trips.sort_by(f64::total_cmp);
    let median = trips.get(trips.len().saturating_sub(1) / 2).copied();
    let limit = (highest_band * OVER_BANDS_MAX).max(median.unwrap_or(0.0) * OVER_MEDIAN_MAX);
    let within = spreads.chain(trips).filter(|km| *km <= limit);
    let needed = within.fold(highest_band, f64::max) * 1.05;
    let step = if needed > 200.0 { 50.0 } else { 10.0 };
    (needed / step).ceil().max(1.0) * step
}

#[cfg(test)]
mod tests;
