//! Dead letters from the broker to the command: a flood of them is limited, and after a fix they become rows.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use ayaz_model::TopicKind;
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::VehicleStatus;
use ayaz_publisher::{Publisher, encode};
use ayaz_test_db::or_skip;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use system_tests::{Program, TestBed, truth, wait};

use crate::fixtures::{readings, vehicle};

/// The limit of dead letters of a vehicle and hour in these tests.
const DEAD_LETTERS_MAX: usize = 20;

/// Starts the ingest daemon with that limit and waits until it is ready.
async fn ingest(bed: &TestBed, sections: &str) -> Result<Program> {
    let fleet = &bed.fleet;
    let config = format!(
        "[mqtt]\nurl = 'mqtt://127.0.0.1'\nclient_id = 'ingest-{fleet}'\nfleets = ['{fleet}']\n\
         [database]\nurl = 'postgres://127.0.0.1/x'\n{sections}"
    );
    let mut environment = bed.environment();
    environment.push((
        "AYAZ__DEAD_LETTERS__PER_VEHICLE_HOUR_MAX",
        DEAD_LETTERS_MAX.to_string(),
    ));
    let program = Program::daemon("ayaz-ingest", &environment, &config)?;
    program.until_ready().await?;
    Ok(program)
}

async fn until_acknowledged(ingest: &Program, messages: u64) -> Result<()> {
    wait::until("all to be acknowledged", 30, async || {
        let metric = "ayaz_ingest_messages_acknowledged_total";
        Ok(ingest.metric(metric).await? >= messages as f64)
    })
    .await
}

/// Distinct payloads that are not telemetry.
fn bad_payloads(count: usize) -> BTreeSet<Vec<u8>> {
    let seed = 20_260_131;
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut payloads = BTreeSet::new();
    while payloads.len() < count {
        // The first byte begins a group without an end.
        let mut payload = vec![0x0b];
        payload.extend(ayaz_sim::bad_payloads::random(&mut rng, 40));
        payloads.insert(payload);
    }
    payloads
}

async fn refused(bed: &TestBed, arguments: &[&str]) -> Result<String> {
    let output = Program::finished("ayaz", arguments, &bed.environment()).await?;
    let error = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
    Ok(error)
}

#[tokio::test]
async fn dead_letters_of_a_flood_are_limited_and_counted_and_good_messages_stored() -> Result<()> {
    const BAD: usize = 300;
    let bed = or_skip!(TestBed::new());
    let ingest = ingest(&bed, "").await?;
    let publisher = bed.publisher("bus").await?;
    let (flood, quiet) = (vehicle("flood"), vehicle("quiet"));
    let topic = |bus| TopicKind::Telemetry.topic(&bed.fleet, bus);
    let good = readings(1, BAD as u64);
    for (payload, one) in bad_payloads(BAD).into_iter().zip(&good) {
        publisher.publish(topic(&flood), payload.into()).await?;
        bed.publish(&publisher, &flood, std::slice::from_ref(one))
            .await?;
    }
    let oversized = ayaz_sim::bad_payloads::oversized(300_000);
    publisher.publish(topic(&quiet), oversized.into()).await?;
    let sent = publisher.finish().await?.messages;
    until_acknowledged(&ingest, sent).await?;

    let stored = bed.number("select count(*) from reading").await?;
    assert_eq!(stored, BAD as i64);
    // The hour may have ended in between: then the limit applied twice.
    let most = "select max(letters)::bigint from dead_letter_quota";
    assert_eq!(bed.number(most).await?, DEAD_LETTERS_MAX as i64);
    let dead_letters = bed
        .number("select count(*) from dead_letter where topic like '%/flood/%'")
        .await?;
    let suppressed = bed
        .number("select sum(messages)::bigint from dead_letter_suppressed")
        .await?;
    assert_eq!(dead_letters + suppressed, BAD as i64);
    assert_eq!(
        ingest
            .metric("ayaz_ingest_dead_letters_suppressed_total")
            .await?,
        suppressed as f64
    );

    let list = ["dead-letters", "list", "--format", "csv"];
    let groups = truth::rows(bed.ayaz(&list).await?.as_bytes())?;
    let group = |name: &str| groups.iter().find(|group| group["vehicle"] == name);
    let of_flood = group("flood").context("the group of the flood")?;
    assert_eq!(of_flood["letters"], dead_letters.to_string());
    assert_eq!(of_flood["suppressed"], suppressed.to_string());
    assert_eq!(of_flood["reason"], "payload_undecodable");
    assert_eq!(group("quiet").context("the other group")?["letters"], "1");
    let table = bed.ayaz(&["dead-letters", "list"]).await?;
    assert!(
        table.contains(&format!("{suppressed} messages suppressed")),
        "{table}"
    );

    let list = [&list[..], &["--letters", "--limit", "1000"]].concat();
    let letters = truth::rows(bed.ayaz(&list).await?.as_bytes())?;
    digests_are_found(&bed, &letters).await?;
    ingest.terminate().await
}

