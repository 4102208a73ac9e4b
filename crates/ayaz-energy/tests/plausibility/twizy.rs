//! The recorded trips of a Renault Twizy, with real faults of position and state of charge.

use ayaz_energy::Sample;
use ayaz_model::{Signal, UnixMicroseconds};
use flate2::read::GzDecoder;

use crate::shared::shared_dir;
use crate::{Row, checked, ingested, summary, table};

fn sample(row: &Row, trip: i64) -> Sample {
    // Some dates are broken, times are not. No trip passes midnight.
    let time: Vec<i64> = row["Time"].split(':').map(|x| x.parse().unwrap()).collect();
    let seconds = time[0] * 3_600 + time[1] * 60 + time[2] + trip * 86_400;
    let get = |signal, column: &str| ingested(signal, row[column].parse().unwrap());
    let mut s = Sample::bare(UnixMicroseconds(seconds * 1_000_000), trip, Some(trip));
    s.speed_kmh = get(Signal::speed_kmh, "Speed");
    s.soc_percent = get(Signal::soc_percent, "Soc");
    s.latitude_degrees = get(Signal::latitude_degrees, "LAT");
    s.longitude_degrees = get(Signal::longitude_degrees, "LON");
    s.exterior_temperature_celsius = get(Signal::exterior_temperature_celsius, "Temperature");
    s
}

#[test]
fn impossible_positions_and_the_lost_state_of_charge_are_found() {
    let Some(shared) = shared_dir() else {
        eprintln!("skipped: no recorded trips here (AYAZ_SHARED)");
        return;
    };
    let file = std::fs::File::open(shared.join("data/twizy/twizy_rsk_1hz.csv.gz")).unwrap();
    let mut trips: Vec<(String, Vec<Sample>)> = Vec::new();
    for row in table(GzDecoder::new(file)) {
        if trips.last().is_none_or(|(name, _)| *name != row["trip"]) {
            trips.push((row["trip"].clone(), Vec::new()));
        }
        let number = trips.len() as i64;
        trips.last_mut().unwrap().1.push(sample(&row, number));
    }
    let (mut rows, mut flagged) = (0, 0);
    let (mut nowhere, mut empty) = (0, 0);
    for (name, samples) in trips {
        let all = checked(samples);
        for line in summary(&all) {
            eprintln!("{name}: {line}");
        }
        rows += all.len();
        for checked in &all {
            let (sample, flags) = (&checked.sample, checked.flags);
            flagged += usize::from(!flags.is_none());
            if sample.latitude_degrees == Some(0.0) {
                nowhere += 1;
                assert!(flags.marks(Signal::latitude_degrees), "{name}: {sample:?}");
                assert!(flags.marks(Signal::longitude_degrees), "{name}: {sample:?}");
            }
            if sample.soc_percent.is_some_and(|soc| soc < 1.0) {
                empty += 1;
                assert!(flags.marks(Signal::soc_percent), "{name}: {sample:?}");
            }
        }
    }
    let share = flagged as f64 / rows as f64;
    eprintln!("{flagged} of {rows} rows flagged, {:.3} %", share * 100.0);
    assert_eq!((nowhere, empty), (4, 1), "the known faults");
    assert!(share < 0.002, "{share} of the rows");
}
