//! `ayaz report sessions`.

use anyhow::Result;
use ayaz_store::reports::{SessionRow, TripSelection, sessions};
use clap::ValueEnum;
use tokio_postgres::Client;

use super::Rendered;
use super::look::Look;
use super::sheet::{Cell, Sheet};
use super::table::{NOTHING, Table, completeness, counted, figure, name, number, text, with_notes};
use super::threshold::Threshold;

/// Which sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Key on to key off, or movement to ten minutes of standing.
    Trip,
    /// On the plug, and the battery gains energy.
    Charging,
    /// Heating or cooling while parked, from the grid or from the battery.
    Conditioning,
    /// Parked, and none of these.
    Parking,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Trip => "trip",
            Self::Charging => "charging",
            Self::Conditioning => "conditioning",
            Self::Parking => "parking",
        }
    }
}

pub(super) async fn report(
    client: &Client,
    kind: Option<Kind>,
    selection: &TripSelection,
    threshold: Threshold,
    look: Look,
) -> Result<Rendered> {
    let rows = sessions(client, selection, kind.map(Kind::name)).await?;
    Ok(Rendered {
        sheet: sheet(&rows, threshold),
        table: people(&rows, threshold, look),
    })
}

fn sheet(rows: &[SessionRow], threshold: Threshold) -> Sheet {
    let columns = vec![
        "fleet",
        "vehicle",
        "kind",
        "started_at",
        "ended_at",
        "is_open",
        "service_day",
        "duration_seconds",
        "coverage",
        "doubted_seconds",
        "km",
        "net_kwh",
        "charged_kwh",
        "charger_kwh",
        "traction_kwh",
        "heater_kwh",
        "heat_pump_kwh",
        "battery_heater_kwh",
        "air_conditioning_kwh",
        "auxiliary_kwh",
        "unexplained_kwh",
        "fuel_litres",
        "split_traction_kwh",
        "split_other_kwh",
        "split_source",
        "soc_start_percent",
        "soc_end_percent",
        "exterior_temperature_mean_celsius",
        "cabin_start_celsius",
        "cabin_end_celsius",
        "battery_start_celsius",
        "battery_end_celsius",
        "route",
        "charging_station",
        "conditioning_source",
        "model",
        "completeness",
        "is_below_threshold",
        "heat_kwh",
        "fuel_heat_kwh",
        "cabin_heating_seconds",
        "cabin_temperature_mean_celsius",
        "is_cabin_cold",
        "wheel_regen_kwh",
    ];
    let row = |row: &SessionRow| -> Vec<Cell> {
        vec![
            row.fleet.clone().into(),
            row.vehicle.clone().into(),
            row.kind.clone().into(),
            row.started_at.into(),
            row.ended_at.into(),
            row.is_open.into(),
            row.service_day.to_string().into(),
            row.duration_seconds.into(),
            row.coverage.into(),
            row.doubted_seconds.into(),
            row.km.into(),
            row.net_kwh.into(),
            row.charged_kwh.into(),
            row.charger_kwh.into(),
            row.traction_kwh.into(),
            row.heater_kwh.into(),
            row.heat_pump_kwh.into(),
            row.battery_heater_kwh.into(),
            row.air_conditioning_kwh.into(),
            row.auxiliary_kwh.into(),
            row.unexplained_kwh.into(),
            row.fuel_litres.into(),
            row.split_traction_kwh.into(),
            row.split_other_kwh.into(),
            row.split_source.clone().into(),
            row.soc_start_percent.into(),
            row.soc_end_percent.into(),
            row.exterior_temperature_mean_celsius.into(),
            row.cabin_start_celsius.into(),
            row.cabin_end_celsius.into(),
            row.battery_start_celsius.into(),
            row.battery_end_celsius.into(),
            row.route.clone().into(),
            row.charging_station.clone().into(),
            row.conditioning_source.clone().into(),
            row.model.clone().into(),
            row.completeness.into(),
            threshold.is_missed_by(row.completeness).into(),
            row.heat_kwh.into(),
            row.fuel_heat_kwh.into(),
            row.cabin_heating_seconds.into(),
            row.cabin_temperature_mean_celsius.into(),
            row.is_cabin_cold.into(),
            row.wheel_regen_kwh.into(),
        ]
    };
    Sheet {
        columns,
        rows: rows.iter().map(row).collect(),
    }
}

fn people(rows: &[SessionRow], threshold: Threshold, look: Look) -> String {
    let mut table = Table::new([
        name("vehicle"),
        text("session", 0),
        text("began (UTC)", 0),
        figure("min", 2),
        figure("km", 4),
        figure("battery kWh", 3),
        figure("grid kWh", 6),
        figure("heat kWh", 5),
        figure("SoC %", 9),
        figure("outside °C", 7),
        figure("pack °C", 8),
        figure("complete %", 1),
    ]);
    for row in rows {
        let soc = |percent: Option<f32>| number(percent.map(f64::from), 0);
        let arrow = |from: String, to: String| format!("{from} → {to}");
        let open = if row.is_open { "open" } else { "" };
        let notes = [row.conditioning_source.as_deref().unwrap_or(""), open];
        let notes: Vec<&str> = notes.into_iter().filter(|note| !note.is_empty()).collect();
        let kind = match notes.as_slice() {
            [] => row.kind.clone(),
            notes => format!("{} ({})", row.kind, notes.join(", ")),
        };
        let cells = [
            format!("{}/{}", row.fleet, row.vehicle),
            kind,
            row.started_at.strftime("%Y-%m-%d %H:%M").to_string(),
            number(Some(row.duration_seconds / 60.0), 0),
            number(row.km.filter(|_| row.kind == "trip"), 1),
            number(row.net_kwh, 1),
            number(row.charger_kwh, 1),
            number(row.heat_kwh, 1),
            arrow(soc(row.soc_start_percent), soc(row.soc_end_percent)),
            number(row.exterior_temperature_mean_celsius, 1),
            arrow(
                number(row.battery_start_celsius, 0),
                number(row.battery_end_celsius, 0),
            ),
            completeness(row.completeness, threshold),
        ];
        if threshold.is_missed_by(row.completeness) {
            table.add_dim_row(cells);
        } else {
            table.add_row(cells);
        }
    }
    let below = rows
        .iter()
        .filter(|row| threshold.is_missed_by(row.completeness))
        .count();
    let note = format!(
        "{}, {below} of them (*) less than {threshold} complete (--min-completeness). complete %: \
         the least of time measured, time without doubts and, of trips, distance against the odometer. \
         battery kWh: out of the battery, negative into it. heat kWh: electric cabin heater, heat pump \
         and battery heater; fuel is beside it (fuel_heat_kwh in --format csv). {NOTHING}: not measured.",
        counted(rows.len(), "session")
    );
    with_notes(&table, vec![note], look)
}
