//! What is known, as rows: for programs as the import takes them, and for people.

use ayaz_store::context::{Attribute, Heater, StoredContext};
use jiff::Timestamp;

use super::file::Kind;
use crate::report::look::Look;
use crate::report::sheet::{Cell, Sheet};
use crate::report::table::{Column, NOTHING, Table, name, text, with_notes};

/// Letters of a value that are shown in any case.
const VALUE_LETTERS: usize = 10;

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
pub(super) fn people(kind: Kind, sheet: &Sheet, look: Look) -> String {
    let columns: &[Column] = match kind {
        Kind::Models => &[
            name("model"),
            text("length m", 0),
            text("usable energy kWh", 0),
            text("heater", 0),
        ],
        Kind::Depots => &[
            text("depot", 0),
            text("zone", 0),
            text("day begins (hour)", 0),
        ],
        Kind::Vehicles => &[name("fleet"), name("vehicle"), name("model")],
        Kind::Context => &[
            text("fleet", 2),
            name("vehicle"),
            text("attribute", 0),
            text("value", 0).cut_to(VALUE_LETTERS),
            text("from (UTC)", 0),
            text("to (UTC)", 1),
        ],
    };
    let mut table = Table::new(columns.iter().copied());
    for row in &sheet.rows {
        table.add_row(row.iter().zip(columns).map(|(cell, column)| match cell {
            Cell::Empty if kind != Kind::Context => NOTHING.to_owned(),
            Cell::Empty if column.heading().starts_with("from") => "since ever".to_owned(),
            Cell::Empty => "further notice".to_owned(),
            Cell::Instant(at) => instant(*at),
            Cell::Text(text) => text.clone(),
            other => number(other),
        }));
    }
    with_notes(&table, Vec::new(), look)
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
