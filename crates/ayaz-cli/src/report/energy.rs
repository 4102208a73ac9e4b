//! `ayaz report energy`.

use anyhow::Result;
use ayaz_store::reports::{
    Band, BandEnergy, EnergySums, FigureSettings, TripEnergy, TripSelection, energy_by_band,
    energy_by_trip,
};
use clap::ValueEnum;
use tokio_postgres::Client;

use super::columns::{COMFORT, HEAT_SHARES, SUMS};
use super::legend::{COMPLETE, Legend};
use super::threshold::{Threshold, completeness};
use super::{Rendered, cold, heat, split};
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::number::number;
use crate::output::sheet::{Columns, Sheet};
use crate::output::table::{Table, figure, name, text};

/// What stands beside a band with too little data.
const FEW_DATA: &str = "few data";

const COMPLETE_MEANING: &str =
    "the least of time measured, time without flags and distance against the odometer.";

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// One trip, by start.
    Trip,
    /// One band of the exterior (air) temperature, not the pack's: 5 °C, and 2 °C below −20 °C.
    Temperature,
}

pub(super) async fn report(
    client: &Client,
    by: By,
    selection: &TripSelection,
    threshold: Threshold,
    settings: &FigureSettings,
    look: Look,
) -> Result<Rendered> {
    Ok(match by {
        By::Trip => {
            let trips = energy_by_trip(client, selection).await?;
            Rendered {
                sheet: trip_sheet(&trips, threshold),
                table: trip_table(&trips, threshold, look),
            }
        }
        By::Temperature => {
            let bands = energy_by_band(client, selection, threshold.share()).await?;
            Rendered {
                sheet: band_sheet(&bands, threshold),
                table: band_table(&bands, threshold, settings, look),
            }
        }
    })
}

