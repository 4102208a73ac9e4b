//! Readings of days without a chunk in the database: late years of history, and midnight.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ayaz_local::Options;
use ayaz_model::{Measurements, Reading, ReadingKey, UnixMicroseconds, VehicleId, VehicleKey};
use ayaz_model::{SignalSet, TimeQuality, TopicKind};
use ayaz_proto::Message as _;
use ayaz_publisher::{Publisher, encode};
use ayaz_store::ingest::VEHICLE_DAYS_PER_HOUR_MAX;
use ayaz_store::set_aside::announce_history;
use ayaz_store::{Connection, Content, Envelope, IngestStore, Message, Role};
use ayaz_test_db::{or_skip, start};
use jiff::SignedDuration;
use system_tests::{Program, TestBed, wait};

use crate::fixtures::vehicle;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// 2021-01-01T00:00:00Z.
const START: i64 = 1_609_459_200 * SECOND;

/// Readings of one boot at these times, in microseconds.
fn readings(times: impl Iterator<Item = i64>) -> Vec<Reading> {
    times
        .enumerate()
        .map(|(place, at)| Reading {
            key: ReadingKey {
                recorded_at: UnixMicroseconds(at),
                boot_id: 1,
                sequence: place as u64,
            },
            received_at: UnixMicroseconds(at),
            historical: true,
            time_quality: TimeQuality::Good,
            invalid: SignalSet::EMPTY,
            measurements: Measurements {
                soc_percent: Some(60.0),
                exterior_temperature_celsius: Some(-38.0),
                ..Measurements::default()
            },
        })
        .collect()
}

async fn publish(
    bed: &TestBed,
    publisher: &Publisher,
    bus: &VehicleId,
    readings: &[Reading],
) -> Result<()> {
    let message = encode::telemetry_batch(bus, true, readings);
    let topic = TopicKind::Telemetry.topic(&bed.fleet, bus);
    let payload = message.encode_to_vec().into();
    Ok(publisher.publish(topic, payload).await?)
}

async fn until_acknowledged(ingest: &Program, messages: usize, seconds: u64) -> Result<()> {
    let acknowledged = "ayaz_ingest_messages_acknowledged_total";
    let done = wait::until("all messages to be acknowledged", seconds, async || {
        Ok(ingest.metric(acknowledged).await? >= messages as f64)
    });
    done.await.with_context(|| ingest.log())
}

const CHUNKS: &str = "select count(*) from show_chunks('reading')";
const STORED: &str = "select count(*) from reading";
const SET_ASIDE: &str = "select count(*) from reading_set_aside";

