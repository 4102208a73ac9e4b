//! The trips of the bands: one dot per trip, and their spread.

use std::collections::{BTreeMap, HashMap, HashSet};

use ayaz_model::temperature_band::lower_edge_celsius;
use ayaz_store::reports::{FigureSettings, TripRange};

use super::super::super::super::threshold::Threshold;

/// Most dots of one group in one band. More would hide each other and make the file large.
const DOTS_MAX: usize = 40;
/// Share of the trips below and above a spread.
const TAIL: f64 = 0.1;

/// One trip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Dot {
    /// Mean exterior temperature, °C.
    pub(in super::super) celsius: f64,
    pub(in super::super) range_km: f64,
    /// Its band has too little data for a range.
    pub(in super::super) is_thin: bool,
    /// It was driven with a cold cabin.
    pub(in super::super) is_cold: bool,
}

/// From the 10th to the 90th percentile of the trips with a mean temperature in a band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Spread {
    pub(in super::super) low_km: f64,
    pub(in super::super) high_km: f64,
}

/// Trips without a dot, each counted once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct LeftOut {
    /// Too short for a consumption figure.
    pub(in super::super) short: usize,
    pub(in super::super) without_temperature: usize,
    pub(in super::super) without_usable_energy: usize,
    /// No energy used, or none measured.
    pub(in super::super) without_consumption: usize,
    /// Omitted because there are too many dots.
    pub(in super::super) crowded: usize,
    pub(in super::super) above_axis: usize,
}

/// Requirements for a trip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) threshold: Threshold,
    pub(super) settings: FigureSettings,
}

/// The trips of one group.
pub(super) struct TripsOfGroup {
    pub(super) dots: Vec<Dot>,
    /// Trips that are in no figure.
    pub(super) incomplete: Vec<Dot>,
    /// Spreads by lower edge, °C, of bands with enough trips.
    pub(super) spreads: HashMap<i16, Spread>,
}

/// Places the trips of a group, in the order of their start. Spreads use all complete trips. In
/// crowded bands, only every second or third dot is drawn, and so on.
pub(super) fn place(
    trips: &[&TripRange],
    rules: Rules,
    thin: &HashSet<i16>,
    left_out: &mut LeftOut,
) -> TripsOfGroup {
    let (incomplete, complete): (Vec<_>, Vec<_>) = trips
        .iter()
        .copied()
        .partition(|trip| rules.threshold.is_missed_by(trip.completeness));
    let mut placed = TripsOfGroup {
        dots: Vec::new(),
        incomplete: Vec::new(),
        spreads: HashMap::new(),
    };
    for (edge, dots) in by_band(&complete, rules, thin, left_out) {
        if let Some(spread) = spread(&dots, rules) {
            placed.spreads.insert(edge, spread);
        }
        placed.dots.extend(thinned(&dots, left_out));
    }
    for dots in by_band(&incomplete, rules, thin, left_out).values() {
        placed.incomplete.extend(thinned(dots, left_out));
    }
    placed
}

/// The trips that can be placed, by the lower edge of their band.
fn by_band(
    trips: &[&TripRange],
    rules: Rules,
    thin: &HashSet<i16>,
    left_out: &mut LeftOut,
) -> BTreeMap<i16, Vec<Dot>> {
    let mut by_band: BTreeMap<i16, Vec<Dot>> = BTreeMap::new();
    for trip in trips {
        if let Some((celsius, range_km)) = point(trip, rules, left_out) {
            let edge = lower_edge_celsius(celsius);
            by_band.entry(edge).or_default().push(Dot {
                celsius,
                range_km,
                is_thin: thin.contains(&edge),
                is_cold: trip.is_cabin_cold == Some(true),
            });
        }
    }
    by_band
}

/// At most [`DOTS_MAX`] dots of a band. There is at least one dot.
fn thinned<'a>(dots: &'a [Dot], left_out: &mut LeftOut) -> impl Iterator<Item = Dot> + use<'a> {
    let drawn = dots.iter().step_by(dots.len().div_ceil(DOTS_MAX));
    left_out.crowded += dots.len() - drawn.len();
    drawn.copied()
}

/// The position of a trip, °C and km. Counts the reason if there is none.
fn point(trip: &TripRange, rules: Rules, left_out: &mut LeftOut) -> Option<(f64, f64)> {
    let range = trip.range_km().filter(|range| range.is_finite());
    let celsius = trip
        .exterior_temperature_mean_celsius
        .filter(|celsius| celsius.is_finite());
    let count = if trip.paired_km < rules.settings.band_km_min {
        &mut left_out.short
    } else if celsius.is_none() {
        &mut left_out.without_temperature
    } else if trip.usable_energy_kwh.is_none() {
        &mut left_out.without_usable_energy
    } else if range.is_none() {
        &mut left_out.without_consumption
    } else {
        return celsius.zip(range);
    };
    *count += 1;
    None
}

