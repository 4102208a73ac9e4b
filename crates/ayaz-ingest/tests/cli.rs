//! The program's behaviour before it works: help and bad configuration.

use std::process::{Command, Output};

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ayaz-ingest"))
        .args(arguments)
        .env_remove("AYAZ_DATABASE_URL")
        .env_remove("AYAZ_MQTT_URL")
        .envs(environment.iter().copied())
        .output()
        .expect("the program starts")
}

#[test]
fn help_tells_what_is_needed() {
    let output = run(&["--help"], &[]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    for word in [
        "AYAZ_DATABASE_URL",
        "AYAZ_MQTT_URL",
        "ayaz migrate",
        "/readyz",
    ] {
        assert!(text.contains(word), "--help should name {word}");
    }
}

#[test]
fn bad_configuration_exits_64_with_one_line_that_shows_no_password() {
    let good = "postgres://u:hunter2@127.0.0.1:1/d";
    for (environment, word) in [
        (vec![], "mqtt"),
        (vec![("AYAZ_MQTT_URL", "mqtt://127.0.0.1")], "database"),
        (
            vec![
                ("AYAZ_MQTT_URL", "mqtts://u:hunter2@h"),
                ("AYAZ_DATABASE_URL", good),
            ],
            "TLS",
        ),
        (
            vec![
                ("AYAZ_MQTT_URL", "mqtt://127.0.0.1"),
                ("AYAZ_DATABASE_URL", "postgres://u:hunter2@h:port/d"),
            ],
            "database URL",
        ),
    ] {
        let output = run(&[], &environment);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{error}");
        assert!(error.contains(word), "{error} should name {word}");
        assert!(!error.contains("hunter2"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
