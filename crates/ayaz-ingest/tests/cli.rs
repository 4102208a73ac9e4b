//! Help and wrong configuration of the program.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
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
fn help_names_what_the_daemon_needs() {
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
fn without_configuration_the_error_names_the_variables() {
    let output = run(&[], &[("AYAZ_MQTT_ULR", "mqtt://u:hunter2@h")]);
    assert_eq!(output.status.code(), Some(64));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("AYAZ_MQTT_ULR is not known"), "{stderr}");
    let lower = run(&[], &[("ayaz__batch__rows_max", "5")]);
    let lower = String::from_utf8_lossy(&lower.stderr);
    assert!(lower.contains("mean AYAZ__BATCH__ROWS_MAX?"), "{lower}");
    assert!(stderr.contains("did you mean AYAZ_MQTT_URL?"), "{stderr}");
    let last = stderr.lines().last().unwrap_or_default();
    assert_eq!(
        last,
        "ayaz-ingest: set AYAZ_MQTT_URL and AYAZ_DATABASE_URL, or mqtt.url and database.url in a file \
         that --config names"
    );
    assert!(!stderr.contains("hunter2"), "{stderr}");
}

#[test]
fn a_pipe_or_device_as_configuration_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    for path in ["/dev/zero", pipe.to_str().expect("a name")] {
        let output = run(&["--config", path], &[]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{stderr}");
        assert!(
            stderr.contains(path) && stderr.contains("a pipe or a device"),
            "{stderr}"
        );
    }
}

#[test]
fn a_warning_of_a_readable_password_has_a_command_that_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("it's.toml");
    let text = "[database]\nurl = 'postgres://u:hunter2@h/d'\n[batch]\nrows_max = 0\n";
    std::fs::write(&path, text).expect("a file");
    for (mode, is_warned) in [(0o644, true), (0o604, true), (0o640, false), (0o600, false)] {
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
        let environment = [("AYAZ_MQTT_URL", "mqtt://127.0.0.1")];
        let output = run(&["--config", path.to_str().expect("a name")], &environment);
        assert_eq!(output.status.code(), Some(64));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            stderr.contains("every user of this machine can read it"),
            is_warned,
            "{stderr}"
        );
        assert!(!stderr.contains("hunter2"), "{stderr}");
        if is_warned {
            let command = stderr
                .lines()
                .next()
                .and_then(|line| line.split(": ").last());
            let status = Command::new("sh")
                .args(["-c", command.expect("a command")])
                .status();
            assert!(status.expect("sh runs").success());
            let mode = std::fs::metadata(&path)
                .expect("it is there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o007, 0);
        }
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

#[test]
fn a_url_in_the_wrong_place_shows_no_password() {
    let url = "postgres://a:s3cr3tA@h";
    for (arguments, code) in [(&[url][..], 2), (&["--config", url], 64)] {
        let output = run(arguments, &[]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("postgres://***@h"), "{stderr}");
        assert!(!stderr.contains("s3cr3tA"), "{stderr}");
        assert_eq!(output.status.code(), Some(code), "{stderr}");
    }
}
