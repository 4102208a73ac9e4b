//! Days of trips in memory, as the statement `day_trips` finds their trips, and months, as the statement
//! `add_up_days` adds them up.

use std::collections::{BTreeMap, BTreeSet};

use ayaz_energy::sessions::Session;
use ayaz_energy::trip_days::{DayBand, DayTripBand, TripDay};
use ayaz_energy::{Activity, trip_days};
use jiff::civil::Date;

/// A month's bands, in their order, and the charge.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Month {
    bands: BTreeMap<Option<i16>, DayBand>,
    charge: Option<(f64, f64)>,
}

impl Month {
    /// `None` is a month that has no rows.
    pub(crate) fn of_days<'a>(days: impl Iterator<Item = &'a TripDay>) -> Option<Self> {
        let mut month = Self::default();
        for day in days {
            for of_day in &day.bands {
                let band = month.bands.entry(of_day.band_celsius).or_default();
                band.band_celsius = of_day.band_celsius;
                band.trips += of_day.trips;
                band.intervals += of_day.intervals;
                band.energy.merge(&of_day.energy);
                band.trip_duration_seconds += of_day.trip_duration_seconds;
                band.trip_seconds += of_day.trip_seconds;
                band.trip_km += of_day.trip_km;
                band.trip_odometer_km += of_day.trip_odometer_km;
            }
            if let Some((percent, kwh)) = day.charge {
                let (percents, kwhs) = month.charge.get_or_insert_default();
                *percents += percent;
                *kwhs += kwh;
            }
        }
        (month != Self::default()).then_some(month)
    }
}

/// The service days on which trips among the sessions began.
pub(crate) fn of<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> BTreeSet<Date> {
    let trips = sessions.into_iter().filter(|s| s.kind == Activity::Trip);
    trips.map(|trip| trip.service_day).collect()
}

/// The days that are asked for, from all sessions, which are in their order.
pub(crate) fn sum(sessions: &[Session], is_asked: impl Fn(Date) -> bool) -> Vec<TripDay> {
    let mut trips = trips(sessions);
    trips.retain(|trip| is_asked(trip.service_day));
    trips.sort_by_key(|trip| trip.service_day);
    trip_days::sum(&trips)
}

/// The months, from all sessions, each as if it were one day: it comes to the same.
pub(crate) fn months(sessions: &[Session]) -> BTreeMap<Date, Month> {
    let mut trips = trips(sessions);
    for trip in &mut trips {
        trip.service_day = trip.service_day.first_of_month();
    }
    trips.sort_by_key(|trip| trip.service_day);
    let sums = trip_days::sum(&trips);
    let month = |sum: &TripDay| Some((sum.service_day, Month::of_days([sum].into_iter())?));
    sums.iter().filter_map(month).collect()
}

fn trips(sessions: &[Session]) -> Vec<DayTripBand> {
    let mut trips: Vec<DayTripBand> = Vec::new();
    for (index, trip) in sessions.iter().enumerate() {
        if trip.kind != Activity::Trip {
            continue;
        }
        let before = sessions[..index].iter().rev();
        let number = before
            .take_while(|s| s.started_at == trip.started_at)
            .count();
        let soc = trip.ends.soc_percent;
        let soc_start = soc.first_value().filter(|_| trip.plugged_in_share == 0.0);
        let km = (trip.energy.distance_seconds > 0.0).then_some(trip.energy.km);
        let odometer = trip.ends.odometer_km;
        let ends = odometer.last_value().zip(odometer.first_value());
        let odometer_km = ends.map(|(last, first)| last - first);
        trips.extend(trip.bands.iter().map(|band| DayTripBand {
            service_day: trip.service_day,
            started_at: trip.started_at,
            number: number as i32,
            ended_at: trip.ended_at,
            trip_seconds: trip.energy.seconds,
            trip_energy_seconds: trip.energy.energy_seconds,
            trip_net_kwh: trip.energy.net_kwh,
            soc_percent: soc_start.zip(soc.last_value()),
            trip_km: km.zip(odometer_km),
            band_celsius: band.band_celsius,
            intervals: band.intervals,
            energy: band.energy,
        }));
    }
    trips
}
