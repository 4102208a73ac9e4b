//! The recorded trips give the same results as an independent computation.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

/// That crate starts servers, so this one does not depend on it.
#[allow(unreachable_pub, reason = "a file of a crate's interface")]
#[path = "../../ayaz-local/src/shared.rs"]
mod shared;

use std::collections::BTreeMap;
use std::path::Path;

use ayaz_energy::hours::{Hours, Rules};
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_energy::{Bucket, Sample};
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use flate2::read::GzDecoder;

use shared::shared_dir;

/// The results have six decimals.
const RELATIVE: f64 = 1e-4;
const ABSOLUTE: f64 = 2e-6;

type Row = BTreeMap<String, String>;

fn table(reader: impl std::io::Read) -> Vec<Row> {
    csv::Reader::from_reader(reader)
        .deserialize()
        .map(|row| row.unwrap())
        .collect()
}

fn table_at(path: &Path) -> Vec<Row> {
    table(std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn samples(directory: &Path, trip: &Row, drive_cycle: i64) -> Vec<Sample> {
    let start: jiff::Timestamp = trip["start_utc"].parse().unwrap();
    let start = UnixMicroseconds::from(start);
    let file = std::fs::File::open(directory.join(&trip["file"])).unwrap();
    let rows = table(GzDecoder::new(file));
    let good = rows.into_iter().filter(|row| row["x_quality"] == "ok");
    good.map(|row| {
        // The value as the database stores it.
        let number = |column: &str| -> Option<f64> {
            let text = row.get(column).filter(|text| !text.is_empty())?;
            Some(f64::from(text.parse::<f32>().unwrap()))
        };
        let seconds: f64 = row["Time [s]"].parse().unwrap();
        let at = start.plus((seconds * 1e6).round() as i64);
        let mut sample = Sample::bare(at, 1, Some(drive_cycle));
        sample.speed_kmh = number("Velocity [km/h]");
        sample.pack_voltage_volts = number("Battery Voltage [V]");
        sample.pack_current_amperes = number("Battery Current [A]");
        sample.exterior_temperature_celsius = number("Ambient Temperature [°C]");
        sample.soc_percent = number("SoC [%]");
        sample.cabin_heater_power_watts = number("Heating Power LIN [W]");
        sample.air_conditioning_power_watts =
            number("AirCon Power [kW]").map(|kw| f64::from((kw * 1000.0) as f32));
        sample
    })
    .collect()
}

fn buckets(samples: Vec<Sample>) -> Vec<Bucket> {
    let from = samples[0].recorded_at.hour();
    let last = samples.last().unwrap().recorded_at.hour();
    let count = (last.0 - from.0) / HOUR_MICROSECONDS + 1;
    let rules = Rules {
        plausibility: PlausibilityConfig::off(),
        ..Rules::default()
    };
    let mut hours = Hours::new(from, count as usize, None, &rules);
    samples.into_iter().for_each(|sample| hours.push(sample));
    hours.advance(UnixMicroseconds(i64::MAX));
    assert_eq!(
        hours.undecided_until(),
        None,
        "numbered trips are never undecided"
    );
    hours.finish(&[]).buckets
}

/// The columns of the truth tables.
fn summary<'a>(buckets: impl Iterator<Item = &'a Bucket> + Clone) -> Vec<(&'static str, f64)> {
    let sum = |figure: fn(&Bucket) -> f64| buckets.clone().map(figure).sum::<f64>();
    let (net_kwh, km) = (sum(|p| p.energy.net_kwh), sum(|p| p.energy.km));
    let heater_kwh = sum(|p| p.energy.heater_kwh.unwrap_or(0.0));
    let heater_base_kwh = sum(|p| p.energy.heater_base_kwh.unwrap_or(0.0));
    let celsius =
        sum(|p| p.energy.exterior_kelvin_seconds) / sum(|p| p.energy.exterior_seconds) - 273.15;
    vec![
        ("intervals", sum(|p| p.intervals as f64)),
        ("seconds", sum(|p| p.energy.seconds)),
        ("km", km),
        ("net_kwh", net_kwh),
        ("discharge_kwh", sum(|p| p.energy.discharge_kwh)),
        ("regen_kwh", sum(|p| p.energy.regen_kwh)),
        (
            "kwh_per_km",
            sum(|p| p.energy.paired_net_kwh) / sum(|p| p.energy.paired_km),
        ),
        ("mean_oat_c", celsius),
        (
            "ac_kwh",
            sum(|p| p.energy.air_conditioning_kwh.unwrap_or(0.0)),
        ),
        ("heater_kwh", heater_kwh),
        ("heater_base_kwh", heater_base_kwh),
        ("heater_share", heater_kwh / heater_base_kwh),
    ]
}

fn check(name: &str, truth: &Row, found: &[(&str, f64)]) {
    for (column, found) in found {
        let Some(text) = truth.get(*column) else {
            continue;
        };
        if text.is_empty() {
            assert!(
                *found == 0.0 || found.is_nan(),
                "{name} {column}: {found}, expected nothing"
            );
            continue;
        }
        let expected: f64 = text.parse().unwrap();
        let tolerance = RELATIVE * expected.abs() + ABSOLUTE;
        assert!(
            (found - expected).abs() <= tolerance,
            "{name} {column}: {found}, not {expected}"
        );
    }
}

#[test]
fn recorded_trips_match_the_independent_results() {
    let Some(shared) = shared_dir() else {
        eprintln!("skipped: no recorded trips here (AYAZ_SHARED)");
        return;
    };
    let directory = shared.join("data/bmw_i3");
    let clean = |file: &str| -> Vec<Row> {
        let rows = table_at(&directory.join(file));
        rows.into_iter()
            .filter(|row| row["filter"] == "clean")
            .collect()
    };
    let truth_by_trip: BTreeMap<String, Row> = clean("truth_per_trip_10hz.csv")
        .into_iter()
        .map(|row| (row["trip"].clone(), row))
        .collect();
    let mut all = Vec::new();
    let mut trips = 0;
    for (number, trip) in table_at(&directory.join("trips.csv")).iter().enumerate() {
        let name = &trip["trip"];
        let truth = &truth_by_trip[name];
        let of_trip = buckets(samples(&directory, trip, number as i64));
        check(name, truth, &summary(of_trip.iter()));
        let soc_start = of_trip
            .iter()
            .filter_map(|p| p.ends.soc_percent.first)
            .min_by_key(|soc| soc.0);
        let soc_end = of_trip
            .iter()
            .filter_map(|p| p.ends.soc_percent.last)
            .max_by_key(|soc| soc.0);
        check(
            name,
            truth,
            &[
                ("soc_start", soc_start.unwrap().1),
                ("soc_end", soc_end.unwrap().1),
            ],
        );
        all.extend(of_trip);
        trips += 1;
    }
    let mut bands = 0;
    let truth_by_band = clean("truth_per_band_10hz.csv");
    // `all` are all trips. If there is only one kind of trips, the table uses its name instead.
    let has_all = truth_by_band.iter().any(|row| row["split"] == "all");
    for truth in truth_by_band
        .into_iter()
        .filter(|row| !has_all || row["split"] == "all")
    {
        let band = &truth["band"];
        let edge: Option<i16> = band
            .trim_start_matches('[')
            .split(',')
            .next()
            .and_then(|edge| edge.parse().ok());
        let of_band = all.iter().filter(|bucket| {
            bucket.intervals > 0 && (edge.is_none() || bucket.band_celsius == edge)
        });
        check(band, &truth, &summary(of_band.clone()));
        let mut of_band: Vec<_> = of_band.map(|bucket| bucket.drive_cycle).collect();
        of_band.sort_unstable();
        of_band.dedup();
        assert_eq!(of_band.len().to_string(), truth["trips"], "trips in {band}");
        bands += 1;
    }
    eprintln!("{trips} trips and {bands} bands agree to {RELATIVE}");
    assert!(trips > 0 && bands > 1);
}
