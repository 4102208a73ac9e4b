//! The real trips: every row of every file becomes one reading.

use std::collections::{HashMap, HashSet};

use super::*;

fn trips() -> Option<PathBuf> {
    let folder = ayaz_local::shared_dir().map(|shared| shared.join("data/bmw_i3"));
    let folder = folder.filter(|folder| folder.is_dir());
    if folder.is_none() {
        println!("skipped: the recorded trips are not on this machine");
    }
    folder
}

fn shipped_mapping() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/mappings/bmw_i3.toml")
}

fn prepare_all(files: &[PathBuf]) -> anyhow::Result<Vec<(Plan, Input)>> {
    let (overrides, progress) = (Overrides::default(), Progress::default());
    prepare(&shipped_mapping(), &overrides, files, &progress)
}

/// Number of samples by trip, from a truth table.
fn truth(path: &Path) -> HashMap<String, u64> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let position = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (trip, filter, samples) = (position("trip"), position("filter"), position("samples"));
    let rows = reader.records().map(Result::unwrap);
    rows.filter(|row| &row[filter] == "clean")
        .map(|row| (row[trip].to_owned(), row[samples].parse().unwrap()))
        .collect()
}

#[test]
fn every_row_of_the_10_hz_trips_becomes_one_reading() {
    let Some(folder) = trips() else { return };
    let truth = truth(&folder.join("truth_per_trip_10hz.csv"));
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("trips10hz_dev"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let plans = prepare_all(&files).unwrap();
    let count = plans.len();
    let mut total = Counts::default();
    let mut cycles = HashSet::new();
    for (plan, input) in plans {
        let label = plan.label.clone();
        let replayed = replay_plan((plan, input), 60);
        assert_eq!(
            (replayed.fault, replayed.warnings),
            (None, vec![]),
            "{label}"
        );
        let trip = &stem(Path::new(&label));
        assert_eq!(replayed.counts.readings, truth[trip], "{trip}");
        let sent = &replayed.sent;
        assert_eq!(sent.len() as u64, replayed.counts.readings, "{trip}");
        let step = |pair: &[Sent]| {
            let rows = pair[1].sequence - pair[0].sequence;
            pair[1].recorded_at - pair[0].recorded_at == 100_000 * rows as i64
        };
        assert!(sent.windows(2).all(step), "{trip}: a row is exactly 0.1 s");
        let has =
            |value: fn(&Reading) -> Option<f32>| sent.iter().all(|s| value(&s.reading).is_some());
        assert!(
            has(|r| r.pack_voltage_volts) && has(|r| r.pack_current_amperes),
            "{trip}"
        );
        assert!(
            has(|r| r.speed_kmh) && has(|r| r.exterior_temperature_celsius),
            "{trip}"
        );
        assert!(
            cycles.insert(sent[0].reading.drive_cycle),
            "{trip} has its own drive cycle"
        );
        total.add(replayed.counts);
    }
    println!("{count} files: {total}");
    assert_eq!(
        total.readings,
        files.iter().map(|f| truth[&stem(f)]).sum::<u64>()
    );
}

fn stem(path: &Path) -> String {
    path.file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .trim_end_matches(".csv.gz")
        .to_owned()
}

#[test]
fn the_1_hz_file_works_with_the_same_mapping() {
    let Some(folder) = trips() else { return };
    let truth = truth(&folder.join("truth_per_trip_1hz.csv"));
    let files = [folder.join("bmw_i3_1hz_dev.csv.gz")];
    let replayed = replay_plan(prepare_all(&files).unwrap().remove(0), 60);
    assert_eq!(replayed.fault, None);
    let mut samples: HashMap<u32, u64> = HashMap::new();
    for sent in &replayed.sent {
        *samples
            .entry(sent.reading.drive_cycle.unwrap())
            .or_default() += 1;
    }
    for (cycle, count) in &samples {
        let trip = truth
            .keys()
            .find(|trip| cycle::CycleNumbers::of(trip).drive_cycle == *cycle);
        assert_eq!(*count, truth[trip.unwrap()]);
    }
    let first = &replayed.sent[0];
    assert_eq!(first.topic, "ayaz/v1/munich/bmw-i3-60ah/telemetry");
    assert_eq!(
        UnixMicrosecondsText(first.recorded_at).to_string(),
        "2019-06-25T11:21:14Z"
    );
    assert_eq!(first.reading.pack_current_amperes, Some(-2.2));
    assert_eq!(first.reading.air_conditioning_power_watts, Some(400.0));
}

#[test]
fn the_unedited_file_is_refused_with_hints_and_can_be_read() {
    let Some(folder) = trips() else { return };
    let files = [folder.join("extra/TripA11_unedited.csv.gz")];
    let error = prepare_all(&files).unwrap_err().to_string();
    assert!(
        error.contains("looks `;`-separated: set delimiter = \";\""),
        "{error}"
    );
    assert!(error.contains("set encoding = \"latin-1\""), "{error}");

    let mapping = std::fs::read_to_string(shipped_mapping()).unwrap();
    let mapping = mapping
        .replace("delimiter = \",\"", "delimiter = \";\"")
        .replace("encoding = \"utf-8\"", "encoding = \"latin-1\"");
    let replayed = replay_plan(plan_one(&mapping, &files[0]).unwrap(), 60);
    assert_eq!(replayed.fault, None);
    assert!(replayed.counts.readings > 10_000, "{:?}", replayed.counts);
    assert!(
        replayed.warnings[0].contains("not the real time"),
        "no index names it"
    );
}
