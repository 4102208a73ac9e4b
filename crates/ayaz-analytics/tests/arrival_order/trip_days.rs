//! Trips of days, as rows, and months, added up from days and from trips.

use std::collections::BTreeMap;

use ayaz_energy::sessions::Session;
use ayaz_energy::trip_days::{DayBand, DayTripBand, TripDay};
use ayaz_energy::{Activity, trip_days};
use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

/// A month's bands, in their order, and the charge.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Month {
    bands: BTreeMap<Option<i16>, DayBand>,
    charge: Option<(f64, f64)>,
}

impl Month {
    fn add(&mut self, day: &TripDay) {
        for of_day in &day.bands {
            let band = self.bands.entry(of_day.band_celsius).or_default();
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
            let (percents, kwhs) = self.charge.get_or_insert_default();
            *percents += percent;
            *kwhs += kwh;
        }
    }
}

/// The months of days.
pub(crate) fn months_of_days(days: &BTreeMap<Date, TripDay>) -> BTreeMap<Date, Month> {
    let mut months: BTreeMap<Date, Month> = BTreeMap::new();
    for (day, sum) in days {
        months.entry(day.first_of_month()).or_default().add(sum);
    }
    months
}

/// The months of trips, each trip as if it were a day: the result is the same.
pub(crate) fn months_of_trips(
    sessions: &BTreeMap<(UnixMicroseconds, i32), Session>,
) -> BTreeMap<Date, Month> {
    let mut trips = rows(sessions);
    for trip in &mut trips {
        trip.service_day = trip.service_day.first_of_month();
    }
    trips.sort_by_key(|trip| trip.service_day);
    let sums = trip_days::sum(&trips).into_iter();
    months_of_days(&sums.map(|sum| (sum.service_day, sum)).collect())
}

/// The rows of trips, band by band, in the order of sessions.
pub(crate) fn rows(sessions: &BTreeMap<(UnixMicroseconds, i32), Session>) -> Vec<DayTripBand> {
    let trips = sessions
        .iter()
        .filter(|(_, session)| session.kind == Activity::Trip);
    trips
        .flat_map(|(key, trip)| trip.bands.iter().map(move |band| (key.1, trip, band)))
        .map(|(number, trip, band)| DayTripBand {
            service_day: trip.service_day,
            started_at: trip.started_at,
            number,
            ended_at: trip.ended_at,
            trip_seconds: trip.energy.seconds,
            trip_energy_seconds: trip.energy.energy_seconds,
            trip_distance_seconds: trip.energy.distance_seconds,
            trip_net_kwh: trip.energy.net_kwh,
            trip_km: trip.energy.km,
            plugged_in_share: trip.plugged_in_share,
            soc_start_percent: trip.ends.soc_percent.first_value(),
            soc_end_percent: trip.ends.soc_percent.last_value(),
            odometer_start_km: trip.ends.odometer_km.first_value(),
            odometer_end_km: trip.ends.odometer_km.last_value(),
            band_celsius: band.band_celsius,
            intervals: band.intervals,
            energy: band.energy,
        })
        .collect()
}
