//! What is known, as rows: for programs as the import takes them, and for people.

use ayaz_store::context::{Attribute, Heater, StoredContext};
use jiff::Timestamp;

use super::file::Kind;
use crate::report::sheet::{Cell, Sheet};
use crate::report::table::{NOTHING, table};

/// All rows of a kind, in the columns of its files.
pub(super) fn sheet(kind: Kind, stored: &StoredContext) -> Sheet {
    Sheet {
        columns: kind.columns().to_vec(),
        rows: match kind {
            Kind::Models => models(stored),
            Kind::Depots => depots(stored),
            Kind::Vehicles => vehicles(stored),
            Kind::Context => records(stored),
        },
    }
}

fn models(stored: &StoredContext) -> Vec<Vec<Cell>> {
    let row = |m: &ayaz_store::context::Model| {
        vec![
            m.model.clone().into(),
            m.length_m.into(),
            m.usable_energy_kwh.into(),
            m.heater
                .map(|heater| Heater::name(heater).to_owned())
                .into(),
        ]
    };
    stored.models.iter().map(row).collect()
}

fn depots(stored: &StoredContext) -> Vec<Vec<Cell>> {
    let row = |d: &ayaz_store::context::Depot| {
        vec![
            d.depot.clone().into(),
            d.zone.clone().into(),
            i64::from(d.cut_over_hour).into(),
        ]
    };
    stored.depots.iter().map(row).collect()
}

fn vehicles(stored: &StoredContext) -> Vec<Vec<Cell>> {
    let row = |v: &ayaz_store::context::Vehicle| {
        vec![
            v.key.fleet.to_string().into(),
            v.key.vehicle.to_string().into(),
            v.model.clone().into(),
        ]
    };
    stored.vehicles.iter().map(row).collect()
}

fn records(stored: &StoredContext) -> Vec<Vec<Cell>> {
    let row = |r: &ayaz_store::context::ContextRecord| {
        vec![
            r.vehicle.fleet.to_string().into(),
            r.vehicle.vehicle.to_string().into(),
            Attribute::name(r.attribute).to_owned().into(),
            r.value.clone().into(),
            r.valid_from.into(),
            r.valid_to.into(),
        ]
    };
    stored.records.iter().map(row).collect()
}

/// The sheet for people.
pub(super) fn people(kind: Kind, sheet: &Sheet) -> String {
    let headings: &[&str] = match kind {
        Kind::Models => &["model", "length m", "usable energy kWh", "heater"],
        Kind::Depots => &["depot", "zone", "day begins (hour)"],
        Kind::Vehicles => &["fleet", "vehicle", "model"],
        Kind::Context => &[
            "fleet",
            "vehicle",
            "attribute",
            "value",
            "from (UTC)",
            "to (UTC)",
        ],
    };
    let mut table = table(headings, headings.len());
    for row in &sheet.rows {
        table.add_row(row.iter().enumerate().map(|(column, cell)| match cell {
            Cell::Empty if kind != Kind::Context => NOTHING.to_owned(),
            Cell::Empty if headings[column].starts_with("from") => "since ever".to_owned(),
            Cell::Empty => "further notice".to_owned(),
            Cell::Instant(at) => instant(*at),
            Cell::Text(text) => text.clone(),
            other => number(other),
        }));
    }
    format!("{table}\n")
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn number(cell: &Cell) -> String {
    match cell {
        Cell::Number(number) => number.to_string(),
        Cell::Count(count) => count.to_string(),
        _ => NOTHING.to_owned(),
    }
}