#[tokio::test]
async fn two_years_of_each_vehicle_are_stored_once_and_their_hours_are_dirty() -> Result<()> {
    const VEHICLES: usize = 3;
    const DAYS: usize = 730;
    // Readings in each hour of the day.
    const READINGS_PER_DAY: usize = 60;
    const MEMORY_MAX_BYTES: u64 = 8 << 20;
    // Memory of the daemon without the messages: code, buffers, three batches of rows.
    const BESIDE_BYTES: u64 = 56 << 20;
    let bed = or_skip!(TestBed::new());
    let operator = Connection::open(&bed.database_url.parse()?, Role::Operator).await?;
    for number in 0..VEHICLES {
        let key = VehicleKey {
            fleet: bed.fleet.clone(),
            vehicle: vehicle(&format!("bus-{number}")),
        };
        announce_history(&operator.client, &key, SignedDuration::from_hours(1)).await?;
    }
    let mqtt = format!("memory_max_bytes = {MEMORY_MAX_BYTES}");
    let ingest = bed.ingest_configured(&mqtt, "")?;
    ingest.until_ready().await?;
    let step = DAY / READINGS_PER_DAY as i64;
    let years = readings((0..(DAYS * READINGS_PER_DAY) as i64).map(|place| START + place * step));
    for pass in 1..=2 {
        let started = Instant::now();
        let publisher = bed.publisher("buses").await?;
        for number in 0..VEHICLES {
            let bus = vehicle(&format!("bus-{number}"));
            for day in years.chunks(READINGS_PER_DAY) {
                publish(&bed, &publisher, &bus, day).await?;
            }
        }
        publisher.finish().await?;
        until_acknowledged(&ingest, pass * VEHICLES * DAYS, 120).await?;
        let seconds = started.elapsed().as_secs_f64();
        let rows = VEHICLES * years.len();
        println!(
            "pass {pass}: {rows} rows in {seconds:.1} s, {:.0} rows/s, {} chunks, {:.0} batches",
            rows as f64 / seconds,
            bed.number(CHUNKS).await?,
            ingest.metric("ayaz_ingest_batches_written_total").await?,
        );
        assert_eq!(bed.number(CHUNKS).await?, DAYS as i64);
        assert_eq!(bed.number(STORED).await?, rows as i64);
        assert_eq!(bed.number(SET_ASIDE).await?, 0, "the history is announced");
        let whole_days = format!(
            "select count(*) from (
                select from reading where historical and soc_percent = 60
                group by vehicle_id, date_trunc('day', recorded_at, 'UTC')
                having count(*) = {READINGS_PER_DAY}
            ) as day"
        );
        assert_eq!(bed.number(&whole_days).await?, (VEHICLES * DAYS) as i64);
        let duplicates = "ayaz_ingest_readings_duplicate_total";
        let again = ((pass - 1) * rows) as f64;
        assert_eq!(ingest.metric(duplicates).await?, again);
    }
    let hours = "select count(*) from (
            select distinct vehicle_id, date_trunc('hour', at, 'UTC')
            from dirty_hours, unnest(vehicle_ids, changed_from) as touched (vehicle_id, at)
        ) as touched";
    assert_eq!(bed.number(hours).await?, (VEHICLES * DAYS * 24) as i64);
    assert_eq!(bed.number("select count(*) from dead_letter").await?, 0);
    let retries = ingest.metric("ayaz_ingest_write_retries_total").await?;
    assert_eq!(retries, 0.0, "{}", ingest.log());
    let peak = ingest.memory_peak_bytes().context("it runs")?;
    println!("peak {} MB", peak >> 20);
    assert!(peak <= MEMORY_MAX_BYTES + BESIDE_BYTES, "peak {peak} bytes");
    ingest.terminate().await
}

/// A batch that is too large for one transaction: creating a chunk for each day would take longer than the
/// timeout and need more locks than the server has. Days of a bus over its limit are set aside.
#[tokio::test]
async fn a_batch_with_each_reading_on_another_day_is_stored_in_parts() -> Result<()> {
    const MESSAGES: usize = 4;
    const READINGS: usize = 500;
    // From 2015, the earliest accepted time, and all in the past.
    const FIRST: i64 = START - 2_100 * DAY;
    let bed = or_skip!(TestBed::new());
    // The session exists, and the daemon is stopped while all messages are sent, so that they are one batch.
    bed.ingest().await?.terminate().await?;
    let publisher = bed.publisher("buses").await?;
    let days = readings((0..(MESSAGES * READINGS) as i64).map(|day| FIRST + day * DAY));
    for (number, part) in days.chunks(READINGS).enumerate() {
        let bus = vehicle(&format!("bus-{number}"));
        publish(&bed, &publisher, &bus, part).await?;
    }
    publisher.finish().await?;
    let started = Instant::now();
    let sections = "connections = 1\nwrite_timeout_ms = 8000\n[batch]\nrows_max = 2000";
    let ingest = bed.ingest_configured("", sections)?;
    ingest.until_ready().await?;
    until_acknowledged(&ingest, MESSAGES, 180).await?;
    let seconds = started.elapsed().as_secs_f64();
    let transactions = ingest.metric("ayaz_ingest_batches_written_total").await?;
    let count = days.len() as i64;
    println!("{count} days in {seconds:.1} s, {transactions} transactions");
    assert!(transactions >= 8.0, "250 chunks are enough for one");
    let within_bound = (MESSAGES * VEHICLE_DAYS_PER_HOUR_MAX as usize) as i64;
    assert_eq!(bed.number(CHUNKS).await?, within_bound);
    assert_eq!(bed.number(STORED).await?, within_bound);
    assert_eq!(bed.number(SET_ASIDE).await?, count - within_bound);
    let counted = ingest
        .metric("ayaz_ingest_readings_set_aside_total")
        .await?;
    assert_eq!(counted, (count - within_bound) as f64);
    wait::until("each bus to be named once in the log", 20, async || {
        let log = ingest.log();
        Ok((0..MESSAGES).all(|number| {
            let named = format!("{}/bus-{number}", bed.fleet);
            log.matches(&named).count() == 1
        }))
    })
    .await
    .with_context(|| ingest.log())?;
    // An operator accepts the rest.
    let told = bed
        .ayaz(&["readings", "accept", "--reason", "many_days"])
        .await?;
    assert!(
        told.contains("1760 readings of 1760 days accepted"),
        "{told}"
    );
    assert_eq!(bed.number(CHUNKS).await?, count);
    assert_eq!(bed.number(STORED).await?, count);
    assert_eq!(bed.number(SET_ASIDE).await?, 0);
    assert_eq!(bed.number("select count(*) from dead_letter").await?, 0);
    ingest.terminate().await
}

