use ayaz_store::reports::{EnergySums, HeatSources, IncompleteTrips, RangeBand, TripRange};
use proptest::prelude::*;
use roxmltree::Document;

use super::super::super::samples::{self, SETTINGS, band, with_losses};
use super::*;
use validity::{check, written};

mod marks;
mod validity;

pub(super) fn trip(group: &str, celsius: f64, kwh_per_km: f64) -> TripRange {
    TripRange {
        group: group.into(),
        vehicle_id: 1,
        began_at: "2026-01-10T06:00:00Z".parse().unwrap(),
        exterior_temperature_mean_celsius: Some(celsius),
        paired_km: 40.0,
        kwh_per_km: Some(kwh_per_km),
        usable_energy_kwh: Some(300.0),
        is_cabin_cold: None,
        completeness: Some(1.0),
        measured_seconds: 3500.0,
        duration_seconds: 3600.0,
    }
}

/// Ranges with the bands' counts of trips that are left out.
pub(super) fn ranges(bands: Vec<RangeBand>) -> Ranges {
    let incomplete = bands.iter().map(|band| band.trips_left_out).sum();
    Ranges {
        by: By::Bus,
        threshold: samples::threshold(),
        settings: SETTINGS,
        left_out: IncompleteTrips {
            trips: incomplete + bands.iter().map(|band| band.trips).sum::<i64>(),
            incomplete,
            silent: incomplete,
            ..IncompleteTrips::default()
        },
        rows: with_losses(bands),
        backlog: None,
    }
}

fn chart(bands: Vec<RangeBand>, trips: &[TripRange], theme: Theme) -> (Figures, String) {
    let ranges = ranges(bands);
    let figures = Figures::new(Choice::of(&ranges.rows), &ranges, trips);
    let svg = draw(By::Bus, &figures, &TripSelection::default(), theme).unwrap();
    (figures, svg)
}

#[test]
fn every_band_is_above_its_counts() {
    let edges = [-46, -24, -22, -20, -15, 10, 40];
    let bands: Vec<RangeBand> = edges
        .iter()
        .enumerate()
        .map(|(index, &edge)| {
            let mut band = band("a", edge, 101 + index as i64, 1.5);
            band.energy.seconds = 3600.0 * (201 + index) as f64;
            band
        })
        .collect();
    let (figures, svg) = chart(bands, &[], Theme::Light);
    check(&svg);
    let page = Page::new(&figures);
    let document = Document::parse(&svg).unwrap();
    let texts = written(&document);
    for (index, &edge) in edges.iter().enumerate() {
        for count in [101 + index, 201 + index] {
            let found = texts.iter().find(|text| text.text == count.to_string());
            let [left, _, right, _] = found.unwrap().space;
            let from = page.x(f64::from(edge));
            let to = page.x(f64::from(
                edge + ayaz_model::temperature_band::width_celsius(edge),
            ));
            assert!(
                from <= left && right <= to,
                "{count} is not under {edge} °C"
            );
        }
    }
    for label in [
        "−46",
        "−22",
        "−20",
        "−15",
        "45",
        "exterior (air) temperature, °C",
    ] {
        let is_there = texts.iter().any(|text| text.text.starts_with(label));
        assert!(is_there, "{label}");
    }
}

#[test]
fn bands_with_too_little_data_are_marked_and_have_no_range() {
    let trips = [trip("a", -29.0, 2.0), trip("a", 11.0, 1.0)];
    let (_, svg) = chart(
        vec![band("a", -30, 2, 1.7), band("a", 10, 5, 1.0)],
        &trips,
        Theme::Light,
    );
    check(&svg);
    let document = Document::parse(&svg).unwrap();
    let texts = written(&document);
    let is_written = |text: &str| texts.iter().any(|written| written.text == text);
    assert!(is_written("(2)") && is_written("5") && is_written("300"));
    assert!(!is_written("176"), "300 / 1.7 has only two trips");
    assert!(is_written(
        "a trip in a band that has too little data to state a range"
    ));
    let open = document.descendants().filter(|node| {
        node.has_tag_name("circle")
            && node.attribute("fill") == Some("none")
            && node.attribute("stroke") == Some("#0300C3")
    });
    assert_eq!(open.count(), 2, "a trip, and one in the legend");
}

#[test]
fn mixed_heat_sources_and_waiting_hours_are_noted() {
    let trips: Vec<TripRange> = (0..5).map(|_| trip("a", -33.0, 2.0)).collect();
    let mixed = RangeBand {
        heat_sources: HeatSources::new(["electric", "fuel"].map(str::to_owned)),
        ..band("a", -34, 5, 2.0)
    };
    let mut ranges = ranges(vec![mixed, band("a", 0, 5, 1.0)]);
    ranges.backlog = Some("7 hours of readings wait".to_owned());
    let figures = Figures::new(Choice::of(&ranges.rows), &ranges, &trips);
    let svg = draw(By::Model, &figures, &TripSelection::default(), Theme::Light).unwrap();
    check(&svg);
    let document = Document::parse(&svg).unwrap();
    let texts = written(&document);
    let is_written = |start: &str| texts.iter().any(|written| written.text.starts_with(start));
    assert!(
        is_written("150‡") && is_written("300"),
        "the band of −34 °C is marked"
    );
    assert!(!texts.iter().any(|written| written.text == "300‡"));
    assert!(is_written(
        "‡: buses that are heated from different sources (electric+fuel)"
    ));
    assert!(is_written("7 hours of readings wait"));
}

