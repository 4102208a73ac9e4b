//! The complete recorded trips of the BMW i3, without using `x_quality`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use ayaz_energy::Sample;
use ayaz_energy::integrate::power_watts;
use ayaz_energy::plausibility::Checked;
use ayaz_model::{Signal, UnixMicroseconds};
use flate2::read::GzDecoder;

use crate::shared::shared_dir;
use crate::{Row, checked, ingested, lost_share, summary, table};

const ENERGY: [Signal; 2] = [Signal::pack_voltage_volts, Signal::pack_current_amperes];

/// The signals that give energy and distance.
const SUMS: [Signal; 5] = [
    Signal::pack_voltage_volts,
    Signal::pack_current_amperes,
    Signal::speed_kmh,
    Signal::cabin_heater_power_watts,
    Signal::exterior_temperature_celsius,
];

/// The columns of `deploy/mappings/bmw_i3.toml` that a sample has.
fn sample(row: &Row) -> Sample {
    let number = |column: &str| -> Option<f64> {
        row.get(column)
            .filter(|text| !text.is_empty())
            .map(|text| text.parse().unwrap())
    };
    let get = |signal: Signal, column: &str| ingested(signal, number(column)?);
    let at = (number("Time [s]").unwrap() * 1e6).round() as i64;
    let mut s = Sample::bare(UnixMicroseconds(1_560_000_000_000_000 + at), 1, Some(1));
    s.speed_kmh = get(Signal::speed_kmh, "Velocity [km/h]");
    s.accelerator_percent = get(Signal::accelerator_percent, "Throttle [%]");
    s.motor_torque_nm = get(Signal::motor_torque_nm, "Motor Torque [Nm]");
    s.pack_voltage_volts = get(Signal::pack_voltage_volts, "Battery Voltage [V]");
    s.pack_current_amperes = get(Signal::pack_current_amperes, "Battery Current [A]");
    s.soc_percent = get(Signal::soc_percent, "SoC [%]");
    s.battery_temperature_celsius = get(
        Signal::battery_temperature_celsius,
        "Battery Temperature [°C]",
    );
    s.cell_temperature_max_celsius = get(
        Signal::cell_temperature_max_celsius,
        "max. Battery Temperature [°C]",
    );
    s.exterior_temperature_celsius = get(
        Signal::exterior_temperature_celsius,
        "Ambient Temperature [°C]",
    );
    s.cabin_temperature_celsius = get(
        Signal::cabin_temperature_celsius,
        "Cabin Temperature Sensor [°C]",
    );
    s.cabin_heater_power_watts = get(Signal::cabin_heater_power_watts, "Heating Power LIN [W]");
    s.air_conditioning_power_watts = number("AirCon Power [kW]")
        .and_then(|kw| ingested(Signal::air_conditioning_power_watts, kw * 1e3));
    s
}

fn samples(path: &Path) -> Vec<Sample> {
    let file = std::fs::File::open(path).unwrap();
    table(GzDecoder::new(file)).iter().map(sample).collect()
}

fn net_kwh(all: &[Checked]) -> f64 {
    let good = |checked: &Checked| !ENERGY.iter().any(|signal| checked.flags.marks(*signal));
    let pairs = all.iter().zip(&all[1..]);
    pairs
        .filter(|(a, b)| good(a) && good(b))
        .filter_map(|(a, b)| {
            let seconds = b.sample.recorded_at.seconds_since(a.sample.recorded_at);
            Some((power_watts(&a.sample)? + power_watts(&b.sample)?) / 2.0 * seconds / 3.6e6)
        })
        .sum()
}

fn truth(directory: &Path, file: &str) -> BTreeMap<String, f64> {
    table(std::fs::File::open(directory.join(file)).unwrap())
        .into_iter()
        .filter(|row| row.get("filter").is_none_or(|filter| filter == "clean"))
        .map(|row| (row["trip"].clone(), row["net_kwh"].parse().unwrap()))
        .collect()
}

#[test]
fn the_ramp_of_b02_is_found_and_no_other_trip_loses_time() {
    let Some(shared) = shared_dir() else {
        eprintln!("skipped: no recorded trips here (AYAZ_SHARED)");
        return;
    };
    let directory = shared.join("data/bmw_i3");
    let by_rate = [
        (1, truth(&directory, "truth_per_trip_10hz.csv")),
        (10, truth(&directory, "truth_per_trip_1hz.csv")),
    ];
    let trips = table(std::fs::File::open(directory.join("trips.csv")).unwrap());
    let mut mistakes = Vec::new();
    let mut flagged = [0, 0];
    for trip in &trips {
        let name = &trip["trip"];
        let rows = samples(&directory.join(&trip["file"]));
        for (every, truth) in &by_rate {
            let all = checked(rows.iter().step_by(*every).cloned());
            let lost = lost_share(&all, &SUMS);
            let (net, clean) = (net_kwh(&all), truth[name]);
            let off = net / clean - 1.0;
            for line in summary(&all) {
                eprintln!("{name} every {every}: {line}");
            }
            eprintln!(
                "{name} every {every}: lost {:.3} %, net {net:.4} kWh, {:+.3} % of {clean:.4}",
                lost * 100.0,
                off * 100.0
            );
            if off.abs() > 0.05 {
                mistakes.push(format!("{name} every {every}: net energy off by {off}"));
            }
            if name != "TripB02" && lost > 0.005 {
                mistakes.push(format!("{name} every {every}: {lost} of its time lost"));
            }
            flagged[usize::from(name == "TripB02")] +=
                all.iter().filter(|c| c.flags.whole_row()).count();
        }
    }
    assert_eq!(mistakes, Vec::<String>::new());
    assert_eq!(flagged[0], 0, "rows flagged whole in other trips than B02");
    assert!(flagged[1] > 1_500, "{} rows of B02's ramp", flagged[1]);
}

#[test]
fn the_trip_before_its_repair_gets_the_same_flags() {
    let Some(shared) = shared_dir() else {
        eprintln!("skipped: no recorded trips here (AYAZ_SHARED)");
        return;
    };
    let directory = shared.join("data/bmw_i3");
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(directory.join("extra/TripA11_unedited.csv.gz")).unwrap())
        .read_to_end(&mut bytes)
        .unwrap();
    // Latin-1: every byte is the character of that number.
    let text: String = bytes.into_iter().map(char::from).collect();
    let unedited: Vec<Sample> = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(text.as_bytes())
        .deserialize()
        .map(|row| sample(&row.unwrap()))
        .collect();
    let edited = samples(&directory.join("trips10hz_dev/TripA11.csv.gz"));
    assert!(!edited.is_empty());
    assert_eq!(checked(unedited), checked(edited));
}