#[tokio::test]
async fn with_a_full_lock_table_a_batch_is_stored_in_parts() -> Result<()> {
    const DAYS: usize = 200;
    let stack = or_skip!(start(Options::default()));
    let bed = TestBed::on(stack.database_url(), stack.mqtt_url()).await?;
    let message = |bus: &str, readings: &[Reading]| -> Result<Message> {
        let key = VehicleKey {
            fleet: bed.fleet.clone(),
            vehicle: vehicle(bus),
        };
        let envelope = Envelope {
            topic: "topic".into(),
            payload: "payload".into(),
            received_at: UnixMicroseconds::now(),
        };
        let content = Content::Readings(key, readings.iter().collect());
        Ok(Message { envelope, content })
    };
    let days = readings((0..DAYS as i64).map(|day| START + day * DAY));
    let (many, one) = days.split_at(DAYS / 2);
    let mut batch: Vec<Message> = many
        .chunks(1)
        .map(|reading| message("many", reading))
        .collect::<Result<_>>()?;
    batch.push(message("one", one)?);
    let url = bed.database_url.parse()?;
    let mut store = IngestStore::new(url, Duration::from_secs(30), "test")
        .with_vehicle_days_per_hour_max(DAYS as u32);
    store.connect().await?;

    // Take all locks but a few. Session locks stay when the statement fails.
    let all = "select pg_advisory_lock(n) from generate_series(1, 1000000) as n";
    let error = bed.owner.client.batch_execute(all).await;
    let code = error.as_ref().err().and_then(|error| error.code());
    assert_eq!(code.map(|code| code.code()), Some("53200"), "{error:?}");
    let few = "select pg_advisory_unlock(n) from generate_series(1, 150) as n";
    bed.owner.client.batch_execute(few).await?;

    let written = store.write(&batch).await?;
    println!("{written:?}");
    assert_eq!(written.readings_new, DAYS as u64);
    assert!(written.transactions >= 4, "each half had to be divided");
    assert_eq!(written.messages_refused, 0);
    let free = "select pg_advisory_unlock_all()";
    bed.owner.client.batch_execute(free).await?;
    assert_eq!(bed.number(STORED).await?, DAYS as i64);
    Ok(stack.stop().await?)
}

