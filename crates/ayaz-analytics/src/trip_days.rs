//! A vehicle's service day, from the trips that began on it. Months and seasons are sums of days, which
//! the database adds up: every figure lies on a grid ([`exact`]), so the order does not show.

use std::collections::BTreeMap;

use ayaz_energy::trip_days::{DayBand, DayTripBand, TripDay};

use crate::exact;

/// Energy that is missing would make the battery look smaller: only trips with at least this share
/// of their time measured tell of it, 0 to 1.
const MEASURED_SHARE_MIN: f64 = 0.95;

/// Sums the trips, which are in the order of their days and of their start: a sum for each day, a row for
/// each band.
pub fn sum(trips: &[DayTripBand]) -> Vec<TripDay> {
    trips
        .chunk_by(|a, b| a.service_day == b.service_day)
        .filter_map(sum_day)
        .collect()
}

/// `None` is without trips.
fn sum_day(trips: &[DayTripBand]) -> Option<TripDay> {
    let service_day = trips.first()?.service_day;
    let mut bands: BTreeMap<Option<i16>, DayBand> = BTreeMap::new();
    let mut charge: Option<(f64, f64)> = None;
    let mut last = None;
    // Bands in which the present trip was counted.
    let mut counted: Vec<Option<i16>> = Vec::new();
    for trip in trips {
        let duration = trip.ended_at.seconds_since(trip.started_at);
        if last != Some((trip.started_at, trip.number)) {
            last = Some((trip.started_at, trip.number));
            counted.clear();
            if let Some((percent, kwh)) = drop_of(trip, duration) {
                let (percents, kwhs) = charge.get_or_insert_default();
                *percents += percent;
                *kwhs += kwh;
            }
        }
        if trip.intervals == 0 {
            continue;
        }
        let band = bands.entry(trip.band_celsius).or_default();
        band.band_celsius = trip.band_celsius;
        band.intervals += trip.intervals;
        band.energy.merge(&trip.energy);
        if !counted.contains(&trip.band_celsius) {
            counted.push(trip.band_celsius);
            band.trips += 1;
            band.trip_duration_seconds += exact::coarse(duration);
            band.trip_seconds += trip.trip_seconds;
            if let Some((km, odometer_km)) = trip.trip_km {
                band.trip_km += km;
                band.trip_odometer_km += exact::fine(odometer_km);
            }
        }
    }
    Some(TripDay {
        service_day,
        bands: bands.into_values().collect(),
        charge,
    })
}

/// What the trip took, in % and kWh, if both are known throughout.
fn drop_of(trip: &DayTripBand, duration: f64) -> Option<(f64, f64)> {
    let (start, end) = trip.soc_percent?;
    let measured = trip.trip_seconds >= MEASURED_SHARE_MIN * duration
        && trip.trip_energy_seconds >= MEASURED_SHARE_MIN * trip.trip_seconds;
    let percent = exact::fine(start - end);
    (measured && trip.trip_seconds > 0.0).then_some((percent, trip.trip_net_kwh))
}
