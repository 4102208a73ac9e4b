//! Tests of the whole command with a real broker.

use ayaz_local::{LocalStack, Options, skips_server_tests};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::{AsyncClient, Event, Incoming, MqttOptions};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

/// Subscribes to all telemetry, while the runtime lives.
async fn subscribe(url: &str) {
    let url: BrokerUrl = url.parse().unwrap();
    let mut options = MqttOptions::new("replay-test-subscriber", url.host(), url.port());
    if let Some((user, password)) = url.credentials() {
        options.set_credentials(user, password);
    }
    let (client, mut event_loop) = AsyncClient::new(options, 10);
    client
        .try_subscribe("ayaz/v1/+/+/telemetry", QoS::AtLeastOnce)
        .unwrap();
    let (subscribed, confirmed) = oneshot::channel();
    tokio::spawn(async move {
        let _client = client;
        let mut subscribed = Some(subscribed);
        while let Ok(event) = event_loop.poll().await {
            if let Event::Incoming(Incoming::SubAck(_)) = event
                && let Some(subscribed) = subscribed.take()
            {
                let _ = subscribed.send(());
            }
        }
    });
    timeout(PATIENCE, confirmed).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_acknowledges_good_files_and_a_bad_one_is_reported() {
    if skips_server_tests() {
        return;
    }
    let options = Options {
        database: false,
        broker: true,
        ..Options::default()
    };
    let stack = LocalStack::start(options, |line| println!("{line}"))
        .await
        .unwrap();
    let folder = Folder::new();
    let rows = |count: u32| -> String { (0..count).map(|n| format!("{n},{n},ok\n")).collect() };
    let head = "t,speed [km/h],quality\n";
    let args = Args {
        mapping: folder.file("mapping.toml", MAPPING),
        fleet: None,
        vehicle: None,
        speed: Speed::Max,
        mqtt_url: stack.mqtt_url().to_owned(),
        history: History::default(),
        readings_per_message: 10,
        files: vec![
            folder.file("A.csv", format!("{head}{}9,9,ramp\n", rows(25))),
            folder.file("B.csv", format!("{head}{}x,9,ok\n", rows(15))),
            folder.file("C.csv.gz", gzip(format!("{head}{}", rows(1_000)))),
        ],
    };
    let mut early = tokio::spawn(replay(args.clone()));
    let waits = timeout(Duration::from_secs(1), &mut early).await.is_err();
    assert!(waits, "nobody has subscribed, so nothing is delivered");
    subscribe(stack.mqtt_url()).await;
    let outcome = timeout(PATIENCE, early).await.unwrap().unwrap().unwrap();
    let counts = Counts {
        rows: 1_041,
        readings: 1_040,
        messages: 3 + 2 + 100,
        files: 2,
        skipped: BTreeMap::from([("\"quality\" is not \"ok\"".to_owned(), 1)]),
    };
    assert_eq!(outcome.counts, counts);
    assert_eq!(
        counts.to_string(),
        "1040 readings of 2 files in 105 messages acknowledged; 1 of 1041 rows skipped by the \
         mapping: 1 where \"quality\" is not \"ok\""
    );
    assert_eq!(outcome.faults.len(), 1);
    assert!(
        outcome.faults[0]
            .to_string()
            .contains("B.csv, line 17, column \"t\"")
    );

    let error = run(args.clone()).await.unwrap_err().to_string();
    assert!(
        error.contains("1 file was not replayed completely"),
        "{error}"
    );

    let paced = Args {
        speed: Speed::Times(1_000.0),
        files: vec![args.files[0].clone()],
        ..args
    };
    let started = std::time::Instant::now();
    assert_eq!(replay(paced).await.unwrap().counts.readings, 25);
    assert!(
        started.elapsed().as_millis() >= 15,
        "24 s of recording, from the first message on"
    );
    stack.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_waits_for_a_stopped_broker_and_counts_once() {
    if skips_server_tests() {
        return;
    }
    let options = Options {
        database: false,
        broker: true,
        ..Options::default()
    };
    let mut stack = LocalStack::start(options, |line| println!("{line}"))
        .await
        .unwrap();
    if stack.broker().is_none() {
        println!("skipped: the broker is given by address and cannot be stopped");
        return;
    }
    subscribe(stack.mqtt_url()).await;
    let folder = Folder::new();
    let (pipe, mut writer) = inputs::Pipe::open();
    let args = Args {
        mapping: folder.file("mapping.toml", MAPPING),
        fleet: None,
        vehicle: None,
        speed: Speed::Max,
        mqtt_url: stack.mqtt_url().to_owned(),
        readings_per_message: 10,
        files: vec![pipe.path.clone()],
        history: History::default(),
    };
    let rows = |from: u32| -> String { (from..from + 100).map(|n| format!("{n},{n}\n")).collect() };
    writer
        .write_all(format!("t,speed [km/h]\n{}", rows(0)).as_bytes())
        .unwrap();
    let mut running = tokio::spawn(replay(args));
    let broker = stack.broker().unwrap();
    broker.stop().await.unwrap();
    writer.write_all(rows(100).as_bytes()).unwrap();
    drop(writer);
    let waits = timeout(Duration::from_secs(1), &mut running).await.is_err();
    assert!(waits, "not all is acknowledged");
    broker.start().await.unwrap();
    subscribe(stack.mqtt_url()).await;
    let outcome = timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
    let Counts {
        rows,
        readings,
        messages,
        ..
    } = outcome.counts;
    assert_eq!((rows, readings, messages), (200, 200, 20));
    assert!(outcome.faults.is_empty());
    stack.stop().await.unwrap();
}
