//! `ayaz report sessions`.

use anyhow::Result;
use ayaz_store::reports::{SessionRow, TripSelection, sessions};
use clap::ValueEnum;
use tokio_postgres::Client;

use super::Rendered;
use super::legend::{COMPLETE, Legend};
use super::threshold::{Threshold, completeness};
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::number::number;
use crate::output::sheet::{Columns, Sheet};
use crate::output::table::{Table, figure, name, text};

/// Kinds of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// From key on to key off, or from movement to ten minutes without movement.
    Trip,
    /// Plugged in, while the battery gains energy.
    Charging,
    /// Heating or cooling while parked, from the grid or from the battery.
    Conditioning,
    /// Parked, without any of these.
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
    let columns = Columns::<SessionRow>::new()
        .with("fleet", |it| it.fleet.clone())
        .with("vehicle", |it| it.vehicle.clone())
        .with("kind", |it| it.kind.clone())
        .with("started_at", |it| it.started_at)
        .with("ended_at", |it| it.ended_at)
        .with("is_open", |it| it.is_open)
        .with("service_day", |it| it.service_day.to_string())
        .with("duration_seconds", |it| it.duration_seconds)
        .with("coverage", |it| it.coverage)
        .with("flagged_seconds", |it| it.flagged_seconds)
        .with("km", |it| it.km)
        .with("net_kwh", |it| it.net_kwh)
        .with("charged_kwh", |it| it.charged_kwh)
        .with("charger_kwh", |it| it.charger_kwh)
        .with("traction_kwh", |it| it.traction_kwh);
    let others = SessionRow::COMPONENTS
        .iter()
        .filter(|(column, _)| *column != "traction_kwh");
    others
        .fold(columns, |all, (column, kwh)| all.with(column, kwh))
        .with("unexplained_kwh", |it| it.unexplained_kwh)
        .with("fuel_litres", |it| it.fuel_litres)
        .with("split_traction_kwh", |it| it.split_traction_kwh)
        .with("split_other_kwh", |it| it.split_other_kwh)
        .with("split_source", |it| it.split_source.clone())
        .with("soc_start_percent", |it| it.soc_start_percent)
        .with("soc_end_percent", |it| it.soc_end_percent)
        .with("exterior_temperature_mean_celsius", |it| {
            it.exterior_temperature_mean_celsius
        })
        .with("cabin_start_celsius", |it| it.cabin_start_celsius)
        .with("cabin_end_celsius", |it| it.cabin_end_celsius)
        .with("battery_start_celsius", |it| it.battery_start_celsius)
        .with("battery_end_celsius", |it| it.battery_end_celsius)
        .with("route", |it| it.route.clone())
        .with("charging_station", |it| it.charging_station.clone())
        .with("conditioning_source", |it| it.conditioning_source.clone())
        .with("model", |it| it.model.clone())
        .with("completeness", |it| it.completeness)
        .with("is_below_threshold", move |it| {
            threshold.is_missed_by(it.completeness)
        })
        .with("heat_kwh", |it| it.heat_kwh)
        .with("fuel_heat_kwh", |it| it.fuel_heat_kwh)
        .with("cabin_heating_seconds", |it| it.cabin_heating_seconds)
        .with("cabin_temperature_mean_celsius", |it| {
            it.cabin_temperature_mean_celsius
        })
        .with("is_cabin_cold", |it| it.is_cabin_cold)
        .with("wheel_regen_kwh", |it| it.wheel_regen_kwh)
        .sheet(rows)
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
        figure(COMPLETE, 1),
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
    let mut legend = Legend::new(&table, look);
    legend.counts(rows.len(), "session", below, threshold);
    legend.heading(
        COMPLETE,
        "the smallest of: time measured, time without flags and, for trips, distance against the odometer.",
    );
    legend.heading("battery kWh", "out of the battery, negative into it.");
    legend.heading(
        "heat kWh",
        "electric heat of cabin and battery, without fuel.",
    );
    with_notes(&table, legend.into_lines("not measured."), look)
}
