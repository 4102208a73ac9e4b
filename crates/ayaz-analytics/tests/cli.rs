//! The program as a supervisor or a script uses it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::{Command, Output};

fn ayaz_analytics(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ayaz-analytics"))
        .args(arguments)
        .env_remove("AYAZ_DATABASE_URL")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_names_every_option() {
    let output = ayaz_analytics(&["--help"], &[]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    for option in [
        "--config",
        "--once",
        "AYAZ_DATABASE_URL",
        "AYAZ__SECTION__KEY",
        "RUST_LOG",
        "64 bad configuration",
    ] {
        assert!(text.contains(option), "{option} in {text}");
    }
}

#[test]
fn a_configuration_that_cannot_be_used_exits_with_64_and_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("analytics.toml");
    let url = (
        "AYAZ_DATABASE_URL",
        "postgres://ayaz:hunter2@127.0.0.1:1/ayaz",
    );
    for (text, environment, word) in [
        ("", &[][..], "AYAZ_DATABASE_URL"),
        ("[refresh]\npoll_interval = 5\n", &[url], "poll_interval"),
        ("[refresh]\ntrip_gap_s = 0\n", &[url], "trip_gap_s"),
        ("[database]\nurl = \"mysql://x\"\n", &[], "postgres://"),
        (
            "[plausibility.flat_line]\nwindow_seconds = 1e9\n",
            &[url],
            "analytics.toml, line 2: plausibility.flat_line.window_seconds is 1000000000, it must be 20 to 40",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = ayaz_analytics(&["--config", file.to_str().unwrap()], environment);
        let stderr = stderr(&output);
        assert_eq!(output.status.code(), Some(64), "{stderr}");
        assert_eq!(stderr.trim().lines().count(), 1, "{stderr}");
        assert!(
            stderr.contains(word) && !stderr.contains("hunter2"),
            "{stderr}"
        );
    }
    let output = ayaz_analytics(&["--config", "does/not/exist.toml"], &[url]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("does/not/exist.toml"));
}

#[test]
fn a_taken_admin_port_is_a_configuration_error_that_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = ayaz_analytics(
        &[],
        &[
            ("AYAZ_DATABASE_URL", "postgres://ayaz@127.0.0.1:1/ayaz"),
            ("AYAZ__ADMIN__LISTEN", &address),
        ],
    );
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains(&address), "{}", stderr(&output));
}

#[test]
fn an_address_in_the_wrong_place_shows_no_password() {
    let url = "postgres://a:s3cr3tA@h";
    for (arguments, code) in [(&[url][..], 2), (&["--config", url], 64)] {
        let output = ayaz_analytics(arguments, &[]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains("postgres://***@h"), "{message}");
        assert!(!message.contains("s3cr3tA"), "{message}");
        assert_eq!(output.status.code(), Some(code), "{message}");
    }
}