/// Finds dead letters by full and partial digests. With more than 16, two have the same first digit.
async fn digests_are_found(bed: &TestBed, letters: &truth::Rows) -> Result<()> {
    let digests: Vec<&str> = letters.iter().map(|row| row["digest"].as_str()).collect();
    let starts_with = |digit: &str| {
        digests
            .iter()
            .filter(|name| name.starts_with(digit))
            .count()
    };
    let shared = digests
        .iter()
        .map(|digest| &digest[..1])
        .find(|digit| starts_with(digit) > 1);
    let shared = shared.context("two digests with the same first digit")?;
    let error = refused(bed, &["dead-letters", "show", shared]).await?;
    assert!(error.contains("several dead letters"), "{error}");
    let unknown = "0".repeat(64);
    for command in ["show", "replay"] {
        let error = refused(bed, &["dead-letters", command, &unknown]).await?;
        assert!(error.contains("no dead letter has a digest"), "{error}");
    }

    let is_cut = |row: &&std::collections::BTreeMap<String, String>| row["kept_bytes"] == "65536";
    let cut = letters
        .iter()
        .find(is_cut)
        .context("the oversized message")?;
    assert_eq!(cut["payload_bytes"], "300004");
    let shown = bed
        .ayaz(&["dead-letters", "show", &cut["digest"][..12]])
        .await?;
    assert!(shown.contains("cannot be replayed"), "{shown}");
    let error = refused(bed, &["dead-letters", "replay", &cut["digest"]]).await?;
    assert!(error.contains("nothing was replayed"), "{error}");
    let error = refused(bed, &["dead-letters", "replay", "--vehicle", "quiet"]).await?;
    assert!(error.contains("1 letter was not replayed"), "{error}");
    let error = refused(bed, &["dead-letters", "replay", "--reason", "tired"]).await?;
    assert!(error.contains("no dead letters match"), "{error}");

    let other = letters
        .iter()
        .find(|row| !is_cut(row))
        .context("a bad message")?;
    let shown = bed
        .ayaz(&["dead-letters", "show", &other["digest"]])
        .await?;
    for text in ["byte 0 of 41: field 1 does not decode", "00000000  0b "] {
        assert!(shown.contains(text), "{shown}");
    }
    Ok(())
}

