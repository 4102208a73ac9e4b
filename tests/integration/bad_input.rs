//! Invalid messages: each becomes a dead letter or a flagged value, and nothing else is lost.

use anyhow::Result;
use ayaz_model::TopicKind;
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::{Reading as WireReading, TelemetryBatch};
use ayaz_publisher::encode;
use ayaz_test_db::or_skip;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use system_tests::{TestBed, wait};

use crate::fixtures::{readings, vehicle};

fn wire(name: &str, sequence: u64, change: impl FnOnce(&mut WireReading)) -> Vec<u8> {
    let bus = vehicle(name);
    let mut batch: TelemetryBatch = encode::telemetry_batch(&bus, false, &readings(3, 1));
    batch.base_sequence = sequence;
    change(&mut batch.readings[0]);
    batch.encode_to_vec()
}

#[tokio::test]
async fn bad_messages_become_dead_letters_or_flags_and_good_ones_are_stored() -> Result<()> {
    let seed = 20_260_120;
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let bed = or_skip!(TestBed::new());
    let ingest = bed.ingest().await?;
    let publisher = bed.publisher("bus").await?;
    let bus = vehicle("bus");
    let topic = TopicKind::Telemetry.topic(&bed.fleet, &bus);
    let good = readings(1, 50);
    let whole = wire("bus", 0, |_| {});

    let mut bad: Vec<Vec<u8>> = (0..20)
        .map(|_| ayaz_sim::bad_payloads::truncated(&mut rng, &whole))
        .collect();
    bad.extend((1..20).map(|n| ayaz_sim::bad_payloads::random(&mut rng, n * 37)));
    bad.push(ayaz_sim::bad_payloads::oversized(300_000));
    bad.push(wire("another", 1, |_| {}));
    bad.sort();
    bad.dedup();
    let late = 3_786_912_000_000_000_i64; // 2090-01-01
    let flagged = [
        wire("bus", 2, |r| r.speed_kmh = Some(f32::NAN)),
        wire("bus", 3, |r| {
            r.pack_current_amperes = Some(f32::NEG_INFINITY)
        }),
        wire("bus", 4, |r| r.cabin_temperature_celsius = Some(1e9)),
        wire("bus", 5, |r| r.gear = Some(42)),
    ];
    let mistimed = [late, 86_400_000_000].map(|time| {
        let mut batch = encode::telemetry_batch(&bus, false, &readings(4, 1));
        batch.base_time_unix_microseconds = Some(time);
        batch.encode_to_vec()
    });

    let mut good_messages = good.chunks(1);
    for payload in bad.iter().chain(&flagged).chain(&mistimed) {
        publisher.publish(&topic, payload.clone().into()).await?;
        if let Some(one) = good_messages.next() {
            bed.publish(&publisher, &bus, one).await?;
        }
    }
    for rest in good_messages {
        bed.publish(&publisher, &bus, rest).await?;
    }
    let sent = publisher.finish().await?.messages;
    wait::until("all to be acknowledged", 20, async || {
        Ok(ingest
            .metric("ayaz_ingest_messages_acknowledged_total")
            .await?
            >= sent as f64)
    })
    .await?;

    assert_eq!(
        bed.number("select count(*) from reading where boot_id = 1")
            .await?,
        50
    );
    assert_eq!(
        bed.number("select count(*) from dead_letter").await?,
        bad.len() as i64
    );
    let marked = "select count(*) from reading where boot_id = 3 and invalid_signals is not null
        and soc_percent = 80";
    assert_eq!(
        bed.number(marked).await?,
        4,
        "only the invalid value is missing"
    );
    let quality = "select string_agg(extract(year from recorded_at) || ':' || time_quality, ' '
        order by recorded_at) from reading_set_aside where boot_id = 4";
    let quality: String = bed.owner.client.query_one(quality, &[]).await?.get(0);
    assert_eq!(quality, "1970:2 2090:1");
    assert_eq!(
        ingest.metric("ayaz_ingest_messages_rejected_total").await?,
        bad.len() as f64,
        "{}",
        ingest.log()
    );
    assert_eq!(
        ingest.metric("ayaz_ingest_values_invalid_total").await?,
        4.0
    );
    assert_eq!(
        ingest.metric("ayaz_ingest_readings_mistimed_total").await?,
        2.0
    );
    assert_eq!(
        ingest
            .metric("ayaz_ingest_readings_set_aside_total")
            .await?,
        2.0
    );
    let marked = "select count(*) from reading where time_quality <> 0";
    assert_eq!(bed.number(marked).await?, 0, "they create no chunk");
    ingest.terminate().await
}
