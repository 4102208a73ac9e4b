//! Sends recorded trips of a real car through all processes and compares with independently computed
//! results.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ayaz_test_db::or_skip;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use system_tests::truth::{self, agree, clean_rows, recorded_trips};
use system_tests::{TestBed, wait};

const MAPPING: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../deploy/mappings/bmw_i3.toml"
);

fn ten_hertz(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("trips10hz_dev"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    ensure!(
        files.len() == 29,
        "29 files are expected, {} are there",
        files.len()
    );
    Ok(files)
}

async fn replay(bed: &TestBed, files: &[PathBuf]) -> Result<String> {
    let mut arguments = vec![
        "replay",
        "--mapping",
        MAPPING,
        "--fleet",
        bed.fleet.as_str(),
    ];
    let files: Vec<&str> = files.iter().filter_map(|file| file.to_str()).collect();
    arguments.extend(files);
    bed.ayaz(&arguments).await
}

async fn until_stored(bed: &TestBed, readings: i64) -> Result<()> {
    wait::until("all readings to be stored", 120, async || {
        Ok(bed.number("select count(*) from reading").await? >= readings)
    })
    .await
}

async fn report(bed: &TestBed, by: &str) -> Result<truth::Rows> {
    let text = bed
        .ayaz(&["report", "energy", "--by", by, "--format", "csv"])
        .await?;
    truth::rows(text.as_bytes())
}

/// Compares both reports with the truth tables of this rate. The start of a trip identifies it.
async fn compare(bed: &TestBed, folder: &Path, rate: &str) -> Result<()> {
    let bands = report(bed, "temperature").await?;
    let expected = clean_rows(&folder.join(format!("truth_per_band_{rate}.csv")))?;
    ensure!(
        bands.len() == expected.len(),
        "{} bands, {} expected",
        bands.len(),
        expected.len()
    );
    for (found, truth) in bands.iter().zip(&expected) {
        ensure!(
            found["band"] == truth["band"],
            "{} for {}",
            found["band"],
            truth["band"]
        );
        ensure!(
            found["trips"] == truth["trips"],
            "trips of {}",
            truth["band"]
        );
        agree(&truth["band"], found, truth)?;
    }
    let index = truth::rows(&std::fs::read(folder.join("trips.csv"))?)?;
    let starts: BTreeMap<_, _> = index
        .iter()
        .map(|trip| (&trip["trip"], &trip["start_utc"]))
        .collect();
    let trips = report(bed, "trip").await?;
    let expected = clean_rows(&folder.join(format!("truth_per_trip_{rate}.csv")))?;
    ensure!(
        trips.len() == expected.len(),
        "{} trips, {} expected",
        trips.len(),
        expected.len()
    );
    for truth in &expected {
        let start: jiff::Timestamp = starts[&truth["trip"]].parse()?;
        let found = trips
            .iter()
            .find(|trip| {
                trip["started_at"]
                    .parse::<jiff::Timestamp>()
                    .is_ok_and(|at| at == start)
            })
            .with_context(|| format!("{} is missing", truth["trip"]))?;
        agree(&truth["trip"], found, truth)?;
        for (ours, theirs) in [
            ("exterior_temperature_mean_celsius", "mean_oat_c"),
            ("soc_start_percent", "soc_start"),
            ("soc_end_percent", "soc_end"),
        ] {
            let (found, truth): (f64, f64) = (found[ours].parse()?, truth[theirs].parse()?);
            ensure!(
                (found - truth).abs() < 1e-3,
                "{ours}: {found} and should be {truth}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn trips_at_10_hz_give_the_truth_after_a_kill_and_a_second_replay() -> Result<()> {
    let Some(folder) = recorded_trips() else {
        return Ok(());
    };
    let seed = 29;
    println!("seed {seed}");
    let bed = or_skip!(TestBed::new());
    let files = ten_hertz(&folder)?;
    let samples: i64 = clean_rows(&folder.join("truth_per_trip_10hz.csv"))?
        .iter()
        .map(|trip| trip["samples"].parse::<i64>())
        .sum::<Result<_, _>>()?;

    let ingest = bed.ingest().await?;
    let mut shuffled = files.clone();
    shuffled.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let (first, second) = shuffled.split_at(11);
    let output = replay(&bed, first).await?;
    ensure!(output.contains("11 files"), "{output}");
    // The daemon is killed with messages in memory; the worker has only a part of the readings.
    ingest.kill().await?;
    bed.analyse().await?;
    let ingest = bed.ingest().await?;
    replay(&bed, second).await?;
    until_stored(&bed, samples).await?;
    bed.analyse().await?;
    compare(&bed, &folder, "10hz").await?;

    let before = (
        report(&bed, "trip").await?,
        report(&bed, "temperature").await?,
    );
    replay(&bed, &files).await?;
    wait::until("the second replay to be acknowledged", 120, async || {
        Ok(ingest
            .metric("ayaz_ingest_readings_duplicate_total")
            .await?
            >= samples as f64)
    })
    .await?;
    bed.analyse().await?;
    assert_eq!(bed.number("select count(*) from reading").await?, samples);
    assert_eq!(bed.number("select count(*) from dead_letter").await?, 0);
    let after = (
        report(&bed, "trip").await?,
        report(&bed, "temperature").await?,
    );
    assert_eq!(before, after, "a second replay changed a number");
    ingest.terminate().await
}

#[tokio::test]
async fn trips_at_1_hz_give_the_truth_of_1_hz() -> Result<()> {
    let Some(folder) = recorded_trips() else {
        return Ok(());
    };
    let bed = or_skip!(TestBed::new());
    let ingest = bed.ingest().await?;
    replay(&bed, &[folder.join("bmw_i3_1hz_dev.csv.gz")]).await?;
    until_stored(&bed, 40_357).await?;
    bed.analyse().await?;
    compare(&bed, &folder, "1hz").await?;
    ingest.terminate().await
}

#[tokio::test]
async fn a_malformed_log_is_not_published_and_the_error_says_what_to_do() -> Result<()> {
    let Some(folder) = recorded_trips() else {
        return Ok(());
    };
    let bed = or_skip!(TestBed::new());
    let file = folder.join("extra/TripA11_unedited.csv.gz");
    let file = file.to_str().context("a readable path")?;
    let mapping = tempfile::NamedTempFile::new()?;
    let missing = std::fs::read_to_string(MAPPING)?.replace("Velocity [km/h]", "No such column");
    std::fs::write(mapping.path(), missing)?;
    let mapping = mapping.path().to_str().context("a readable path")?;
    let good = ten_hertz(&folder)?.remove(0);
    let good = good.to_str().context("a readable path")?;
    for (mapping, file, words) in [
        (MAPPING, file, ["TripA11_unedited", "delimiter"]),
        (mapping, good, ["No such column", good]),
    ] {
        let arguments = ["replay", "--mapping", mapping, good, file];
        let output =
            system_tests::Program::finished("ayaz", &arguments, &bed.environment()).await?;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        for word in words {
            assert!(error.contains(word), "{error} should name {word}");
        }
        assert!(output.stdout.is_empty(), "nothing is published");
    }
    Ok(())
}