fn trip_sheet(trips: &[TripEnergy], threshold: Threshold) -> Sheet {
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

fn band_sheet(bands: &[BandEnergy], threshold: Threshold) -> Sheet {
    Columns::<BandEnergy>::new()
        .with("band", |it| it.band.to_string())
        .with("trips", |it| it.trips)
        .with_energy(SUMS, |it| &it.energy)
        .with("exterior_temperature_mean_celsius", |it| {
            it.energy.exterior_temperature_mean_celsius
        })
        .with_components(|it| &it.energy)
        .with("completeness", |it| it.completeness)
        .with("is_below_threshold", |it| {
            threshold.is_missed_by(it.completeness)
        })
        .with("trips_incomplete", |it| it.trips_incomplete)
        .with_energy(HEAT_SHARES, |it| &it.energy)
        .with_energy(COMFORT, |it| &it.energy)
        .with_heat_sources(|it| &it.heat_sources)
        .sheet(bands)
}

fn trip_table(trips: &[TripEnergy], threshold: Threshold, look: Look) -> String {
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
    explain_regen(&mut legend, energies());
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

/// Where traction is metered, what the wheels recovered is known as well.
fn explain_regen<'a>(legend: &mut Legend<'_>, energies: impl Iterator<Item = &'a EnergySums>) {
    let mut energies = energies;
    if energies.any(|energy| energy.wheel_regen_kwh.is_some()) {
        legend.heading(
            "regen kWh",
            "what reached the battery (wheel_regen_kwh in --format csv: what the wheels recovered).",
        );
    }
}

fn band_table(
    bands: &[BandEnergy],
    threshold: Threshold,
    settings: &FigureSettings,
    look: Look,
) -> String {
    let mut columns = vec![
        text("outside °C", 0),
        figure("trips", 2),
        figure("hours", 5),
        figure("km", 1),
        figure("net kWh", 3),
        figure("regen kWh", 7),
        figure("kWh/km", 0),
    ];
    columns.extend(split::COLUMNS);
    columns.extend([figure(COMPLETE, 4), figure("", 0)]);
    let mut table = Table::new(columns);
    for band in bands {
        let cells = band_cells(band, threshold);
        if threshold.is_missed_by(band.completeness) {
            table.add_dim_row(cells);
        } else {
            table.add_row(cells);
        }
    }
    let energies = || bands.iter().map(|band| &band.energy);
    let mut legend = Legend::new(&table, look);
    if let Some(total) = bands.iter().find(|band| band.band == Band::Total) {
        let trips = total.trips;
        legend.line(match total.trips_incomplete {
            0 => format!("All {trips} trips are in these sums."),
            incomplete => format!(
                "All {trips} trips are in these sums, {incomplete} of them less than {threshold} \
                 complete (--by trip marks them)."
            ),
        });
    }
    legend.bands();
    legend.heading(COMPLETE, COMPLETE_MEANING);
    legend.mark("*", format!("less than {threshold} complete."));
    legend.too_little(FEW_DATA, settings, "");
    explain_regen(&mut legend, energies());
    legend.lines(cold::note(energies()));
    legend.lines(heat::note(
        bands.iter().map(|band| &band.heat_sources),
        "--vehicle, or winter-range --by bus,",
    ));
    legend.lines(split::notes(&table, look, energies()));
    with_notes(&table, legend.into_lines("not measured."), look)
}

fn band_cells(band: &BandEnergy, threshold: Threshold) -> Vec<String> {
    let energy = &band.energy;
    let mut cells = vec![
        format!("{}{}", band.band, heat::mark(&band.heat_sources)),
        band.trips.to_string(),
        number(Some(energy.seconds / 3600.0), 1),
        number(energy.km, 1),
        number(energy.net_kwh, 2),
        number(energy.regen_kwh, 2),
        number(energy.kwh_per_km, 3) + cold::mark(energy),
    ];
    cells.extend(split::cells(energy));
    cells.push(completeness(band.completeness, threshold));
    cells.push(if band.has_enough_data {
        String::new()
    } else {
        FEW_DATA.to_owned()
    });
    cells
}

#[cfg(test)]
mod tests {
    use ayaz_store::reports::{Component, HeatSources};

    use super::super::samples;
    use super::*;

    fn energy() -> EnergySums {
        EnergySums {
            intervals: 7200,
            seconds: 7200.0,
            energy_seconds: 7200.0,
            km: Some(40.0),
            net_kwh: Some(60.0),
            discharge_kwh: Some(70.0),
            regen_kwh: Some(10.0),
            kwh_per_km: Some(1.5),
            heater: Component {
                kwh: Some(15.0),
                base_kwh: Some(30.0),
            },
            heat_kwh: Some(15.0),
            heat_share: Some(0.5),
            wheel_regen_kwh: Some(14.0),
            wheel_regen_base_km: Some(40.0),
            cabin_temperature_mean_celsius: Some(8.5),
            setpoint_near_share: Some(0.25),
            is_cabin_cold: Some(true),
            ..EnergySums::default()
        }
    }

    #[test]
    fn by_temperature_begins_with_the_agreed_columns() {
        let bands = [
            BandEnergy {
                band: Band::From(-5),
                trips: 4,
                trips_incomplete: 1,
                completeness: Some(0.95),
                has_enough_data: true,
                heat_sources: HeatSources::new(["electric", "fuel"].map(str::to_owned)),
                energy: energy(),
            },
            BandEnergy {
                band: Band::Unknown,
                trips: 1,
                trips_incomplete: 1,
                completeness: Some(0.5),
                has_enough_data: false,
                heat_sources: HeatSources::new(["fuel".to_owned()]),
                energy: EnergySums {
                    heater: Component::default(),
                    ..energy()
                },
            },
        ];
        let csv = band_sheet(&bands, samples::threshold()).to_csv().unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines[0].starts_with(
            "band,trips,seconds,km,net_kwh,discharge_kwh,regen_kwh,kwh_per_km,heater_kwh,\
             heater_base_kwh,heater_share,"
        ));
        assert!(lines[1].starts_with("\"[-5,0)\",4,7200,40,60,70,10,1.5,15,30,0.5,"));
        assert!(lines[2].starts_with("unknown,1,7200,40,60,70,10,1.5,,,,"));
        assert!(lines[1].contains(",0.95,false,1,") && lines[2].contains(",0.5,true,1,"));
        assert!(lines[0].ends_with(
            ",heat_pump_share,battery_heater_share,heat_kwh,heat_share,fuel_heat_kwh,wheel_regen_kwh,\
             wheel_regen_base_km,cabin_temperature_mean_celsius,setpoint_near_share,is_cabin_cold,\
             heat_sources,heat_is_mixed"
        ));
        assert!(
            lines[1].ends_with(",,,15,0.5,,14,40,8.5,0.25,true,electric+fuel,true"),
            "{csv}"
        );
        assert!(lines[2].ends_with(",fuel,false"), "{csv}");
        let table = band_table(
            &bands,
            samples::threshold(),
            &samples::SETTINGS,
            Look::default(),
        );
        // Both bands were driven with a cold cabin.
        assert!(table.contains(" 1.500! "), "{table}");
        assert!(table.contains("!: driven with a cold cabin"), "{table}");
        assert!(table.contains("regen kWh: what reached the battery"));
        assert!(table.contains("they do not add up") && table.contains("(air) temperature"));
        let marked: Vec<&str> = table
            .lines()
            .filter(|line| line.ends_with("few data "))
            .collect();
        assert_eq!(marked.len(), 1, "{table}");
        assert!(marked[0].contains("unknown") && marked[0].contains(" 50* "));
        assert!(
            table.contains("[-5,0) ‡") && !table.contains("unknown ‡"),
            "{table}"
        );
        assert!(
            table.contains("winter-range --by bus, parts them"),
            "{table}"
        );
        let narrow = Look {
            has_colours: true,
            width: Some(100),
        };
        let table = band_table(&bands, samples::threshold(), &samples::SETTINGS, narrow);
        let widths = table.lines().map(console::measure_text_width);
        assert!(widths.max().unwrap() <= 100, "{table}");
        assert!(table.contains("To fit 100 columns, left out:"), "{table}");
        assert!(table.contains("\u{1b}[2m"), "{table}");
    }

    #[test]
    fn by_trip_begins_with_the_agreed_columns() {
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
