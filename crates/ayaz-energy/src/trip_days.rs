//! The trips of service days.

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

use crate::energy::Energy;

/// A trip of a service day, one band of it.
#[derive(Debug, Clone, PartialEq)]
pub struct DayTripBand {
    /// The day on which the trip began.
    pub service_day: Date,
    /// Of the trip.
    pub started_at: UnixMicroseconds,
    /// Its number among those that started at that instant.
    pub number: i32,
    /// Its last sample.
    pub ended_at: UnixMicroseconds,
    /// The whole trip's time covered, s.
    pub trip_seconds: f64,
    /// The part of it with energy measured, s.
    pub trip_energy_seconds: f64,
    /// The whole trip's net energy, kWh.
    pub trip_net_kwh: f64,
    /// State of charge at its first and last sample that has one, %; `None` also for a trip that was
    /// charged on the way.
    pub soc_percent: Option<(f64, f64)>,
    /// The whole trip's distance, integrated and by the odometer, km; `None` where one is missing.
    pub trip_km: Option<(f64, f64)>,
    /// The band; `None` is unknown.
    pub band_celsius: Option<i16>,
    /// Intervals of the trip in the band.
    pub intervals: i64,
    /// Their sums.
    pub energy: Energy,
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
    /// Its bands, in their order.
    pub bands: Vec<DayBand>,
    /// State of charge and energy of the trips that tell of the usable energy: percent and kWh.
    pub charge: Option<(f64, f64)>,
}
