//! Help, wrong usage and bad configuration of the command.

use std::process::{Command, Output};

fn ayaz(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ayaz"))
        .args(arguments)
        .env_remove("AYAZ_DATABASE_URL")
        .env_remove("AYAZ_MQTT_URL")
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_names_all_commands() {
    let output = ayaz(&["--help"]);
    assert!(output.status.success());
    let help = text(&output.stdout);
    for word in [
        "demo",
        "local",
        "migrate",
        "replay",
        "report",
        "bench",
        "daemon",
        "AYAZ_MQTT_URL",
    ] {
        assert!(help.contains(word), "--help should name {word}");
    }
    for command in [
        ["demo"].as_slice(),
        &["local"],
        &["migrate"],
        &["replay"],
        &["report", "energy"],
        &["readings", "list"],
        &["readings", "accept"],
        &["readings", "reassess"],
        &["readings", "clear"],
        &["readings", "tidy"],
    ] {
        let output = ayaz(&[command, &["--help"]].concat());
        assert!(output.status.success(), "{command:?}");
    }
}

#[test]
fn wrong_usage_exits_2() {
    for arguments in [
        ["report", "energy"].as_slice(),
        &["demo", "--buses", "0"],
        &["demo", "--for", "soon"],
        &[
            "simulate",
            "mild-week",
            "--output-dir",
            "never-made",
            "--first-day",
            "1900-01-01",
            "--mqtt-url",
            "x",
        ],
        &["migrate"],
        // Nothing is selected, or in two ways.
        &["readings", "accept"],
        &["readings", "accept", "--all", "--vehicle", "b1"],
        &["readings", "clear", "--older-than", "soon"],
        &[
            "readings",
            "clear",
            "--to",
            "2026-01-31",
            "--older-than",
            "30d",
        ],
        &["readings", "reassess", "--vehicle", "b1"],
        &["replay", "--mapping", "m.toml"],
        &["report", "sessions", "--min-completeness", "90"],
        &[
            "report",
            "energy",
            "--by",
            "trip",
            "--format",
            "svg",
            "--database-url",
            "x",
        ],
    ] {
        let output = ayaz(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn a_theme_without_a_chart_is_refused() {
    for format in [&[][..], &["--format", "csv"]] {
        let arguments = [
            "report",
            "winter-range",
            "--theme",
            "dark",
            "--database-url",
            "x",
        ];
        let output = ayaz(&[&arguments[..], format].concat());
        assert_eq!(output.status.code(), Some(2), "{format:?}");
        let told = text(&output.stderr);
        assert!(told.contains("give --format svg"), "{told}");
    }
}

#[test]
fn a_wrong_duration_is_refused_with_what_to_write() {
    for arguments in [
        &["demo", "--for", "xyz"][..],
        &["demo", "--for=-5m"],
        &["bench", "ingest", "--duration", "xyz"],
    ] {
        let told = text(&ayaz(arguments).stderr);
        assert!(told.contains("write 30s, 5m or 1h"), "{told}");
    }
}

#[test]
fn local_without_a_server_to_start_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_ayaz"))
        .args(["local", "--data-dir", "never-made"])
        .env("AYAZ_DATABASE_URL", "postgres://u@127.0.0.1:9/d")
        .env("AYAZ_MQTT_URL", "mqtt://127.0.0.1:9")
        .output()
        .expect("the program starts");
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("unset both"), "{error}");
}

#[test]
fn a_missing_address_is_reported_with_its_variable() {
    for (arguments, told) in [
        (
            &["migrate"][..],
            "ayaz: set AYAZ_DATABASE_URL, or give --database-url",
        ),
        (
            &["simulate", "cold-snap", "--output-dir", "x"],
            "ayaz: set AYAZ_MQTT_URL, or give --mqtt-url",
        ),
    ] {
        let output = ayaz(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(&output.stderr).trim(), told);
    }
    // The usage shows other missing arguments.
    let output = ayaz(&["replay"]);
    assert!(text(&output.stderr).contains("--mapping"));

    let output = Command::new(env!("CARGO_BIN_EXE_ayaz"))
        .arg("migrate")
        .env_remove("AYAZ_DATABASE_URL")
        .env("AYAZ_DATABSE_URL", "postgres://u:hunter2@h/d")
        .output()
        .expect("the program starts");
    let told = text(&output.stderr);
    assert!(told.contains("AYAZ_DATABSE_URL is not known"), "{told}");
    assert!(told.contains("did you mean AYAZ_DATABASE_URL?"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_mapping_without_end_is_refused() {
    let arguments = [
        "replay",
        "--mqtt-url",
        "mqtt://127.0.0.1:1",
        "--mapping",
        "/dev/zero",
        "x.csv",
    ];
    let output = ayaz(&arguments);
    let told = text(&output.stderr);
    assert!(!output.status.success());
    assert!(
        told.contains("/dev/zero") && told.contains("a device"),
        "{told}"
    );
}

#[test]
fn a_period_that_ends_before_it_starts_is_wrong_usage() {
    for (from, to, remedy) in [
        ("2026-02-01", "2026-01-01", "swap them"),
        (
            "2026-01-31",
            "2026-01-31",
            "--from 2026-01-31 --to 2026-02-01",
        ),
    ] {
        for report in [
            ["energy", "--by=trip"].as_slice(),
            &["sessions"],
            &["completeness"],
            &["winter-range"],
        ] {
            let url = "--database-url=postgres://u@127.0.0.1:9/d";
            let output = ayaz(&[&["report"], report, &["--from", from, "--to", to, url]].concat());
            let error = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{error}");
            let is_told = error.contains("so the period is empty") && error.contains(remedy);
            assert!(is_told, "{error}");
        }
    }
}

#[test]
fn bad_configuration_exits_64_and_shows_no_password() {
    let bad_database = "postgres://u:hunter2@h:port/d";
    let mapping = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../deploy/mappings/bmw_i3.toml"
    );
    for arguments in [
        ["migrate", "--database-url", bad_database].as_slice(),
        &[
            "report",
            "energy",
            "--by",
            "trip",
            "--database-url",
            bad_database,
        ],
        &[
            "replay",
            "--mapping",
            mapping,
            "--mqtt-url",
            "mqtts://u:hunter2@h",
            "x.csv",
        ],
        &[
            "replay",
            "--mapping",
            mapping,
            "--mqtt-url",
            "mqtt://u:hunter2@h",
            "no/such.csv",
        ],
        &[
            "replay",
            "--mapping",
            "no/such.toml",
            "--mqtt-url",
            "mqtt://u:hunter2@h",
            "x.csv",
        ],
    ] {
        let output = ayaz(arguments);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn an_address_in_the_wrong_place_shows_no_password() {
    let url = "postgres://a:s3cr3t A@h";
    let replay = ["replay", "--mqtt-url", "mqtt://127.0.0.1:1", "--mapping"];
    let mapping = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../deploy/mappings/bmw_i3.toml"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key.toml");
    std::fs::write(&key, format!("\"{url}\" = 1\n")).expect("a file");
    let config = folder.path().join("config.toml");
    let addresses = "mqtt.url = 'mqtt://h'\ndatabase.url = 'postgres://h/d'";
    std::fs::write(&config, format!("\"{url}\" = 1\n{addresses}\n")).expect("a file");
    let name = |path: &std::path::Path| path.to_str().expect("a name").to_owned();
    let (key, config) = (&*name(&key), &*name(&config));
    for (arguments, code) in [
        (&["migrate", url][..], 2),
        (&["report", "energy", "--by", "trip", "--from", url], 2),
        (&["report", url], 2),
        (&["dead-letters", "show", url], 2),
        (&["context", "import", url, "--database-url", url], 1),
        (&[&replay[..], &[url, "x.csv"]].concat(), 64),
        (&[&replay[..], &[key, "x.csv"]].concat(), 64),
        (&[&replay[..], &[mapping, url]].concat(), 64),
        (&["daemon", "ingest", "--config", url], 64),
        (&["daemon", "ingest", "--config", config], 64),
    ] {
        let output = ayaz(arguments);
        let told = text(&output.stderr);
        assert!(!told.contains("s3cr3t"), "{told}");
        assert!(told.contains("postgres://***@h"), "{arguments:?}: {told}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    }
    let told = text(&ayaz(&["migrate", url]).stderr);
    assert!(
        told.contains("set AYAZ_DATABASE_URL, or write --database-url URL"),
        "{told}"
    );
}

#[test]
fn an_unreachable_server_is_named_without_its_password() {
    let output = ayaz(&[
        "migrate",
        "--database-url",
        "postgres://u:hunter2@127.0.0.1:9/d",
    ]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("127.0.0.1:9") && !error.contains("hunter2"),
        "{error}"
    );
}

#[test]
fn an_unreachable_database_is_named_once() {
    let url = "postgres://u:hunter2@127.0.0.1:9/d";
    let output = ayaz(&["context", "list", "depots", "--database-url", url]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(told.matches("127.0.0.1:9/d").count(), 1, "{told}");
}

#[test]
fn history_is_not_announced_without_a_database() {
    let simulate = ["simulate", "mild-week", "--output-dir", "never-made"];
    let history = ["--mqtt-url", "mqtt://127.0.0.1:1", "--history"];
    let output = ayaz(&[&simulate[..], &history].concat());
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{told}");
    assert!(
        told.contains("give --database-url or AYAZ_DATABASE_URL"),
        "{told}"
    );
}
