//! Files to messages, without a broker. `errors` tests wrong files, `inputs` tests kinds of input
//! and their ends, `recorded` reads the real trips, `broker` runs the whole command.

use std::io::Write;
use std::path::{Path, PathBuf};

use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::{Reading, TelemetryBatch};

use super::*;

mod broker;
mod errors;
mod inputs;
mod recorded;

const MAPPING: &str = r#"
identity = { fleet = "f", vehicle = "v", vehicle_column = "vehicle" }
drive_cycle = { column = "trip" }

[[time]]
column = "at"
format = "rfc3339"

[[time]]
column = "t"
format = "seconds_since_origin"
[time.origin]
index = ["starts.csv", "../starts.csv"]
key_column = "name"
value_column = "start"
fallback = "2019-06-01T00:00:00Z"

[[skip]]
column = "quality"
unless = "ok"
optional = true

[signals.speed_kmh]
column = "speed [km/h]"

[signals.air_conditioning_power_watts]
column = "ac [kW]"
scale = 1000.0
offset = 1.0
optional = true

[signals.route]
column = "route"
optional = true

[signals.gear]
column = "gear"
optional = true
"#;

/// A folder with files, removed when dropped.
pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    pub(super) fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub(super) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

pub(super) fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// Plans one file with a mapping.
pub(super) fn plan_one(mapping: &str, path: &Path) -> Result<(Plan, Input), String> {
    let mapping = Mapping::parse(mapping).map_err(|error| format!("{error:#}"))?;
    let files = [path.to_owned()];
    let (overrides, progress) = (Overrides::default(), Progress::default());
    let (mut plans, faults) = plan::plan_all(&mapping, &overrides, &files, &progress);
    match faults.first() {
        Some(fault) => Err(fault.to_string()),
        None => Ok(plans.remove(0)),
    }
}

/// A reading with its key from the batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    pub(super) topic: String,
    pub(super) boot_id: u32,
    pub(super) sequence: u64,
    pub(super) recorded_at: i64,
    pub(super) reading: Reading,
}

/// The result of a replayed file: readings, counts, warnings and fault.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    pub(super) sent: Vec<Sent>,
    pub(super) messages: Vec<usize>,
    pub(super) counts: FileCounts,
    pub(super) warnings: Vec<String>,
    pub(super) fault: Option<Fault>,
}

pub(super) fn replay_plan((plan, input): (Plan, Input), readings_per_message: usize) -> Replayed {
    let mut replayed = Replayed {
        warnings: plan.warnings.clone(),
        ..Replayed::default()
    };
    let sink = |event| {
        match event {
            FileEvent::Warning(text) => replayed.warnings.push(text),
            FileEvent::Message(message) => replayed.take(&message),
        }
        true
    };
    let progress = Progress::default();
    let (counts, fault) = file::read(&plan, input, readings_per_message, progress, sink);
    (replayed.counts, replayed.fault) = (counts, fault);
    replayed
}

impl Replayed {
    fn take(&mut self, message: &file::Message) {
        let batch = TelemetryBatch::decode(message.payload.clone()).unwrap();
        assert!(batch.historical, "a log is never live");
        assert_eq!(batch.reading_count as usize, batch.readings.len());
        assert!(message.topic.contains(&format!("/{}/", batch.vehicle)));
        self.messages.push(batch.readings.len());
        let base_time = batch.base_time_unix_microseconds.unwrap();
        self.sent
            .extend(batch.readings.into_iter().map(|reading| Sent {
                topic: message.topic.clone(),
                boot_id: batch.boot_id,
                sequence: batch.base_sequence + u64::from(reading.sequence_offset),
                recorded_at: base_time + reading.time_offset_microseconds,
                reading,
            }));
        assert_eq!(
            self.sent.last().unwrap().recorded_at,
            message.recorded_at_last.0
        );
    }
}

fn replay_text(text: &str) -> Replayed {
    let folder = Folder::new();
    replay_plan(
        plan_one(MAPPING, &folder.file("Drive1.csv", text)).unwrap(),
        60,
    )
}

