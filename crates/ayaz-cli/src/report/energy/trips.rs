//! Energy by trip.

use ayaz_store::reports::TripEnergy;

use super::super::columns::{COMFORT, HEAT_SHARES, SUMS};
use super::super::legend::{COMPLETE, COMPLETE_MEANING, Legend};
use super::super::threshold::{Threshold, completeness};
use super::super::{cold, split};
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::number::number;
use crate::output::sheet::{Columns, Sheet};
use crate::output::table::{Table, figure, name, text};

pub(super) fn trip_sheet(trips: &[TripEnergy], threshold: Threshold) -> Sheet {
    Columns::<TripEnergy>::new()
        .with("vehicle", |it| it.vehicle.clone())
        .with("started_at", |it| it.started_at)
        .with("ended_at", |it| it.ended_at)
        .with_energy(SUMS, |it| &it.energy)
        .with("exterior_temperature_mean_celsius", |it| {
            it.energy.exterior_temperature_mean_celsius
        })
        .with("soc_start_percent", |it| it.soc_start_percent)
        .with("soc_end_percent", |it| it.soc_end_percent)
        .with("coverage", |it| it.coverage)
        .with("fleet", |it| it.fleet.clone())
        .with("model", |it| it.model.clone())
        .with("drive_cycle", |it| it.drive_cycle)
        .with("route", |it| it.route.clone())
        .with("odometer_km", |it| it.odometer_km)
        .with_components(|it| &it.energy)
        .with("completeness", |it| it.completeness)
        .with("is_below_threshold", |it| {
            threshold.is_missed_by(it.completeness)
        })
        .with_energy(HEAT_SHARES, |it| &it.energy)
        .with_energy(COMFORT, |it| &it.energy)
        .sheet(trips)
}

pub(super) fn trip_table(trips: &[TripEnergy], threshold: Threshold, look: Look) -> String {
    let mut columns = vec![
        name("vehicle"),
        text("began (UTC)", 0),
        figure("min", 4),
        figure("km", 0),
        figure("net kWh", 3),
        figure("regen kWh", 7),
        figure("kWh/km", 0),
    ];
    columns.extend(split::COLUMNS);
    columns.extend([
        figure("outside °C", 2),
        figure("SoC %", 6),
        figure(COMPLETE, 1),
    ]);
    let mut table = Table::new(columns);
    for trip in trips {
        let cells = trip_cells(trip, threshold);
        if threshold.is_missed_by(trip.completeness) {
            table.add_dim_row(cells);
        } else {
            table.add_row(cells);
        }
    }
    let below = trips
        .iter()
        .filter(|trip| threshold.is_missed_by(trip.completeness))
        .count();
    let energies = || trips.iter().map(|trip| &trip.energy);
    let mut legend = Legend::new(&table, look);
    legend.counts(trips.len(), "trip", below, threshold);
    legend.heading(COMPLETE, COMPLETE_MEANING);
    legend.regen(energies());
    legend.lines(cold::note(energies()));
    legend.lines(split::notes(&table, look, energies()));
    with_notes(&table, legend.into_lines("not measured."), look)
}

fn trip_cells(trip: &TripEnergy, threshold: Threshold) -> Vec<String> {
    let energy = &trip.energy;
    let soc = |percent: Option<f32>| number(percent.map(f64::from), 1);
    let mut cells = vec![
        format!("{}/{}", trip.fleet, trip.vehicle),
        trip.started_at.strftime("%Y-%m-%d %H:%M").to_string(),
        number(Some(energy.seconds / 60.0), 1),
        number(energy.km, 1),
        number(energy.net_kwh, 2),
        number(energy.regen_kwh, 2),
        number(energy.kwh_per_km, 3) + cold::mark(energy),
    ];
    cells.extend(split::cells(energy));
    cells.extend([
        number(energy.exterior_temperature_mean_celsius, 1),
        format!(
            "{} → {}",
            soc(trip.soc_start_percent),
            soc(trip.soc_end_percent)
        ),
        completeness(trip.completeness, threshold),
    ]);
    cells
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{self, energy};
    use super::*;

    #[test]
    fn by_trip_starts_with_the_fixed_columns() {
        let trip = TripEnergy {
            fleet: "munich".to_owned(),
            vehicle: "i3".to_owned(),
            model: None,
            drive_cycle: Some(7),
            route: None,
            started_at: "2019-06-25T11:21:14Z".parse().unwrap(),
            ended_at: "2019-06-25T13:21:14Z".parse().unwrap(),
            coverage: Some(1.0),
            completeness: Some(0.4),
            soc_start_percent: Some(86.9),
            soc_end_percent: Some(81.5),
            odometer_km: None,
            energy: energy(),
        };
        let csv = trip_sheet(std::slice::from_ref(&trip), samples::threshold())
            .to_csv()
            .unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines[0].starts_with(
            "vehicle,started_at,ended_at,seconds,km,net_kwh,discharge_kwh,regen_kwh,kwh_per_km,\
             heater_kwh,heater_base_kwh,heater_share,exterior_temperature_mean_celsius,\
             soc_start_percent,soc_end_percent,coverage,"
        ));
        assert!(lines[1].starts_with(
            "i3,2019-06-25T11:21:14Z,2019-06-25T13:21:14Z,7200,40,60,70,10,1.5,15,30,0.5,,86.9,\
             81.5,1,munich,,7,,"
        ));
        let table = trip_table(&[trip], samples::threshold(), Look::default());
        assert!(
            table.contains("86.9 → 81.5") && table.contains(" 40* "),
            "{table}"
        );
        assert!(
            table.contains("1 trip, 1 of them (*) less than 90 %"),
            "{table}"
        );
    }
}
