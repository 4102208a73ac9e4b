//! The whole command against a real broker.

use ayaz_local::{LocalStack, Options};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_acknowledges_good_files_and_a_bad_one_is_reported() {
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
        readings_per_message: 10,
        files: vec![
            folder.file("A.csv", format!("{head}{}9,9,ramp\n", rows(25))),
            folder.file("B.csv", format!("{head}{}x,9,ok\n", rows(15))),
            folder.file("C.csv.gz", gzip(format!("{head}{}", rows(1_000)))),
        ],
    };
    let outcome = replay(args.clone()).await.unwrap();
    let counts = Counts {
        readings: 1_040,
        messages: 3 + 2 + 100,
        files: 2,
        rows_skipped: 1,
    };
    assert_eq!(outcome.counts, counts);
    assert_eq!(outcome.faults.len(), 1);
    assert!(
        outcome.faults[0]
            .to_string()
            .contains("B.csv, line 17, column \"t\"")
    );

    let error = run(args.clone()).await.unwrap_err().to_string();
    assert!(
        error.contains("1 file was not replayed to its end"),
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
