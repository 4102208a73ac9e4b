//! Stored facts as rows: for programs in the columns of the import, and for people.

use super::depot_zones::DepotZones;
use super::file::Kind;
use super::periods;
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::number::NOTHING;
use crate::output::sheet::{Cell, Columns, Sheet};
use crate::output::table::{Column, Table, name, text};
use ayaz_store::context::{Attribute, ContextRecord, Depot, Heater, Model, StoredContext, Vehicle};

/// All rows of a kind, in the columns of its files.
pub(super) fn sheet(kind: Kind, stored: &StoredContext) -> Sheet {
    match kind {
        Kind::Models => Columns::<Model>::new()
            .with("model", |it| it.model.clone())
            .with("length_m", |it| it.length_m)
            .with("usable_energy_kwh", |it| it.usable_energy_kwh)
            .with("heater", |it| it.heater.map(Heater::name))
            .sheet(&stored.models),
        Kind::Depots => Columns::<Depot>::new()
            .with("depot", |it| it.depot.clone())
            .with("zone", |it| it.zone.clone())
            .with("cut_over_hour", |it| i64::from(it.cut_over_hour))
            .sheet(&stored.depots),
        Kind::Vehicles => Columns::<Vehicle>::new()
            .with("fleet", |it| it.key.fleet.to_string())
            .with("vehicle", |it| it.key.vehicle.to_string())
            .with("model", |it| it.model.clone())
            .sheet(&stored.vehicles),
        Kind::Context => Columns::<ContextRecord>::new()
            .with("fleet", |it| it.vehicle.fleet.to_string())
            .with("vehicle", |it| it.vehicle.vehicle.to_string())
            .with("attribute", |it| Attribute::name(it.attribute))
            .with("value", |it| it.value.clone())
            .with("valid_from", |it| it.valid_from)
            .with("valid_to", |it| it.valid_to)
            .sheet(&stored.records),
    }
}

/// The sheet for people. Facts about vehicles use [`periods`](super::periods).
pub(super) fn people(
    kind: Kind,
    sheet: &Sheet,
    stored: &StoredContext,
    zones: &DepotZones,
    look: Look,
) -> String {
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
        Kind::Context => return periods::table(&stored.records, zones, look),
    };
    let mut table = Table::new(columns.iter().copied());
    for row in sheet.rows() {
        table.add_row(row.iter().map(|cell| match cell {
            Cell::Text(text) => text.clone(),
            other => number(other),
        }));
    }
    with_notes(&table, Vec::new(), look)
}

fn number(cell: &Cell) -> String {
    match cell {
        Cell::Number(number) => number.to_string(),
        Cell::Count(count) => count.to_string(),
        _ => NOTHING.to_owned(),
    }
}