fn spread(dots: &[Dot], rules: Rules) -> Option<Spread> {
    let mut ranges: Vec<f64> = dots.iter().map(|dot| dot.range_km).collect();
    ranges.sort_by(f64::total_cmp);
    let enough =
        i32::try_from(ranges.len()).is_ok_and(|trips| trips >= rules.settings.band_trips_min);
    Some(Spread {
        low_km: percentile(&ranges, TAIL)?,
        high_km: percentile(&ranges, 1.0 - TAIL)?,
    })
    .filter(|_| enough)
}

/// Percentile of sorted values, with linear interpolation.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let position = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (position.floor(), position.ceil());
    let (low, high) = (sorted.get(below as usize)?, sorted.get(above as usize)?);
    Some(low + (high - low) * (position - below))
}

#[cfg(test)]
mod tests {
    use super::super::super::super::super::samples::SETTINGS;
    use super::*;

    #[test]
    fn percentiles_are_interpolated() {
        let values: Vec<f64> = (0..=10).map(f64::from).collect();
        for (share, expected) in [(0.0, 0.0), (0.1, 1.0), (0.25, 2.5), (0.9, 9.0), (1.0, 10.0)] {
            assert_eq!(percentile(&values, share), Some(expected));
        }
        assert_eq!(percentile(&[7.0], 0.9), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }

    fn rules() -> Rules {
        Rules {
            threshold: Threshold::parse("90%").unwrap(),
            settings: SETTINGS,
        }
    }

    fn trip(celsius: f64, kwh_per_km: f64) -> TripRange {
        TripRange {
            group: "a".into(),
            vehicle_id: 1,
            began_at: "2026-01-10T06:00:00Z".parse().unwrap(),
            exterior_temperature_mean_celsius: Some(celsius),
            paired_km: 40.0,
            kwh_per_km: Some(kwh_per_km),
            usable_energy_kwh: Some(300.0),
            is_cabin_cold: None,
            completeness: Some(1.0),
            measured_seconds: 3500.0,
            duration_seconds: 3600.0,
        }
    }

    #[test]
    fn every_trip_is_a_dot_or_counted() {
        let mut trips = vec![
            trip(-21.0, 2.0),
            TripRange {
                paired_km: rules().settings.band_km_min - 0.1,
                exterior_temperature_mean_celsius: None,
                ..trip(0.0, 1.0)
            },
            TripRange {
                exterior_temperature_mean_celsius: None,
                ..trip(0.0, 1.0)
            },
            TripRange {
                usable_energy_kwh: None,
                ..trip(0.0, 1.0)
            },
            trip(0.0, -0.1),
            TripRange {
                kwh_per_km: None,
                ..trip(0.0, 1.0)
            },
        ];
        trips.extend((0..200).map(|n| trip(12.0, 1.0 + 0.001 * f64::from(n))));
        let mut left_out = LeftOut::default();
        let placed = place(
            &trips.iter().collect::<Vec<_>>(),
            rules(),
            &HashSet::from([-22]),
            &mut left_out,
        );
        let expected = Dot {
            celsius: -21.0,
            range_km: 150.0,
            is_thin: true,
            is_cold: false,
        };
        assert_eq!(placed.dots[0], expected);
        let counted = LeftOut {
            short: 1,
            without_temperature: 1,
            without_usable_energy: 1,
            without_consumption: 2,
            crowded: 160,
            above_axis: 0,
        };
        assert_eq!(left_out, counted);
        assert_eq!(placed.dots.len(), 1 + 200 - 160);
        // One trip has no spread. The other spread is of all 200 trips, not only of those with
        // dots.
        assert_eq!(placed.spreads.len(), 1);
        let spread = placed.spreads[&10];
        assert!((spread.low_km - 300.0 / 1.1791).abs() < 0.01, "{spread:?}");
        assert!((spread.high_km - 300.0 / 1.0199).abs() < 0.01, "{spread:?}");
    }

    #[test]
    fn an_incomplete_trip_is_a_separate_dot_and_in_no_spread() {
        let mut trips: Vec<TripRange> = (0..3).map(|_| trip(12.0, 1.0)).collect();
        for completeness in [Some(0.8), None] {
            trips.push(TripRange {
                completeness,
                ..trip(12.0, 3.0)
            });
        }
        let placed = place(
            &trips.iter().collect::<Vec<_>>(),
            rules(),
            &HashSet::new(),
            &mut LeftOut::default(),
        );
        assert_eq!((placed.dots.len(), placed.incomplete.len()), (3, 2));
        assert_eq!(placed.spreads[&10].low_km, 300.0);
        assert!(placed.incomplete.iter().all(|dot| dot.range_km == 100.0));
    }
}
