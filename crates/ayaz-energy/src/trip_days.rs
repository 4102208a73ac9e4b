//! A vehicle's service day, from the trips that began on it. The database adds days up to months
//! and seasons. Every figure lies on a grid ([`exact`]), so the order does not matter.

use std::collections::BTreeMap;

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

use crate::energy::Energy;
use crate::exact;

/// Missing energy would make the battery look smaller. So only trips with at least this share of
/// their time measured show the usable energy, 0 to 1.
const MEASURED_SHARE_MIN: f64 = 0.95;

/// One band of a trip: a row of `trip_band`, and the needed columns of its row of `session`.
#[derive(Debug, Clone, PartialEq)]
pub struct DayTripBand {
    /// The day on which the trip began.
    pub service_day: Date,
    /// Start of the trip.
    pub started_at: UnixMicroseconds,
    /// Its number among trips with the same start.
    pub number: i32,
    /// Its last sample.
    pub ended_at: UnixMicroseconds,
    /// The whole trip's time covered, s.
    pub trip_seconds: f64,
    /// The part with energy measured, s.
    pub trip_energy_seconds: f64,
    /// The part with speed measured, s.
    pub trip_distance_seconds: f64,
    /// The whole trip's net energy, kWh.
    pub trip_net_kwh: f64,
    /// The whole trip's distance, km.
    pub trip_km: f64,
    /// The share of its time on a plug, 0 to 1.
    pub plugged_in_share: f64,
    /// State of charge at its first sample that has one, %.
    pub soc_start_percent: Option<f64>,
    /// The same of its last sample.
    pub soc_end_percent: Option<f64>,
    /// Odometer at its first sample that has one, km.
    pub odometer_start_km: Option<f64>,
    /// The same of its last sample.
    pub odometer_end_km: Option<f64>,
    /// The band; `None` is unknown.
    pub band_celsius: Option<i16>,
    /// Intervals of the trip in the band.
    pub intervals: i64,
    /// Their sums.
    pub energy: Energy,
}

impl DayTripBand {
    /// How far the state of charge fell, %; `None` if the trip was charged on the way.
    fn soc_drop_percent(&self) -> Option<f64> {
        let start = self
            .soc_start_percent
            .filter(|_| self.plugged_in_share == 0.0);
        Some(exact::fine(start? - self.soc_end_percent?))
    }

    /// The trip's distance, integrated and by the odometer, km; `None` if either is missing.
    fn distances_km(&self) -> Option<(f64, f64)> {
        let km = (self.trip_distance_seconds > 0.0).then_some(self.trip_km)?;
        Some((km, self.odometer_end_km? - self.odometer_start_km?))
    }
}

/// One row of `day_band`, without its key.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "the columns of `day_band`, described there")]
pub struct DayBand {
    pub band_celsius: Option<i16>,
    pub trips: i64,
    pub intervals: i64,
    pub energy: Energy,
    pub trip_duration_seconds: f64,
    pub trip_seconds: f64,
    pub trip_km: f64,
    pub trip_odometer_km: f64,
}

/// The trips of a vehicle's service day.
#[derive(Debug, Clone, PartialEq)]
pub struct TripDay {
    /// The day on which they began.
    pub service_day: Date,
    /// Its bands, sorted.
    pub bands: Vec<DayBand>,
    /// State of charge (%) and energy (kWh) of the trips that show the usable energy.
    pub charge: Option<(f64, f64)>,
}

/// Adds up the trips, which are sorted by day and start: one sum for each day, one row for each
/// band.
pub fn sum(trips: &[DayTripBand]) -> Vec<TripDay> {
    trips
        .chunk_by(|a, b| a.service_day == b.service_day)
        .filter_map(sum_day)
        .collect()
}

/// `None` without trips.
fn sum_day(trips: &[DayTripBand]) -> Option<TripDay> {
    let service_day = trips.first()?.service_day;
    let mut bands: BTreeMap<Option<i16>, DayBand> = BTreeMap::new();
    let mut charge: Option<(f64, f64)> = None;
    let mut last = None;
    // Bands in which the current trip was counted.
    let mut counted: Vec<Option<i16>> = Vec::new();
    for trip in trips {
        let duration = trip.ended_at.seconds_since(trip.started_at);
        if last != Some((trip.started_at, trip.number)) {
            last = Some((trip.started_at, trip.number));
            counted.clear();
            if let Some((percent, kwh)) = consumption(trip, duration) {
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
            if let Some((km, odometer_km)) = trip.distances_km() {
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

/// Consumption of the trip, % and kWh, if both are completely measured.
fn consumption(trip: &DayTripBand, duration: f64) -> Option<(f64, f64)> {
    let percent = trip.soc_drop_percent()?;
    let measured = trip.trip_seconds >= MEASURED_SHARE_MIN * duration
        && trip.trip_energy_seconds >= MEASURED_SHARE_MIN * trip.trip_seconds;
    (measured && trip.trip_seconds > 0.0).then_some((percent, trip.trip_net_kwh))
}
