//! `ayaz report energy`.

use anyhow::Result;
use ayaz_store::reports::{BandEnergy, TripEnergy, TripSelection, energy_by_band, energy_by_trip};
use clap::ValueEnum;
use tokio_postgres::Client;

use super::Rendered;
use super::columns::{COMPONENTS, SUMS, components, sums};
use super::sheet::Sheet;
use super::table::{NOTHING, is_thin, number, percent, table};

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// One trip, by start.
    Trip,
    /// One band of the exterior temperature: 5 °C, and 2 °C below −20 °C.
    Temperature,
}

pub(super) async fn report(client: &Client, by: By, selection: &TripSelection) -> Result<Rendered> {
    Ok(match by {
        By::Trip => {
            let trips = energy_by_trip(client, selection).await?;
            Rendered {
                sheet: trip_sheet(&trips),
                table: trip_table(&trips),
            }
        }
        By::Temperature => {
            let bands = energy_by_band(client, selection).await?;
            Rendered {
                sheet: band_sheet(&bands),
                table: band_table(&bands),
            }
        }
    })
}

fn trip_sheet(trips: &[TripEnergy]) -> Sheet {
    let mut columns = vec!["vehicle", "started_at", "ended_at"];
    columns.extend(SUMS);
    columns.extend([
        "exterior_temperature_mean_celsius",
        "soc_start_percent",
        "soc_end_percent",
        "coverage",
        "fleet",
        "model",
        "drive_cycle",
        "route",
        "odometer_km",
    ]);
    columns.extend(COMPONENTS);
    let row = |trip: &TripEnergy| {
        let mut row = vec![
            trip.vehicle.clone().into(),
            trip.started_at.into(),
            trip.ended_at.into(),
        ];
        row.extend(sums(&trip.energy));
        row.extend([
            trip.energy.exterior_temperature_mean_celsius.into(),
            trip.soc_start_percent.into(),
            trip.soc_end_percent.into(),
            trip.coverage.into(),
            trip.fleet.clone().into(),
            trip.model.clone().into(),
            trip.drive_cycle.into(),
            trip.route.clone().into(),
            trip.odometer_km.into(),
        ]);
        row.extend(components(&trip.energy));
        row
    };
    Sheet {
        columns,
        rows: trips.iter().map(row).collect(),
    }
}

fn band_sheet(bands: &[BandEnergy]) -> Sheet {
    let mut columns = vec!["band", "trips"];
    columns.extend(SUMS);
    columns.push("exterior_temperature_mean_celsius");
    columns.extend(COMPONENTS);
    let row = |band: &BandEnergy| {
        let mut row = vec![band.band.to_string().into(), band.trips.into()];
        row.extend(sums(&band.energy));
        row.push(band.energy.exterior_temperature_mean_celsius.into());
        row.extend(components(&band.energy));
        row
    };
    Sheet {
        columns,
        rows: bands.iter().map(row).collect(),
    }
}

fn trip_table(trips: &[TripEnergy]) -> String {
    let mut table = table(
        &[
            "vehicle",
            "began (UTC)",
            "min",
            "km",
            "net kWh",
            "regen kWh",
            "kWh/km",
            "heater %",
            "outside °C",
            "SoC %",
            "coverage %",
        ],
        2,
    );
    for trip in trips {
        let energy = &trip.energy;
        let soc = |percent: Option<f32>| number(percent.map(f64::from), 1);
        table.add_row([
            format!("{}/{}", trip.fleet, trip.vehicle),
            trip.started_at.strftime("%Y-%m-%d %H:%M").to_string(),
            number(Some(energy.seconds / 60.0), 1),
            number(energy.km, 1),
            number(energy.net_kwh, 2),
            number(energy.regen_kwh, 2),
            number(energy.kwh_per_km, 3),
            percent(energy.heater.share()),
            number(energy.exterior_temperature_mean_celsius, 1),
            format!(
                "{} → {}",
                soc(trip.soc_start_percent),
                soc(trip.soc_end_percent)
            ),
            percent(trip.coverage),
        ]);
    }
    format!(
        "{table}\n{} trips. heater %: of the net energy while the heater was metered. coverage %: \
         of the trip's time that was measured. {NOTHING}: not measured.\n",
        trips.len()
    )
}

fn band_table(bands: &[BandEnergy]) -> String {
    let mut table = table(
        &[
            "outside °C",
            "trips",
            "hours",
            "km",
            "net kWh",
            "regen kWh",
            "kWh/km",
            "heater %",
            "",
        ],
        1,
    );
    for band in bands {
        let energy = &band.energy;
        table.add_row([
            band.band.to_string(),
            band.trips.to_string(),
            number(Some(energy.seconds / 3600.0), 1),
            number(energy.km, 1),
            number(energy.net_kwh, 2),
            number(energy.regen_kwh, 2),
            number(energy.kwh_per_km, 3),
            percent(energy.heater.share()),
            if is_thin(band.trips, energy) {
                "few data".to_owned()
            } else {
                String::new()
            },
        ]);
    }
    format!(
        "{table}\nheater %: of the net energy while the heater was metered. few data: under 3 trips \
         or under 1 h. {NOTHING}: not measured.\n"
    )
}

#[cfg(test)]
mod tests {
    use ayaz_store::reports::{Band, Component, EnergySums};

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
            ..EnergySums::default()
        }
    }

    #[test]
    fn by_temperature_begins_with_the_agreed_columns() {
        let bands = [
            BandEnergy {
                band: Band::From(-5),
                trips: 4,
                energy: energy(),
            },
            BandEnergy {
                band: Band::Unknown,
                trips: 1,
                energy: EnergySums {
                    heater: Component::default(),
                    ..energy()
                },
            },
        ];
        let csv = band_sheet(&bands).to_csv().unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines[0].starts_with(
            "band,trips,seconds,km,net_kwh,discharge_kwh,regen_kwh,kwh_per_km,heater_kwh,\
             heater_base_kwh,heater_share,"
        ));
        assert!(lines[1].starts_with("\"[-5,0)\",4,7200,40,60,70,10,1.5,15,30,0.5,"));
        assert!(lines[2].starts_with("unknown,1,7200,40,60,70,10,1.5,,,,"));
        let table = band_table(&bands);
        let marked: Vec<&str> = table
            .lines()
            .filter(|line| line.ends_with("few data "))
            .collect();
        assert_eq!(marked.len(), 1, "{table}");
        assert!(marked[0].contains("unknown"));
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
            soc_start_percent: Some(86.9),
            soc_end_percent: Some(81.5),
            odometer_km: None,
            energy: energy(),
        };
        let csv = trip_sheet(std::slice::from_ref(&trip)).to_csv().unwrap();
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
        assert!(trip_table(&[trip]).contains("86.9 → 81.5"));
    }
}
