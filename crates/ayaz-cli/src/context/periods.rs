//! The periods of facts, for people. Times are local times of the vehicle's depot.

use std::collections::BTreeSet;

use ayaz_store::context::{Attribute, ContextRecord};
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::depot_zones::DepotZones;
use super::time::When;
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::printable::printable;
use crate::output::table::{Table, letters, name, text};

/// Fewest letters of a value on a line.
const VALUE_LETTERS_MIN: usize = 10;

/// Width between two columns: a blank on each side and a border.
const GAP: usize = 3;

/// A record with its times.
struct Period<'a> {
    record: &'a ContextRecord,
    zone: String,
    from: String,
    to: String,
}

/// The records as a table.
pub(super) fn table(records: &[ContextRecord], zones: &DepotZones, look: Look) -> String {
    let periods: Vec<Period<'_>> = records.iter().map(|it| period(it, zones)).collect();
    let names: BTreeSet<&str> = periods.iter().map(|it| it.zone.as_str()).collect();
    let has_zones = names.len() > 1;
    let mut columns = vec![
        text("fleet", 3),
        name("vehicle"),
        text("attribute", 0),
        text("value", 0),
        text("from", 0),
        text("to", 1),
    ];
    columns.extend(has_zones.then_some(text("zone", 0)));
    let room = value_room(&periods, has_zones, look);
    let mut table = Table::new(columns);
    for period in &periods {
        let Period {
            record,
            zone,
            from,
            to,
        } = period;
        let (fleet, vehicle) = (
            record.vehicle.fleet.as_str(),
            record.vehicle.vehicle.as_str(),
        );
        let attribute = Attribute::name(record.attribute);
        let value = printable(&record.value);
        let mut parts = parts(&value, room).into_iter();
        let first = parts.next().unwrap_or_default();
        table.add_row([fleet, vehicle, attribute, &first, from, to, zone]);
        for rest in parts {
            table.add_row(["", "", "", &rest, "", "", ""]);
        }
    }
    let note = match names.first() {
        Some(zone) if !has_zones => format!("Times are those of the vehicle's depot: {zone}."),
        _ => "Times are those of the vehicle's depot (zone).".to_owned(),
    };
    with_notes(&table, vec![note], look)
}

fn period<'a>(record: &'a ContextRecord, zones: &DepotZones) -> Period<'a> {
    let (from, to) = (record.valid_from, record.valid_to);
    let when = from.or(to).map_or(When::Open, When::Instant);
    let zone = zones.at(&record.vehicle, when);
    let shown = |at: Option<Timestamp>, open: &str| {
        at.map_or_else(|| open.to_owned(), |at| local(at, &zone))
    };
    Period {
        record,
        from: shown(from, "no start"),
        to: shown(to, "no end"),
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
    }
}

/// Shows a midnight as a date, as in the files.
fn local(at: Timestamp, zone: &TimeZone) -> String {
    let time = zone.to_datetime(at);
    let format = match time.time() {
        midnight if midnight == Time::midnight() => "%Y-%m-%d",
        minute if minute.second() == 0 => "%Y-%m-%d %H:%M",
        _ => "%Y-%m-%d %H:%M:%S",
    };
    time.strftime(format).to_string()
}

/// Letters of a value that fit on a line with the other columns.
fn value_room(periods: &[Period<'_>], has_zones: bool, look: Look) -> usize {
    let Some(width) = look.width else {
        return usize::MAX;
    };
    let widest = |heading: &str, of: &dyn Fn(&Period<'_>) -> usize| {
        let widest = periods.iter().map(of).max().unwrap_or_default();
        widest.max(letters(heading)) + GAP
    };
    let vehicle = widest("vehicle", &|it| letters(it.record.vehicle.vehicle.as_str()));
    let attribute = widest("attribute", &|it| {
        letters(Attribute::name(it.record.attribute))
    });
    let from = widest("from", &|it| letters(&it.from));
    let to = widest("to", &|it| letters(&it.to));
    let zone = widest("zone", &|it| letters(&it.zone));
    let others = vehicle + attribute + from + if has_zones { zone } else { 0 };
    // The left and the right edge are one blank each.
    let room = width.saturating_sub(others + 2);
    let longest = periods
        .iter()
        .map(|it| letters(&printable(&it.record.value)));
    // Drop the end column first. Only then wrap a value.
    match room.checked_sub(to) {
        Some(beside_end) if longest.max() <= Some(beside_end) => beside_end,
        _ => room.max(VALUE_LETTERS_MIN),
    }
}

/// Splits the text into pieces of at most this width.
fn parts(value: &str, room: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for letter in value.chars() {
        let mut with_letter = parts.last().cloned().unwrap_or_default();
        with_letter.push(letter);
        match parts.last_mut() {
            Some(last) if letters(&with_letter) <= room => *last = with_letter,
            _ => parts.push(letter.to_string()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use ayaz_model::VehicleKey;
    use ayaz_store::context::{Depot, StoredContext};

    use super::*;

    const LOOK: Look = Look {
        has_colours: false,
        width: Some(80),
    };

    fn record(vehicle: &str, attribute: Attribute, value: &str, from: &str) -> ContextRecord {
        ContextRecord {
            vehicle: VehicleKey {
                fleet: "astana".parse().unwrap(),
                vehicle: vehicle.parse().unwrap(),
            },
            attribute,
            value: value.to_owned(),
            valid_from: Some(from.parse().unwrap()),
            valid_to: None,
        }
    }

    fn shown(records: &[ContextRecord]) -> String {
        let depot = |depot: &str, zone: &str| Depot {
            depot: depot.to_owned(),
            zone: zone.to_owned(),
            cut_over_hour: 3,
        };
        let stored = StoredContext {
            depots: vec![
                depot("a-depot-with-a-long-name-north", "Asia/Almaty"),
                depot("south", "Europe/Berlin"),
            ],
            records: records.to_vec(),
            default_zone: "UTC".to_owned(),
            ..StoredContext::default()
        };
        let table = table(records, &DepotZones::new(&stored, &[]), LOOK);
        let widest = table.lines().map(letters).max();
        assert!(widest <= LOOK.width, "{table}");
        table
    }

    #[test]
    fn times_are_those_of_the_depot_and_no_value_is_cut() {
        let mut records = vec![
            record(
                "b1",
                Attribute::Depot,
                "a-depot-with-a-long-name-north",
                "2025-08-31T19:00:00Z",
            ),
            record("b1", Attribute::Firmware, "4.3.1", "2025-12-03T09:20:00Z"),
        ];
        let table = shown(&records);
        assert!(table.contains("Times are those of the vehicle's depot: Asia/Almaty."));
        assert!(table.contains(" 2025-09-01 ") && table.contains(" 2025-12-03 14:20 "));
        let value: String = table
            .lines()
            .filter_map(|line| line.split_whitespace().find(|word| word.contains('-')))
            .take_while(|word| !word.starts_with("2025"))
            .collect();
        assert!(
            value.starts_with("a-depot-with-a-long-name-north"),
            "{table}"
        );

        records.push(record(
            "b2",
            Attribute::Depot,
            "south",
            "2025-08-31T22:00:00Z",
        ));
        let table = shown(&records);
        assert!(table.contains("Europe/Berlin") && table.contains("Asia/Almaty"));
    }
}
