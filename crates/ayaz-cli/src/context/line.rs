//! Converts each row to a record.

use std::collections::BTreeSet;

use ayaz_model::VehicleKey;
use ayaz_store::context::attribute::check_text;
use ayaz_store::context::{Attribute, Depot, Heater, Model, Vehicle};

use super::file::{Kind, Row};
use super::problem::{Place, Problems};
use super::time::When;

/// Longest name of a model or depot, in characters.
const NAME_LENGTH_MAX: usize = 64;

/// An item with the line that it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed<T> {
    pub(super) place: Place,
    pub(super) item: T,
}

/// A record whose dates are not yet instants.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DatedRecord {
    pub(super) vehicle: VehicleKey,
    pub(super) attribute: Attribute,
    pub(super) value: String,
    pub(super) from: When,
    pub(super) to: When,
    /// As written, for error messages.
    pub(super) to_text: String,
}

/// The records of all files, by kind.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) models: Vec<Placed<Model>>,
    pub(super) depots: Vec<Placed<Depot>>,
    pub(super) vehicles: Vec<Placed<Vehicle>>,
    pub(super) records: Vec<Placed<DatedRecord>>,
    /// Includes lines with mistakes, so that one mistake is shown once.
    pub(super) model_names: BTreeSet<String>,
    pub(super) depot_names: BTreeSet<String>,
}

impl Lines {
    /// Adds the rows of a file.
    pub(super) fn add(&mut self, kind: Kind, rows: Vec<Row>, problems: &mut Problems) {
        for row in rows {
            let mut cells = Cells {
                row: &row,
                kind,
                problems,
                is_good: true,
            };
            match kind {
                Kind::Models => {
                    self.model_names.insert(row.cells[0].clone());
                    self.models.extend(model(&mut cells));
                }
                Kind::Depots => {
                    self.depot_names.insert(row.cells[0].clone());
                    self.depots.extend(depot(&mut cells));
                }
                Kind::Vehicles => self.vehicles.extend(vehicle(&mut cells)),
                Kind::Context => self.records.extend(record(&mut cells)),
            }
        }
    }
}

/// The values of a row, and where to report a mistake.
struct Cells<'a> {
    row: &'a Row,
    kind: Kind,
    problems: &'a mut Problems,
    is_good: bool,
}

impl Cells<'_> {
    /// The value in the column, if `read` can read it.
    fn get<T>(&mut self, index: usize, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = &self.row.cells[index];
        match read(text) {
            Ok(value) => Some(value),
            Err(message) => {
                let column = self.kind.columns()[index];
                self.problems.value(&self.row.place, column, text, message);
                self.is_good = false;
                None
            }
        }
    }

    fn key(&mut self) -> Option<VehicleKey> {
        let name = |error| format!("{error}");
        let fleet = self.get(0, |text| text.parse().map_err(name));
        let vehicle = self.get(1, |text| text.parse().map_err(name));
        Some(VehicleKey {
            fleet: fleet?,
            vehicle: vehicle?,
        })
    }

    /// The item, if all of its values could be read.
    fn item<T>(&self, item: T) -> Option<Placed<T>> {
        self.is_good.then(|| Placed {
            place: self.row.place.clone(),
            item,
        })
    }
}

fn model(cells: &mut Cells<'_>) -> Option<Placed<Model>> {
    let model = cells.get(0, name);
    let length_m = cells.get(1, |text| {
        optional(text, |text| {
            number(text, 1.0, 40.0, "12 or 18.5, or nothing")
        })
    });
    let usable_energy_kwh = cells.get(2, |text| {
        if text.is_empty() {
            return Err(
                "a model needs its usable energy, the kWh between full and empty: without it there \
                 is no range; look it up in the maker's data"
                    .to_owned(),
            );
        }
        number(text, 1.0, 2000.0, "330").map(Some)
    });
    let heater = cells.get(3, |text| {
        optional(text, |text| {
            Heater::from_name(text)
                .ok_or_else(|| "write electric, fuel, heat_pump, none, or nothing".to_owned())
        })
    });
    cells.item(Model {
        model: model?,
        length_m: length_m?,
        usable_energy_kwh: usable_energy_kwh?,
        heater: heater?,
    })
}

fn depot(cells: &mut Cells<'_>) -> Option<Placed<Depot>> {
    let depot = cells.get(0, name);
    // A later step checks that the zone exists, also in the database.
    let zone = cells.get(1, |text| {
        if text.is_empty() {
            Err("write a time zone, such as Asia/Almaty".to_owned())
        } else {
            Ok(text.to_owned())
        }
    });
    let cut_over_hour = cells.get(2, |text| match text {
        "" => Ok(3),
        _ => match text.parse::<i16>() {
            Ok(hour @ 0..=23) => Ok(hour),
            _ => Err("write an hour from 0 to 23, or nothing for 3".to_owned()),
        },
    });
    cells.item(Depot {
        depot: depot?,
        zone: zone?,
        cut_over_hour: cut_over_hour?,
    })
}

fn vehicle(cells: &mut Cells<'_>) -> Option<Placed<Vehicle>> {
    let key = cells.key();
    let model = cells.get(2, |text| optional(text, name));
    cells.item(Vehicle {
        key: key?,
        model: model?,
    })
}

fn record(cells: &mut Cells<'_>) -> Option<Placed<DatedRecord>> {
    let vehicle = cells.key();
    let attribute = cells.get(2, |text| {
        Attribute::from_name(text).ok_or_else(|| {
            let names = Attribute::ALL.map(Attribute::name);
            format!("is not an attribute: write one of {}", names.join(", "))
        })
    });
    let value = cells.get(3, |text| match attribute {
        Some(attribute) => attribute.check(text).map(|()| text.to_owned()),
        None => Ok(text.to_owned()),
    });
    let from = cells.get(4, When::parse);
    let to = cells.get(5, When::parse);
    let to_text = cells.row.cells[5].clone();
    cells.item(DatedRecord {
        vehicle: vehicle?,
        attribute: attribute?,
        value: value?,
        from: from?,
        to: to?,
        to_text,
    })
}

fn name(text: &str) -> Result<String, String> {
    check_text(text, NAME_LENGTH_MAX).map(|()| text.to_owned())
}

fn optional<T>(
    text: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    if text.is_empty() {
        Ok(None)
    } else {
        read(text).map(Some)
    }
}

fn number(text: &str, min: f32, max: f32, example: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        // No range contains NaN.
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(format!(
            "write a number from {min} to {max}, such as {example}"
        )),
    }
}