#[test]
fn trips_that_are_left_out_are_hollow_grey_and_noted() {
    let mut trips: Vec<TripRange> = (0..5).map(|_| trip("a", 1.0, 1.0)).collect();
    for celsius in [2.0, -12.0] {
        trips.push(TripRange {
            completeness: Some(0.6),
            ..trip("a", celsius, 1.5)
        });
    }
    let some = RangeBand {
        trips_left_out: 1,
        ..band("a", 0, 5, 1.0)
    };
    let all = RangeBand {
        trips_left_out: 1,
        range_km: None,
        energy: EnergySums::default(),
        ..band("a", -15, 0, 1.0)
    };
    let (figures, svg) = chart(vec![all, some], &trips, Theme::Light);
    check(&svg);
    assert_eq!(figures.basis.trips, 5);
    let document = Document::parse(&svg).unwrap();
    let grey = document.descendants().filter(|node| {
        node.has_tag_name("circle")
            && node.attribute("fill") == Some("none")
            && node.attribute("stroke") == Some("#868D95")
    });
    assert_eq!(grey.count(), 3, "two trips, and one in the legend");
    let texts = written(&document);
    let is_written = |start: &str| texts.iter().any(|written| written.text.starts_with(start));
    assert!(
        is_written("left out") && is_written("in grey: a trip that is left out, less than 90 %")
    );
    assert!(is_written(
        "Left out: 2 of 7 trips, less than 90 % complete (2 for missing time"
    ));
    assert!(is_written("Based on 5 trips"));
    // If no trips are left out, there is no note.
    let (_, whole) = chart(vec![band("a", 0, 5, 1.0)], &trips[..5], Theme::Light);
    assert!(!whole.contains("eft out"));
}

#[test]
fn special_characters_in_names_do_not_break_the_file() {
    let name = "<&\">'\u{1}мой\u{202e} автобус\u{ffff}";
    let (_, svg) = chart(vec![band(name, 0, 5, 1.0)], &[], Theme::Auto);
    check(&svg);
    let document = Document::parse(&svg).unwrap();
    let shown = "<&\">'\\u{1}мой\\u{202e} автобус\\u{ffff}";
    let found = written(&document)
        .iter()
        .filter(|text| text.text == shown)
        .count();
    assert_eq!(found, 2, "in the legend and over its figures");
}

#[test]
fn themes_differ_only_in_colours() {
    let draw = |theme| chart(vec![band("a", 0, 5, 1.0)], &[trip("a", 1.0, 1.1)], theme).1;
    let (auto, light, dark) = (draw(Theme::Auto), draw(Theme::Light), draw(Theme::Dark));
    assert!(auto.contains("prefers-color-scheme: dark"));
    assert!(!light.contains("<style>") && light.contains("fill=\"#FFFFFF\""));
    assert!(!dark.contains("<style>") && !dark.contains("#FFFFFF"));
    let shape = |svg: &str| {
        let document = Document::parse(svg).unwrap();
        let names = document
            .descendants()
            .map(|node| node.tag_name().name().to_owned());
        names.filter(|name| name != "style").count()
    };
    assert_eq!(shape(&light), shape(&dark));
}

#[test]
fn twelve_buses_from_the_coldest_to_the_hottest() {
    let mut bands = Vec::new();
    let mut trips = Vec::new();
    for bus in 0..12 {
        let name = format!("a-fleet-with-a-long-name/bus-of-the-long-kind-{bus:03}");
        for celsius in -46..=44 {
            let edge = ayaz_model::temperature_band::lower_edge_celsius(f64::from(celsius));
            let kwh_per_km = 1.0 + f64::from((15 - celsius).max(0)) * 0.02;
            if edge == celsius {
                let mut band = band(&name, edge, 2 + i64::from(bus), kwh_per_km);
                band.energy.seconds = 3600.0 * 1234.0;
                bands.push(band);
            }
            trips.push(trip(&name, f64::from(celsius) + 0.5, kwh_per_km * 1.1));
        }
    }
    let (figures, svg) = chart(bands, &trips, Theme::Auto);
    check(&svg);
    assert_eq!(figures.groups.len(), 8);
    assert!(svg.contains("Shown are the 8 buses with the most kilometres, of 12"));
    assert!(svg.len() < 500_000, "{} bytes", svg.len());
}

fn bands_and_trips() -> impl Strategy<Value = (Vec<RangeBand>, Vec<TripRange>)> {
    let name = || proptest::sample::select(vec!["a", "b/W", "мой", &*"x".repeat(129).leak()]);
    let consumption = || prop_oneof![0.3_f64..3.0, 1e-4..1e4];
    let bands = proptest::collection::btree_map(
        (name(), -70_i16..70),
        (1_i64..5_000_000, consumption(), 0.0_f64..1e8, 0.0_f64..1e7),
        1..40,
    );
    let completeness = || proptest::option::of(0.0_f64..1.0);
    let trips = proptest::collection::vec(
        (name(), -70.0_f64..70.0, consumption(), completeness()),
        0..60,
    );
    (bands, trips).prop_map(|(bands, trips)| {
        let bands = bands
            .into_iter()
            .map(|((name, celsius), (trips, kwh_per_km, seconds, km))| {
                let edge = ayaz_model::temperature_band::lower_edge_celsius(f64::from(celsius));
                let mut band = band(name, edge, trips, kwh_per_km);
                band.energy.seconds = seconds;
                band.energy.energy_seconds = seconds;
                band.energy.km = Some(km);
                band.energy.paired_km = km;
                band.trips_left_out = trips % 1000;
                band
            })
            .collect();
        let trips = trips
            .into_iter()
            .map(|(name, celsius, kwh_per_km, completeness)| TripRange {
                completeness,
                ..trip(name, celsius, kwh_per_km)
            })
            .collect();
        (bands, trips)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_input_makes_a_valid_chart((bands, trips) in bands_and_trips()) {
        let (_, svg) = chart(bands, &trips, Theme::Auto);
        check(&svg);
    }
}