#[test]
fn cells_become_signals_and_a_blank_cell_is_not_measured() {
    let replayed = replay_text(concat!(
        "at,speed [km/h],ac [kW],route,gear\n",
        "2019-06-25T11:21:14.1Z, 0 ,0.4,12A,drive\n",
        "2019-06-25T13:21:14.2+02:00,,,,4\n",
        "2019-06-25T11:21:14.3000004Z,-999,NaN,7,9\n",
    ));
    assert_eq!(replayed.fault, None);
    let [first, second, third] = &replayed.sent[..] else {
        panic!("{replayed:?}")
    };
    assert_eq!(first.topic, "ayaz/v1/f/v/telemetry");
    assert_eq!(first.reading.speed_kmh, Some(0.0), "0 is a measurement");
    assert_eq!(first.reading.air_conditioning_power_watts, Some(401.0));
    assert_eq!(
        (first.reading.route.as_deref(), first.reading.gear),
        (Some("12A"), Some(4))
    );
    assert_eq!(second.reading.speed_kmh, None);
    assert_eq!(
        (&second.reading.route, second.reading.gear),
        (&None, Some(4))
    );
    assert_eq!(
        second.recorded_at - first.recorded_at,
        100_000,
        "zones are respected"
    );
    assert_eq!(
        third.recorded_at - first.recorded_at,
        200_000,
        "whole microseconds"
    );
    assert_eq!(
        third.reading.speed_kmh,
        Some(-999.0),
        "a value out of range is sent unchanged"
    );
    assert!(third.reading.air_conditioning_power_watts.unwrap().is_nan());
    assert_eq!(
        (third.reading.route.as_deref(), third.reading.gear),
        (Some("7"), Some(9))
    );
}

#[test]
fn a_row_keeps_its_key_with_other_skip_rules_and_groups() {
    let rows = |quality: [&str; 5]| {
        let rows = quality.iter().enumerate();
        let rows = rows.map(|(n, quality)| format!("0.{n},{n},{quality}\n"));
        format!("t,speed [km/h],quality\n{}", rows.collect::<String>())
    };
    let folder = Folder::new();
    let whole = plan_one(MAPPING, &folder.file("D.csv", rows(["ok"; 5]))).unwrap();
    let whole = replay_plan(whole, 60);
    assert_eq!((whole.sent.len(), &whole.messages[..]), (5, &[5][..]));
    let sequences: Vec<_> = whole.sent.iter().map(|sent| sent.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
    let times: Vec<_> = whole
        .sent
        .iter()
        .map(|s| s.recorded_at - whole.sent[0].recorded_at)
        .collect();
    assert_eq!(
        times,
        [0, 100_000, 200_000, 300_000, 400_000],
        "0.3 s is 300,000 µs exactly"
    );

    let some = rows(["ok", "ramp", "ok", "", " ok "]);
    let some = plan_one(MAPPING, &folder.file("other/D.csv.gz", gzip(some))).unwrap();
    let some = replay_plan(some, 2);
    let skipped = BTreeMap::from([("\"quality\" is not \"ok\"".to_owned(), 2)]);
    let counts = FileCounts {
        rows: 5,
        readings: 3,
        messages: 2,
        skipped,
    };
    assert_eq!(some.counts, counts);
    assert_eq!(some.messages, [2, 1]);
    for sent in &some.sent {
        let same = whole
            .sent
            .iter()
            .find(|other| other.sequence == sent.sequence)
            .unwrap();
        assert_eq!(
            (sent.boot_id, sent.recorded_at),
            (same.boot_id, same.recorded_at)
        );
    }
    let cycle = some.sent[0].reading.drive_cycle;
    assert!(
        cycle.is_some()
            && some
                .sent
                .iter()
                .all(|sent| sent.reading.drive_cycle == cycle)
    );
}

#[test]
fn vehicle_and_drive_cycle_may_be_in_columns() {
    let replayed = replay_text(concat!(
        "vehicle,trip,at,speed [km/h]\n",
        "a,T1,2019-06-25T11:00:00Z,1\n",
        "a,T1,2019-06-25T11:00:01Z,2\n",
        "a,T2,2019-06-25T12:00:00Z,3\n",
        "b,T2,2019-06-25T12:00:00Z,4\n",
    ));
    assert_eq!(
        replayed.messages,
        [2, 1, 1],
        "a message has one vehicle and one boot"
    );
    let sent = &replayed.sent;
    assert_eq!(
        (sent[2].topic.as_str(), sent[3].topic.as_str()),
        ("ayaz/v1/f/a/telemetry", "ayaz/v1/f/b/telemetry")
    );
    assert_eq!(sent[0].boot_id, sent[1].boot_id);
    assert_ne!(sent[1].boot_id, sent[2].boot_id);
    assert_ne!(sent[1].reading.drive_cycle, sent[2].reading.drive_cycle);
}

#[test]
fn relative_time_starts_at_the_indexed_time_or_at_the_fallback_with_a_warning() {
    let folder = Folder::new();
    let log = "t,speed [km/h]\n0.5,1\n";
    folder.file("starts.csv", "name,start\nD1,2020-01-01T00:00:00Z\nD3,\n");
    let start = |name: &str| {
        let replayed = replay_plan(plan_one(MAPPING, &folder.file(name, log)).unwrap(), 60);
        let at = UnixMicrosecondsText(replayed.sent[0].recorded_at).to_string();
        (at, replayed.warnings.join(" "))
    };
    assert_eq!(
        start("D1.csv"),
        ("2020-01-01T00:00:00.5Z".to_owned(), String::new())
    );
    assert_eq!(start("below/D1.csv").0, "2020-01-01T00:00:00.5Z");
    for name in ["D2.csv", "D3.csv", "below/deeper/D1.csv"] {
        let (at, warning) = start(name);
        assert_eq!(at, "2019-06-01T00:00:00.5Z", "{name}");
        assert!(
            warning.contains("not the real time") && warning.contains(name),
            "{warning}"
        );
    }
    let spread = MAPPING.replace("fallback =", "fallback_spread_days = 365\nfallback =");
    let at = |name: &str| {
        let plan = plan_one(&spread, &folder.file(name, log)).unwrap();
        replay_plan(plan, 60).sent[0].recorded_at
    };
    assert_ne!(at("D2.csv"), at("D4.csv"));
    assert_eq!(
        at("D2.csv"),
        at("elsewhere/on/D2.csv"),
        "depends only on the name"
    );

    let strict = MAPPING.replace("fallback =", "# fallback =");
    let error = plan_one(&strict, &folder.file("D2.csv", log)).unwrap_err();
    assert!(
        error.contains("does not contain drive cycle \"D2\""),
        "{error}"
    );
}

/// Prints an instant.
struct UnixMicrosecondsText(i64);

impl std::fmt::Display for UnixMicrosecondsText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        ayaz_model::UnixMicroseconds(self.0).fmt(f)
    }
}

