//! Energy by band of the exterior temperature.

use ayaz_store::reports::{Band, BandEnergy, FigureSettings};

use super::super::columns::{COMFORT, HEAT_SHARES, SUMS};
use super::super::legend::{COMPLETE, COMPLETE_MEANING, Legend};
use super::super::threshold::{Threshold, completeness};
use super::super::{cold, heat, split};
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::number::number;
use crate::output::sheet::{Columns, Sheet};
use crate::output::table::{Table, figure, text};

/// Marks a band with too little data.
const FEW_DATA: &str = "few data";

pub(super) fn band_sheet(bands: &[BandEnergy], threshold: Threshold) -> Sheet {
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

pub(super) fn band_table(
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
                "All {trips} trips are in these sums, including {incomplete} less than {threshold} \
                 complete (--by trip marks them)."
            ),
        });
    }
    legend.bands();
    legend.heading(COMPLETE, COMPLETE_MEANING);
    legend.mark("*", format!("less than {threshold} complete."));
    legend.too_little(FEW_DATA, settings, "");
    legend.regen(energies());
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
    use ayaz_store::reports::{Component, EnergySums, HeatSources};

    use super::super::super::samples::{self, energy};
    use super::*;

    #[test]
    fn by_temperature_starts_with_the_fixed_columns() {
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
        // Both bands have a cold cabin.
        assert!(table.contains(" 1.500! "), "{table}");
        assert!(table.contains("!: driven with a cold cabin"), "{table}");
        assert!(table.contains("regen kWh: energy that reached the battery"));
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
            table.contains("winter-range --by bus, separates them"),
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
}