#[tokio::test]
async fn a_burst_at_midnight_is_stored_once_although_the_daemon_is_killed() -> Result<()> {
    const VEHICLES: usize = 300;
    const PER_VEHICLE: i64 = 5;
    const MIDNIGHT: i64 = START + DAY;
    let bed = or_skip!(TestBed::new());
    let ingest = bed.ingest_configured("", "[batch]\nrows_max = 50")?;
    ingest.until_ready().await?;
    let buses: Vec<VehicleId> = (0..VEHICLES)
        .map(|number| vehicle(&format!("bus-{number}")))
        .collect();
    // 23:59:58 to 00:00:02.
    let burst = readings((0..PER_VEHICLE).map(|second| MIDNIGHT + (second - 2) * SECOND));
    let publisher = bed.publisher("buses").await?;
    let (singly, at_once) = buses.split_at(VEHICLES / 2);
    // Messages before midnight only.
    for before in &burst[..2] {
        for bus in singly {
            publish(&bed, &publisher, bus, std::slice::from_ref(before)).await?;
        }
    }
    // Messages over midnight, the first of them before the chunks exist.
    let (some, others) = at_once.split_at(at_once.len() / 2);
    for bus in some {
        publish(&bed, &publisher, bus, &burst).await?;
    }
    wait::until("the first rows", 20, async || {
        Ok(bed.number(STORED).await? > 0)
    })
    .await?;
    ingest.kill().await?;
    let early = bed.number(STORED).await?;
    for after in &burst[2..] {
        for bus in singly {
            publish(&bed, &publisher, bus, std::slice::from_ref(after)).await?;
        }
    }
    let ingest = bed.ingest_configured("", "[batch]\nrows_max = 50")?;
    for bus in others {
        publish(&bed, &publisher, bus, &burst).await?;
    }
    publisher.finish().await?;

    let total = VEHICLES as i64 * PER_VEHICLE;
    println!("{early} of {total} readings stored when the daemon was killed");
    wait::until("all readings to be stored", 60, async || {
        Ok(bed.number(STORED).await? >= total)
    })
    .await
    .with_context(|| ingest.log())?;
    assert_eq!(bed.number(STORED).await?, total);
    assert_eq!(bed.number(CHUNKS).await?, 2);
    for (day, per_vehicle) in [(MIDNIGHT - DAY, 2), (MIDNIGHT, 3)] {
        let whole = format!(
            "select count(*) from (
                select from reading
                where recorded_at >= to_timestamp({day} / 1000000)
                    and recorded_at < to_timestamp({day} / 1000000) + interval '1 day'
                group by vehicle_id having count(distinct sequence) = {per_vehicle}
            ) as vehicle"
        );
        assert_eq!(bed.number(&whole).await?, VEHICLES as i64, "{whole}");
    }
    let hours = "select count(*) from (
            select distinct vehicle_id, date_trunc('hour', at, 'UTC')
            from dirty_hours, unnest(vehicle_ids, changed_from) as touched (vehicle_id, at)
        ) as touched";
    assert_eq!(bed.number(hours).await?, 2 * VEHICLES as i64);
    assert_eq!(bed.number("select count(*) from dead_letter").await?, 0);
    ingest.terminate().await
}

#[tokio::test]
async fn a_replay_of_years_is_announced_or_set_aside() -> Result<()> {
    const DAYS: i64 = 100;
    let bed = or_skip!(TestBed::new());
    let ingest = bed.ingest().await?;
    let folder = tempfile::tempdir()?;
    let mapping = folder.path().join("mapping.toml");
    let text = format!(
        "identity = {{ fleet = \"{}\", vehicle_column = \"bus\" }}\n\
         [[time]]\ncolumn = \"at\"\nformat = \"rfc3339\"\n\
         [signals.speed_kmh]\ncolumn = \"speed\"\n",
        bed.fleet
    );
    std::fs::write(&mapping, text)?;
    let log = |bus: &str| -> Result<String> {
        let rows = (0..DAYS).map(|day| {
            let at = UnixMicroseconds(START + day * DAY)
                .timestamp()
                .unwrap_or_default();
            format!("{at},{bus},12\n")
        });
        let path = folder.path().join(format!("{bus}.csv"));
        std::fs::write(&path, format!("at,bus,speed\n{}", rows.collect::<String>()))?;
        Ok(path.display().to_string())
    };
    let mapping = mapping.display().to_string();
    let replay = ["replay", "--mapping", &mapping];
    bed.ayaz(&[&replay[..], &["--history", &log("announced")?]].concat())
        .await?;
    bed.ayaz(&[&replay[..], &[log("plain")?.as_str()]].concat())
        .await?;
    until_acknowledged(&ingest, 4, 60).await?;
    let of = async |bus: &str, table: &str| {
        let sql = format!(
            "select count(*) from {table} join vehicle using (vehicle_id) where vehicle = '{bus}'"
        );
        bed.number(&sql).await
    };
    assert_eq!(of("announced", "reading").await?, DAYS);
    assert_eq!(of("announced", "reading_set_aside").await?, 0);
    assert_eq!(
        of("plain", "reading").await?,
        i64::from(VEHICLE_DAYS_PER_HOUR_MAX)
    );
    assert_eq!(
        of("plain", "reading").await? + of("plain", "reading_set_aside").await?,
        DAYS
    );
    ingest.terminate().await
}