#[test]
fn the_command_line_overrides_columns() {
    let folder = Folder::new();
    let log = "vehicle,at,speed [km/h]\na,2019-06-25T11:00:00Z,1\n";
    let path = folder.file("D.csv", log);
    let overrides = Overrides {
        fleet: Some("g".parse().unwrap()),
        vehicle: Some("w".parse().unwrap()),
    };
    let mapping = Mapping::parse(MAPPING).unwrap();
    let (mut plans, faults) = plan::plan_all(&mapping, &overrides, &[path], &Progress::default());
    assert_eq!(faults, []);
    assert_eq!(
        replay_plan(plans.remove(0), 60).sent[0].topic,
        "ayaz/v1/g/w/telemetry"
    );
}

#[test]
fn a_count_of_one_is_singular() {
    let counts = Counts {
        rows: 1,
        readings: 1,
        messages: 1,
        files: 1,
        ..Counts::default()
    };
    assert_eq!(
        counts.to_string(),
        "1 reading of 1 file in 1 message acknowledged; 0 of 1 row skipped by the mapping"
    );
}

#[test]
fn latin_1_is_read_if_the_mapping_says_so() {
    let folder = Folder::new();
    let log = b"at;speed [km/h];ac [kW];Temp [\xb0C];route\n2019-06-25T11:00:00Z;1;2;3;\xc4\n";
    let mapping = format!("delimiter = ';'\nencoding = 'latin-1'\n{MAPPING}")
        + "[signals.exterior_temperature_celsius]\ncolumn = 'Temp [°C]'\n";
    let replayed = replay_plan(plan_one(&mapping, &folder.file("D.csv", log)).unwrap(), 60);
    assert_eq!(
        replayed.sent[0].reading.exterior_temperature_celsius,
        Some(3.0)
    );
    assert_eq!(replayed.sent[0].reading.route.as_deref(), Some("Ä"));
}
