//! Import of files, without a database.

mod mistakes;

use std::collections::BTreeSet;
use std::path::Path;

use ayaz_store::context::{
    Attribute, ContextChanges, ContextRecord, Depot, Heater, Model, StoredContext, Vehicle,
};
use jiff::Timestamp;

use super::file::Kind;
use super::import::resolve_files;
use super::resolve::{Counts, Resolved};
use super::sheet::sheet;

const MODELS: &str = "model,length_m,usable_energy_kwh,heater\n";
const DEPOTS: &str = "depot,zone,cut_over_hour\n";
const VEHICLES: &str = "fleet,vehicle,model\n";
const CONTEXT: &str = "fleet,vehicle,attribute,value,valid_from,valid_to\n";

fn zones() -> BTreeSet<String> {
    [
        "UTC",
        "Asia/Almaty",
        "Asia/Qostanay",
        "Europe/Oslo",
        "Test/Only",
    ]
    .map(str::to_owned)
    .into()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn record(
    attribute: Attribute,
    value: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> ContextRecord {
    ContextRecord {
        vehicle: ayaz_model::VehicleKey {
            fleet: "astana".parse().unwrap(),
            vehicle: "b1".parse().unwrap(),
        },
        attribute,
        valid_from: from.map(at),
        valid_to: to.map(at),
        value: value.to_owned(),
    }
}

/// A bus in Astana with winter tyres since October.
fn stored() -> StoredContext {
    let tyres = record(
        Attribute::Tyres,
        "winter",
        Some("2025-10-20T00:00:00Z"),
        None,
    );
    let depot = record(
        Attribute::Depot,
        "north",
        Some("2020-01-01T00:00:00Z"),
        None,
    );
    StoredContext {
        models: vec![Model {
            model: "E12".to_owned(),
            length_m: Some(12.0),
            usable_energy_kwh: Some(330.0),
            heater: Some(Heater::Electric),
        }],
        depots: vec![Depot {
            depot: "north".to_owned(),
            zone: "Asia/Almaty".to_owned(),
            cut_over_hour: 3,
        }],
        vehicles: vec![Vehicle {
            key: tyres.vehicle.clone(),
            model: Some("E12".to_owned()),
        }],
        records: vec![depot, tyres],
        default_zone: "UTC".to_owned(),
    }
}

fn files(texts: &[&str]) -> Vec<(String, Vec<u8>)> {
    let named = |(index, text): (usize, &&str)| (format!("{index}.csv"), text.as_bytes().to_vec());
    texts.iter().enumerate().map(named).collect()
}

fn good(texts: &[&str]) -> Resolved {
    resolve_files(&files(texts), &stored(), &zones()).unwrap()
}

#[test]
fn columns_may_have_any_order_and_a_byte_order_mark_is_ignored() {
    let resolved = good(&["\u{feff}zone, depot ,cut_over_hour\r\nEurope/Oslo,ruter,\r\n"]);
    let expected = Depot {
        depot: "ruter".to_owned(),
        zone: "Europe/Oslo".to_owned(),
        cut_over_hour: 3,
    };
    assert_eq!(resolved.changes.depots, [expected]);
}

#[test]
fn a_date_is_midnight_at_the_depot_of_that_time() {
    // North is at UTC+6 until March 2024. b2 moves to Oslo later. b3 has no depot.
    let resolved = good(&[
        &format!("{DEPOTS}oslo,Europe/Oslo,3\n"),
        &format!(
            "{CONTEXT}astana,b1,route,1,2019-06-01,2024-02-29\nastana,b1,route,2,2024-02-29,\
             2024-03-01\nastana,b1,route,3,2024-03-01,2024-03-02\n\
             astana,b2,depot,north,2025-01-01,2025-07-01T00:00:00Z\n\
             astana,b2,depot,oslo,2025-07-01T00:00:00Z,\n\
             astana,b2,route,4,2025-06-01,2025-08-01\n\
             astana,b3,route,5,2025-06-01,2025-08-01\n"
        ),
    ]);
    let find = |value: &str| {
        let mut records = resolved.changes.records.iter();
        let found = records.find(|record| record.value == value).unwrap();
        let text = |end: Option<Timestamp>| end.map_or(String::new(), |end| end.to_string());
        (text(found.valid_from), text(found.valid_to))
    };
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(
        find("1"),
        pair("2019-05-31T18:00:00Z", "2024-02-28T18:00:00Z")
    );
    // The day with 25 hours.
    assert_eq!(
        find("2"),
        pair("2024-02-28T18:00:00Z", "2024-02-29T19:00:00Z")
    );
    assert_eq!(
        find("3"),
        pair("2024-02-29T19:00:00Z", "2024-03-01T19:00:00Z")
    );
    assert_eq!(
        find("4"),
        pair("2025-05-31T19:00:00Z", "2025-07-31T22:00:00Z")
    );
    assert_eq!(
        find("5"),
        pair("2025-06-01T00:00:00Z", "2025-08-01T00:00:00Z")
    );
    assert_eq!(find("north").0, "2024-12-31T19:00:00Z");
    // b2 and b3 were unknown.
    assert_eq!(resolved.counts[&Kind::Vehicles].new, 2);
}

#[test]
fn a_change_of_depots_on_a_date_is_one_instant_in_all_zones() {
    let depots = format!("{DEPOTS}oslo,Europe/Oslo,3\n");
    // To the west, where midnight is later, and back to the east, where it is earlier.
    for (lines, instants) in [
        (
            [
                "depot,oslo,2026-03-01,2026-05-01",
                "depot,north,2026-05-01,",
            ],
            ["2026-02-28T23:00:00Z", "2026-04-30T19:00:00Z"],
        ),
        // The order of the lines does not matter.
        (
            [
                "depot,north,2026-05-01,",
                "depot,oslo,2026-03-01,2026-05-01",
            ],
            ["2026-02-28T23:00:00Z", "2026-04-30T19:00:00Z"],
        ),
    ] {
        let rows: String = lines.map(|line| format!("astana,b1,{line}\n")).concat();
        let resolved = good(&[
            &depots,
            &format!(
                "{CONTEXT}astana,b1,depot,north,2020-01-01T00:00:00Z,2026-03-01\n{rows}\
                 astana,b1,tyres,winter,2025-10-20T00:00:00Z,2026-03-01\n\
                 astana,b1,tyres,summer,2026-03-01,\n"
            ),
        ]);
        let mut depots: Vec<&ContextRecord> = resolved
            .changes
            .records
            .iter()
            .filter(|r| r.attribute == Attribute::Depot)
            .collect();
        depots.sort_by_key(|r| r.valid_from);
        let bounds: Vec<_> = depots.iter().map(|r| (r.valid_from, r.valid_to)).collect();
        let [west, east] = instants.map(|text| Some(at(text)));
        let start = Some(at("2020-01-01T00:00:00Z"));
        assert_eq!(bounds, [(start, west), (west, east), (east, None)]);
        // Other changes on this date happen at the same instant as the change of depot.
        let mut tyres = resolved.changes.records.iter();
        let summer = tyres.find(|r| r.value == "summer").unwrap();
        assert_eq!(summer.valid_from, west);
    }
}

#[test]
fn a_depot_record_ends_when_the_stored_next_one_begins() {
    let mut stored = stored();
    stored.depots.push(Depot {
        depot: "oslo".to_owned(),
        zone: "Europe/Oslo".to_owned(),
        cut_over_hour: 3,
    });
    let come = Some("2026-02-28T23:00:00Z");
    stored.records[0].valid_to = come.map(at);
    stored
        .records
        .push(record(Attribute::Depot, "oslo", come, None));
    let again = format!("{CONTEXT}astana,b1,depot,north,2020-01-01T00:00:00Z,2026-03-01\n");
    let resolved = resolve_files(&files(&[&again]), &stored, &zones()).unwrap();
    assert_eq!(resolved.counts[&Kind::Context].unchanged, 1);
}

#[test]
fn a_formula_is_exported_and_imported_as_text() {
    let mut stored = stored();
    stored.records[1].value = "=1+1".to_owned();
    let csv = sheet(Kind::Context, &stored).to_csv().unwrap();
    assert!(csv.contains(",tyres,'=1+1,"), "{csv}");
    let resolved = resolve_files(&files(&[&csv]), &stored, &zones()).unwrap();
    assert_eq!(resolved.counts[&Kind::Context].unchanged, 2);
}

#[test]
fn a_record_with_an_end_allows_the_next_one() {
    let resolved = good(&[&format!(
        "{CONTEXT}astana,b1,tyres,winter,2025-10-20T00:00:00Z,2026-04-01\n\
         astana,b1,tyres,summer,2026-04-01,\n"
    )]);
    let counts = Counts {
        new: 1,
        changed: 1,
        unchanged: 0,
    };
    assert_eq!(resolved.counts[&Kind::Context], counts);
}

#[test]
fn an_import_of_an_export_changes_nothing() {
    let stored = stored();
    let sheets = Kind::ALL.map(|kind| sheet(kind, &stored).to_csv().unwrap());
    let resolved = good(&sheets.each_ref().map(String::as_str));
    for (kind, counts) in &resolved.counts {
        assert_eq!((counts.new, counts.changed), (0, 0), "{kind:?}");
    }
    let unchanged: usize = resolved
        .counts
        .values()
        .map(|counts| counts.unchanged)
        .sum();
    assert_eq!(unchanged, 1 + 1 + 1 + 2);
    let expected = ContextChanges {
        models: stored.models,
        depots: stored.depots,
        vehicles: stored.vehicles,
        records: stored.records,
    };
    assert_eq!(resolved.changes, expected);
}

#[test]
fn the_samples_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/context");
    let files: Vec<(String, Vec<u8>)> = Kind::ALL
        .map(|kind| {
            let path = folder.join(format!("{}.csv", kind.name()));
            (path.display().to_string(), std::fs::read(&path).unwrap())
        })
        .into();
    let empty = StoredContext {
        default_zone: "UTC".to_owned(),
        ..StoredContext::default()
    };
    let resolved = resolve_files(&files, &empty, &zones()).unwrap();
    let new = Kind::ALL.map(|kind| resolved.counts[&kind].new);
    assert_eq!(new, [2, 1, 4, 15]);
    // There is no gap between the tyres.
    let tyres: Vec<_> = resolved
        .changes
        .records
        .iter()
        .filter(|r| r.attribute == Attribute::Tyres && r.vehicle.vehicle.as_str() == "bus-1")
        .collect();
    assert_eq!(tyres[0].valid_to, tyres[1].valid_from);
    assert_eq!(tyres[1].valid_from, Some(at("2025-10-19T19:00:00Z")));
}