#[tokio::test]
async fn after_a_fix_replays_store_the_rows_once() -> Result<()> {
    const MESSAGES: u64 = 8;
    const READINGS: u64 = 10;
    let bed = or_skip!(TestBed::new());
    let strict = ingest(&bed, "[limits]\nreadings_max = 5").await?;
    let bus = vehicle("bus");
    let publisher = bed.publisher("bus").await?;
    for part in readings(1, MESSAGES * READINGS).chunks(READINGS as usize) {
        bed.publish(&publisher, &bus, part).await?;
    }
    send_wrong_vehicle(&bed, &publisher).await?;
    until_acknowledged(&strict, publisher.finish().await?.messages).await?;
    strict.terminate().await?;
    assert_eq!(bed.number("select count(*) from reading").await?, 0);
    let letters = "select count(*) from dead_letter where reason = 'readings_too_many'";
    assert_eq!(bed.number(letters).await?, MESSAGES as i64);

    let fixed = ingest(&bed, "").await?;
    let replay = ["dead-letters", "replay", "--reason", "readings_too_many"];
    let told = bed.ayaz(&[&replay[..], &["--dry-run"]].concat()).await?;
    assert!(told.contains("8 letters with"), "{told}");
    let marked = "select count(*) from dead_letter where replayed_at is not null";
    assert_eq!(bed.number(marked).await?, 0, "a dry run changes nothing");
    let received = "ayaz_ingest_messages_received_total";
    assert_eq!(fixed.metric(received).await?, 0.0);

    let all = (MESSAGES * READINGS) as i64;
    for run in 1..=2 {
        let told = bed.ayaz(&replay).await?;
        assert!(told.contains("8 letters replayed"), "{told}");
        until_acknowledged(&fixed, run * MESSAGES).await?;
        assert_eq!(bed.number("select count(*) from reading").await?, all);
        let same = "select count(distinct (vehicle_id, recorded_at, boot_id, sequence))
            from reading where soc_percent = 80 and time_quality = 0";
        assert_eq!(bed.number(same).await?, all);
        assert_eq!(bed.number(marked).await?, MESSAGES as i64);
    }
    let duplicates = "ayaz_ingest_readings_duplicate_total";
    assert_eq!(fixed.metric(duplicates).await?, all as f64);
    let none = bed.ayaz(&[&replay[..], &["--open"]].concat()).await?;
    assert_eq!(none, "", "none of them is open");

    let told = bed.ayaz(&["dead-letters", "replay", "--all"]).await?;
    assert!(told.contains("10 letters replayed"), "{told}");
    until_acknowledged(&fixed, 3 * MESSAGES + 2).await?;
    let list = ["dead-letters", "list", "--letters", "--format", "csv"];
    for row in truth::rows(bed.ayaz(&list).await?.as_bytes())? {
        let came_back = row["reason"] != "readings_too_many";
        assert_eq!(row["came_back"], came_back.to_string(), "{row:?}");
        assert!(!row["replayed_at"].is_empty(), "{row:?}");
    }
    let open = truth::rows(
        bed.ayaz(&[&list[..], &["--open"]].concat())
            .await?
            .as_bytes(),
    )?;
    assert_eq!(open.len(), 2, "{open:?}");
    let row = open.iter().find(|row| row["topic"].ends_with("/telemetry"));
    let row = row.context("the message of another vehicle")?;
    assert_eq!(row["reason"], "vehicle_mismatch");
    assert_eq!(row["deliveries"], "2");
    let shown = bed
        .ayaz(&["dead-letters", "show", &row["digest"][..8]])
        .await?;
    for text in [
        "vehicle       \"another\"",
        "readings      3",
        "it came back",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    fixed.terminate().await
}

/// Sends two messages that are bad with any limits: telemetry and a status with another vehicle's name.
async fn send_wrong_vehicle(bed: &TestBed, publisher: &Publisher) -> Result<()> {
    let (bus, another) = (vehicle("bus"), vehicle("another"));
    let telemetry = encode::telemetry_batch(&another, false, &readings(2, 3));
    let topic = TopicKind::Telemetry.topic(&bed.fleet, &bus);
    publisher
        .publish(topic, telemetry.encode_to_vec().into())
        .await?;
    let status = VehicleStatus {
        vehicle: another.to_string(),
        online: true,
        boot_id: 2,
    };
    let topic = TopicKind::Status.topic(&bed.fleet, &bus);
    publisher
        .publish(topic, status.encode_to_vec().into())
        .await?;
    Ok(())
}
