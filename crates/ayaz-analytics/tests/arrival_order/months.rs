//! Months in memory, as the statement `month_trips` finds their trips.

use std::collections::BTreeSet;

use ayaz_analytics::months;
use ayaz_store::analytics::{Activity, Month, MonthTrip, Session};
use jiff::civil::Date;

/// The months in which trips among the sessions began.
pub(crate) fn of<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> BTreeSet<Date> {
    let trips = sessions.into_iter().filter(|s| s.kind == Activity::Trip);
    trips
        .map(|trip| trip.service_day.first_of_month())
        .collect()
}

/// The month, from all sessions, which are in their order.
pub(crate) fn sum(sessions: &[Session], month: Date) -> Month {
    let mut trips: Vec<MonthTrip> = Vec::new();
    for (index, trip) in sessions.iter().enumerate() {
        if trip.kind != Activity::Trip || trip.service_day.first_of_month() != month {
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
        trips.extend(trip.bands.iter().map(|band| MonthTrip {
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
    months::sum(&trips)
}
